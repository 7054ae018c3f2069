import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openBash, type BashSources } from '../../src/engine/bash/open';
import type { Engine, EngineOptions } from '../../src/engine/engine';
import { spawnStdio } from '../../src/transport/stdio';

/** The engine's programs as the product has them. */
export const bashSources: BashSources = { runner: source('runner'), interpreter: source('interpreter') };

function source(name: string): string {
  return readFileSync(path.join(__dirname, '../../src/engine/bash', `${name}.sh`), 'utf8');
}

/** What a test may have otherwise than usual. */
export interface BashChoices extends Partial<EngineOptions> {
  readonly sources?: BashSources;
}

/** Opens a real bash engine; the caller disposes it. */
export function openBashEngine({ sources, ...choices }: BashChoices = {}): Promise<Engine> {
  return openBash(
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
    { spawn: spawnStdio, sources: sources ?? bashSources },
  );
}
