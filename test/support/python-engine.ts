import { tmpdir } from 'node:os';
import type { Engine, EngineOptions } from '../../src/engine/engine';
import { openPython } from '../../src/engine/python/open';
import { spawnStdio } from '../../src/transport/stdio';
import type { SpawnTransport } from '../../src/transport/transport';
import { bundledRunner } from './script-engine';

/** What a test may have otherwise than usual. */
export interface EngineChoices extends Partial<EngineOptions> {
  readonly spawn?: SpawnTransport;
}

/** Opens a real engine on the first python3 of the PATH; the caller disposes it. */
export function openEngine({ spawn, ...choices }: EngineChoices = {}): Promise<Engine> {
  return openPython(
    {
      program: undefined,
      environment: { PATH: process.env['PATH'] ?? '', HOME: '/nowhere', LANG: 'C.UTF-8' },
      workingDirectory: tmpdir(),
      openTimeoutMs: 20_000,
      maximumReceivedObjectSize: 200 * 1024 * 1024,
      applicationArguments: [],
      onNotice: () => undefined,
      ...choices,
    },
    { spawn: spawn ?? spawnStdio, runnerSource: bundledRunner('python') },
  );
}
