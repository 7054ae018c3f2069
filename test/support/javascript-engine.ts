import { tmpdir } from 'node:os';
import type { Engine, EngineOptions } from '../../src/engine/engine';
import { openJavaScript } from '../../src/engine/javascript/open';
import { spawnStdio } from '../../src/transport/stdio';
import type { SpawnTransport } from '../../src/transport/transport';
import { bundledRunner } from './script-engine';

/** The runner as the product has it. */
export function runnerSource(): string {
  return bundledRunner('javascript');
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
