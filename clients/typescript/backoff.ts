import { isRetryable } from './error';

/** How long lost calls are tried again. */
export interface RetryPolicy {
  /** Give up after this time without success, in ms. */
  readonly limitMs: number;
  /** The first delay, in ms; each one after it is twice as long. */
  readonly firstDelayMs: number;
  /** No delay is longer, in ms, unless the daemon asks for it. */
  readonly longestDelayMs: number;
}

/** Growing delays between tries of one thing. */
export class Backoff {
  readonly #policyNow: () => RetryPolicy;
  readonly #signal: AbortSignal | undefined;
  #tries = 0;
  #since: number | undefined;

  /** `policyNow` is asked at each failure: a daemon that was never reached gets less patience than one that was lost. */
  constructor(policyNow: () => RetryPolicy, signal: AbortSignal | undefined) {
    this.#policyNow = policyNow;
    this.#signal = signal;
  }

  /** Something went well: the next delay is a short one again. */
  reset(): void {
    this.#tries = 0;
    this.#since = undefined;
  }

  /** Waits before the next try. Throws the error where trying again does not help or has taken too long. */
  async pauseAfter(error: unknown): Promise<void> {
    if (!isRetryable(error)) throw error;
    const { limitMs, firstDelayMs, longestDelayMs } = this.#policyNow();
    this.#since ??= Date.now();
    const left = this.#since + limitMs - Date.now();
    if (left <= 0) throw error;
    const delay = Math.max(
      Math.min(firstDelayMs * 2 ** this.#tries++, longestDelayMs),
      error.retryAfterMs ?? 0,
    );
    await pause(Math.min(delay, left), this.#signal);
  }
}

/** Settles after the time, or throws the signal's reason. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Tries until it succeeds, within the policy. */
export async function retrying<Result>(backoff: Backoff, attempt: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      await backoff.pauseAfter(error);
    }
  }
}

/** Events of a stream that is opened again when it is lost. Ends where the daemon ends the stream well. */
export async function* reopening<Event>(
  backoff: Backoff,
  open: () => AsyncIterable<Event>,
): AsyncGenerator<Event, void, undefined> {
  for (;;) {
    try {
      yield* untroubled(backoff, open());
      return;
    } catch (error) {
      await backoff.pauseAfter(error);
    }
  }
}

async function* untroubled<Event>(
  backoff: Backoff,
  events: AsyncIterable<Event>,
): AsyncGenerator<Event, void, undefined> {
  for await (const event of events) {
    backoff.reset();
    yield event;
  }
}
