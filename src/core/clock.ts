/** Time as an argument, so that tests can turn it. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. */
  now(): number;
  /** Calls `action` once after `delayMs`; the returned function takes it back. Never keeps the process alive. */
  after(delayMs: number, action: () => void): () => void;
}

/** The machine's own clock. Delays beyond what a timer can hold are cut to about 24 days; callers look again. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, Math.min(Math.max(delayMs, 0), 0x7fffffff));
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
