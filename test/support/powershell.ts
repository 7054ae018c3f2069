import { randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { StreamRecord } from '../../src/core/record';
import type { Engine, EngineOptions, Invocation } from '../../src/engine/engine';
import { findPowerShell } from '../../src/engine/powershell/find';
import { openPowerShell } from '../../src/engine/powershell/open';
import { spawnStdio } from '../../src/transport/stdio';
import { powershellForTests } from './requirements';

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The PowerShell that the tests run. */
function powershellProgram(): string {
  const environment = { PATH: process.env['PATH'], RUNSPACED_PWSH: powershellForTests() };
  const minimalHostPath = path.join(__dirname, '../../dist/minimal-host/minimal-host');
  return findPowerShell({ environment, minimalHostPath, isExecutable });
}

/** Options of an engine in a test: a clean environment, generous limits. */
export function engineOptions(options: Partial<EngineOptions> = {}): EngineOptions {
  return {
    program: options.program ?? powershellProgram(),
    environment: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/' },
    workingDirectory: path.join(__dirname, '..'),
    openTimeoutMs: 30_000,
    maximumReceivedObjectSize: 100 * 1024 * 1024,
    applicationArguments: [],
    onNotice: () => undefined,
    ...options,
  };
}

/** A PowerShell with an open runspace; the test disposes it. */
export function openForTest(options: Partial<EngineOptions> = {}): Promise<Engine> {
  return openPowerShell(engineOptions(options), { spawn: spawnStdio });
}

/** An invocation of a script, everything else as usual. */
export function invocationOf(script: string, more: Partial<Invocation> = {}): Invocation {
  return { pipelineId: randomUUID(), script, arguments: [], newScope: false, input: undefined, ...more };
}

/** Runs a script to its end. */
export async function run(
  engine: Engine,
  script: string,
  more: Partial<Invocation> = {},
): Promise<readonly StreamRecord[]> {
  const records: StreamRecord[] = [];
  for await (const batch of engine.invoke(invocationOf(script, more))) records.push(...batch);
  return records;
}
