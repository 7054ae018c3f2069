import { open } from 'node:fs/promises';
import { toError } from '../core/error';
import { systemCodeOf } from './disk-error';

/** Brings files to the disk itself (fsync) in the background, one at a time, so that it costs one descriptor. */
export class SyncQueue {
  #tail: Promise<void> = Promise.resolve();
  #failure: Error | undefined;

  /** Queues a file or folder. Failures are kept for `settled`. */
  add(path: string): void {
    this.#tail = this.#tail
      .then(() => syncPath(path))
      .catch((thrown: unknown) => {
        this.#failure ??= toError(thrown);
      });
  }

  /** Resolves when all that was added is on the disk; rejects with the first failure, every time. */
  async settled(): Promise<void> {
    await this.#tail;
    if (this.#failure !== undefined) throw this.#failure;
  }
}

async function syncPath(path: string): Promise<void> {
  try {
    const file = await open(path, 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (thrown) {
    // Freed before its turn came: nothing is left to bring to the disk.
    if (systemCodeOf(thrown) !== 'ENOENT') throw thrown;
  }
}
