import type { Clock } from '../core/clock';
import { toError } from '../core/error';
import { pause } from '../core/pause';

/** How a place is tried for that may be out of reach for a while. */
export interface Reaching {
  /** Attempts after the first one. */
  readonly most: number;
  readonly clock: Clock;
  /** Whoever wants to get there has gone. */
  readonly signal: AbortSignal;
  /** Whether another attempt may come to anything else. */
  readonly isPassing: (thrown: unknown) => boolean;
  /** Hears of each attempt that failed and is followed by another. */
  readonly failed: (attempt: number, error: Error) => void;
}

const firstDelayMs = 200;
const longestDelayMs = 10_000;

/** How long to wait after this attempt, the first being 1: twice as long as after the one before, up to ten seconds. */
export function delayAfter(attempt: number): number {
  return Math.min(firstDelayMs * 2 ** (attempt - 1), longestDelayMs);
}

/** Tries until it is there; rejects with what the last attempt came to. */
export async function reach<T>(
  attempt: (number: number) => Promise<T>,
  { most, clock, signal, isPassing, failed }: Reaching,
): Promise<T> {
  const hasGone = (): boolean => signal.aborted;
  for (let number = 1; ; number += 1) {
    try {
      return await attempt(number);
    } catch (thrown) {
      if (number > most || hasGone() || !isPassing(thrown)) throw thrown;
      failed(number, toError(thrown));
      await pause(clock, delayAfter(number), signal);
      if (hasGone()) throw thrown;
    }
  }
}
