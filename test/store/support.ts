import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder (0700), gone when the test is. */
export class TempFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'store-'));

  in(...names: readonly string[]): string {
    return join(this.path, ...names);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The user who runs the tests. */
export const uid = process.getuid?.() ?? 0;
