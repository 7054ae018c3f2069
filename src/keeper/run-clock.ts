import type { Clock } from '../core/clock';
import { RunspaceError } from '../core/error';

/** How long a command may take; undefined: as long as it likes. */
export interface RunTimeouts {
  readonly runMs: number | undefined;
  /** Time without any output. */
  readonly outputMs: number | undefined;
}

/** The same, with no longer run than this; undefined: no limit. */
export function withLongestRun(timeouts: RunTimeouts, longestMs: number | undefined): RunTimeouts {
  const runMs = Math.min(timeouts.runMs ?? Infinity, longestMs ?? Infinity);
  return { ...timeouts, runMs: Number.isFinite(runMs) ? runMs : undefined };
}

/** What a run clock watches. */
export interface RunClockParts {
  readonly clock: Clock;
  readonly timeouts: RunTimeouts;
  /** Until when the engine's silence was not its own, since it waited for a reader or an answer; wall-clock time. */
  readonly heldUntil: () => number;
  /** Called once, with RUN_TIMEOUT or OUTPUT_TIMEOUT. */
  readonly expired: (problem: RunspaceError) => void;
}

/** The two time limits of a running command. Timers may fire early (a clock cuts long delays): then they go on. */
export class RunClock implements Disposable {
  readonly #parts: RunClockParts;
  readonly #startedAt: number;
  #outputAt: number;
  readonly #cancels = new Map<'run' | 'output', () => void>();

  constructor(parts: RunClockParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
    this.#outputAt = this.#startedAt;
    this.#checkRun();
    this.#checkOutput();
  }

  /** The command wrote something. */
  noteOutput(): void {
    this.#outputAt = this.#parts.clock.now();
  }

  [Symbol.dispose](): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }

  #checkRun(): void {
    const { timeouts, clock } = this.#parts;
    if (timeouts.runMs === undefined) return;
    const left = this.#startedAt + timeouts.runMs - clock.now();
    if (left <= 0) this.#expire('RUN_TIMEOUT', `it ran for ${timeouts.runMs} ms, its longest run`);
    else
      this.#cancels.set(
        'run',
        clock.after(left, () => this.#checkRun()),
      );
  }

  #checkOutput(): void {
    const { timeouts, clock, heldUntil } = this.#parts;
    if (timeouts.outputMs === undefined) return;
    this.#outputAt = Math.max(this.#outputAt, heldUntil());
    const left = this.#outputAt + timeouts.outputMs - clock.now();
    if (left <= 0) this.#expire('OUTPUT_TIMEOUT', `it wrote nothing for ${timeouts.outputMs} ms`);
    else
      this.#cancels.set(
        'output',
        clock.after(left, () => this.#checkOutput()),
      );
  }

  #expire(code: 'RUN_TIMEOUT' | 'OUTPUT_TIMEOUT', why: string): void {
    this[Symbol.dispose]();
    this.#parts.expired(new RunspaceError(code, `the command was stopped: ${why}; the session goes on`));
  }
}
