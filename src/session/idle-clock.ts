/**
 * PowerShell's idle clock: it counts the time without a client, whether or not a command runs. It starts anew at each
 * connect, start, input or answer, and stands still while a connection or an `owner` reader stream is open.
 * Wall-clock times, so that it goes on across a restart of the daemon.
 */
export type IdleClock =
  | {
      readonly is: 'running';
      /** When it stood, or would have stood, at zero; ms since 1970. */ readonly zeroAt: number;
    }
  | { readonly is: 'still'; /** What it had counted when it was stopped. */ readonly elapsedMs: number };

/** The clock at zero, counting from now. */
export function startedClock(now: number): IdleClock {
  return { is: 'running', zeroAt: now };
}

/** The clock set to zero; whether it runs stays as it was. */
export function restartClock(clock: IdleClock, now: number): IdleClock {
  switch (clock.is) {
    case 'running':
      return { is: 'running', zeroAt: now };
    case 'still':
      return { is: 'still', elapsedMs: 0 };
  }
}

/** The clock standing still. */
export function haltClock(clock: IdleClock, now: number): IdleClock {
  switch (clock.is) {
    case 'running':
      return { is: 'still', elapsedMs: Math.max(0, now - clock.zeroAt) };
    case 'still':
      return clock;
  }
}

/** The clock running on from where it stood. */
export function resumeClock(clock: IdleClock, now: number): IdleClock {
  switch (clock.is) {
    case 'running':
      return clock;
    case 'still':
      return { is: 'running', zeroAt: now - clock.elapsedMs };
  }
}

/** When the clock reaches `timeoutMs`; undefined while it stands still. */
export function idleDeadline(clock: IdleClock, timeoutMs: number): number | undefined {
  switch (clock.is) {
    case 'running':
      return clock.zeroAt + timeoutMs;
    case 'still':
      return undefined;
  }
}
