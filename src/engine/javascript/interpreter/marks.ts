import { fstatSync, writeSync } from 'node:fs';

type Descriptor = 1 | 2;

/** How long a full pipe is waited for, where a child process has made it one that does not wait itself. */
const patienceMs = 30_000;

/** Writes marks to the descriptors 1 and 2, for as long as they are what they were at the start. */
export class Marks {
  readonly #atStart = { 1: identityOf(1), 2: identityOf(2) };

  /** Returns the descriptors that have it now. User code may have closed one, or opened another file in its place. */
  write(mark: string): Descriptor[] {
    return ([1, 2] as const).filter(
      (descriptor) => identityOf(descriptor) === this.#atStart[descriptor] && written(descriptor, mark),
    );
  }
}

function identityOf(descriptor: Descriptor): string {
  try {
    const { dev, ino } = fstatSync(descriptor);
    return `${dev}:${ino}`;
  } catch {
    return 'closed';
  }
}

function written(descriptor: Descriptor, mark: string): boolean {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let rest = Buffer.from(mark, 'latin1');
  for (const until = Date.now() + patienceMs; Date.now() < until;) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
      if (rest.length === 0) return true;
    } catch (thrown) {
      if (!(thrown instanceof Error) || !('code' in thrown) || thrown.code !== 'EAGAIN') return false;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
  return false;
}
