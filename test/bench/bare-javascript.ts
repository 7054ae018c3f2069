import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Engine } from '../../src/engine/engine';
import { openJavaScript } from '../../src/engine/javascript/open';
import { spawnStdio } from '../../src/transport/stdio';
import { cleanEnvironment, places } from './places';

/** The JavaScript engine in this very process: no keeper, journal or gRPC. */
export function openBareJavaScript(): Promise<Engine> {
  const options = {
    program: undefined,
    environment: cleanEnvironment(),
    workingDirectory: tmpdir(),
    openTimeoutMs: 20_000,
    maximumReceivedObjectSize: 200 * 2 ** 20,
    applicationArguments: [],
    onNotice: () => undefined,
  };
  const runnerSource = readFileSync(places.runner, 'utf8');
  return openJavaScript(options, { spawn: spawnStdio, runnerSource, nodePath: process.execPath });
}

/** Runs a script and reads its records; returns how many there were. */
export async function invokeBare(engine: Engine, script: string): Promise<number> {
  let count = 0;
  const invocation = { pipelineId: randomUUID(), script, arguments: [], newScope: false, input: undefined };
  for await (const records of engine.invoke(invocation)) count += records.length;
  return count;
}

/** Starts a node that says one word, and waits for it. */
export async function startNode(): Promise<void> {
  const node = spawn(process.execPath, ['-e', 'process.stdout.write("ready")'], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(node, 'exit');
  await once(node.stdout, 'data');
  void exited;
}
