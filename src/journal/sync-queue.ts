import { open } from 'node:fs/promises';
import { toError } from '../core/error';
import { systemCodeOf } from './disk-error';

/**
 * Files wait up to this long, until the next tenth of a second on the clock: those of many short pipelines, each with
 * a queue of its own, fall together then, and the disk writes them down once instead of amid the next command's start.
 */
const gatherMs = 100;

/** The time in which files gather. */
interface Gathering {
  readonly timer: NodeJS.Timeout;
  readonly over: () => void;
  readonly isOver: Promise<void>;
}

/** Brings files to the disk itself (fsync) in the background, one at a time, so that it costs one descriptor. */
export class SyncQueue {
  readonly #waiting: string[] = [];
  #gathering: Gathering | undefined;
  #tail: Promise<void> = Promise.resolve();
  #failure: Error | undefined;

  /** Queues files or folders. Failures are kept for `settled`. */
  add(...paths: readonly string[]): void {
    this.#waiting.push(...paths);
    this.#gathering ??= this.#gather();
  }

  /** Resolves when all that was added is on the disk, in its time; rejects with the first failure, every time. */
  async settled(): Promise<void> {
    await this.#gathering?.isOver;
    await this.#tail;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Does without waiting for others what is queued. */
  hurry(): void {
    if (this.#gathering === undefined) return;
    clearTimeout(this.#gathering.timer);
    this.#gathering.over();
    this.#gathering = undefined;
    for (const path of this.#waiting.splice(0)) {
      this.#tail = this.#tail
        .then(() => syncPath(path))
        .catch((thrown: unknown) => {
          this.#failure ??= toError(thrown);
        });
    }
  }

  #gather(): Gathering {
    let over = (): void => undefined;
    const isOver = new Promise<void>((resolve) => {
      over = resolve;
    });
    const timer = setTimeout(() => this.hurry(), gatherMs - (Date.now() % gatherMs));
    return { timer, over, isOver };
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
