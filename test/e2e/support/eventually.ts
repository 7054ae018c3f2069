import { setTimeout as pause } from 'node:timers/promises';

const lookAgainMs = 20;

/**
 * For what tells nobody when it happens, such as the end of a process that is no child of ours: looks again and again
 * until `probe` gives something, and fails with what it gave last.
 */
export async function eventually<T>(
  what: string,
  probe: () => T | Unfulfilled | Promise<T | Unfulfilled>,
  limitMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const result = await probe();
    if (!(result instanceof Unfulfilled)) return result;
    if (Date.now() > deadline)
      throw new Error(`not within ${String(limitMs / 1e3)} s: ${what}; last seen: ${result.seen}`);
    await pause(lookAgainMs);
  }
}

/** Not yet, and what was there instead. */
export class Unfulfilled {
  readonly seen: string;

  constructor(seen: unknown) {
    this.seen = typeof seen === 'string' ? seen : JSON.stringify(seen, bigintText);
  }
}

/** The promise's value, or an error that says what did not happen in time. */
export async function within<T>(what: string, limitMs: number, promise: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = pause(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`not within ${String(limitMs / 1e3)} s: ${what}`);
  });
  late.catch(() => undefined); // Whoever is in time ends it.
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
