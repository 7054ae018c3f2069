import { buildSync } from 'esbuild';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** Makes a TypeScript fixture a program that `node` can run, in a temp folder; the path of that program. */
export function compileFixture(path: string): string {
  const outfile = join(mkdtempSync(join(tmpdir(), 'fixture-')), basename(path).replace(/\.ts$/, '.cjs'));
  buildSync({
    entryPoints: [path],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
  });
  return outfile;
}
