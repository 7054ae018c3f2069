import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StreamRecord } from '../../src/core/record';
import type { Value } from '../../src/core/value';
import type { Argument, Engine, EngineOptions, Invocation } from '../../src/engine/engine';
import { openJavaScript } from '../../src/engine/javascript/open';
import { spawnStdio } from '../../src/transport/stdio';
import type { SpawnTransport } from '../../src/transport/transport';

let bundled: string | undefined;

/** The runner as the product has it, built once for each test file. */
export function runnerSource(): string {
  bundled ??= bundle();
  return bundled;
}

function bundle(): string {
  const builder = path.join(__dirname, '../../src/engine/javascript/build-runner.cjs');
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'runner-')), 'runner.js');
  execFileSync(process.execPath, [builder, file]);
  return readFileSync(file, 'utf8');
}

/** What a test may have otherwise than usual. */
export interface EngineChoices extends Partial<EngineOptions> {
  readonly spawn?: SpawnTransport;
}

/** Opens a real engine; the caller disposes it. */
export function openEngine({ spawn, ...choices }: EngineChoices = {}): Promise<Engine> {
  return openJavaScript(
    {
      program: undefined,
      environment: { PATH: process.env['PATH'] ?? '', HOME: '/nowhere' },
      workingDirectory: tmpdir(),
      openTimeoutMs: 20_000,
      maximumReceivedObjectSize: 200 * 1024 * 1024,
      applicationArguments: [],
      onNotice: () => undefined,
      ...choices,
    },
    { spawn: spawn ?? spawnStdio, runnerSource: runnerSource(), nodePath: process.execPath },
  );
}

/** What an invocation may have beside its script. */
export interface InvocationChoices {
  readonly arguments?: readonly Argument[];
  readonly newScope?: boolean;
  readonly input?: AsyncIterable<Value>;
}

/** A whole invocation. */
export function invocation(script: string, choices: InvocationChoices = {}): Invocation {
  return { pipelineId: randomUUID(), script, arguments: [], newScope: false, input: undefined, ...choices };
}

/** All records of a command, the final one too. */
export async function recordsOf(
  engine: Engine,
  script: string,
  choices: InvocationChoices = {},
): Promise<StreamRecord[]> {
  const records: StreamRecord[] = [];
  for await (const batch of engine.invoke(invocation(script, choices))) records.push(...batch);
  return records;
}

/** Records as short texts: `out 1`, `line a`, `err b`, `warning c`, `error m`, `completed 3`. */
export function shortForm(record: StreamRecord): string {
  switch (record.stream) {
    case 'output':
      return `${record.tag === 'stdout' ? 'line' : 'out'} ${plain(record.value)}`;
    case 'information':
      return `err ${record.message}`;
    case 'warning':
    case 'verbose':
    case 'debug':
    case 'error':
      return `${record.stream} ${record.message}`;
    case 'final':
      return [record.state, record.exitCode, record.reason?.code]
        .filter((part) => part !== undefined)
        .join(' ');
    case 'progress':
    case 'hostCall':
      return record.stream;
  }
}

/** The records of a command in short form. */
export async function run(
  engine: Engine,
  script: string,
  choices: InvocationChoices = {},
): Promise<string[]> {
  return (await recordsOf(engine, script, choices)).map(shortForm);
}

/** A value as JSON-like text. */
function plain(value: Value): string {
  return JSON.stringify(value, (key, item: unknown) => {
    if (typeof item === 'bigint') return `${item}n`;
    return key === 'value' && item instanceof Uint8Array ? Buffer.from(item).toString('hex') : item;
  }).replace(/^\{"type":"(?:string|int32|bool)","value":(.*)\}$/, '$1');
}
