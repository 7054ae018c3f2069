import { showDuration } from '../duration';
import type { Terminal } from '../terminal';
import type { Outcome } from './outcomes';

const redrawMs = 250;

/** How far a run on several targets is: one line below its output, on a terminal. Nothing where it is piped. */
export class RunStatus implements Disposable {
  readonly #terminal: Terminal;
  readonly #names: readonly string[];
  readonly #begunAt = new Map<number, number>();
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #done = 0;
  #failed = 0;

  constructor(terminal: Terminal, names: readonly string[]) {
    this.#terminal = terminal;
    this.#names = names;
    if (!terminal.isShown || names.length < 2) return;
    this.#timer = setInterval(() => {
      void terminal.showStatus(this.#line());
    }, redrawMs);
    this.#timer.unref();
  }

  /** A target's turn has come. */
  begun(index: number): void {
    this.#begunAt.set(index, performance.now());
  }

  /** A target is over; undefined: it goes on elsewhere. */
  ended(index: number, outcome: Outcome | undefined): void {
    this.#begunAt.delete(index);
    if (outcome === 'succeeded') this.#done += 1;
    else this.#failed += 1;
  }

  /** Takes the line away. */
  async end(): Promise<void> {
    this[Symbol.dispose]();
    await this.#terminal.showStatus('');
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #line(): string {
    const now = performance.now();
    const over = this.#done + this.#failed;
    const running = this.#begunAt.size;
    const [slowest] = this.#begunAt; // They begin in order, so the first is the one that runs longest.
    const perSecond = (over / Math.max(1, now - this.#startedAt)) * 1_000;
    return [
      `${String(over)} of ${String(this.#names.length)} over`,
      `${String(running)} running`,
      `${String(this.#failed)} failed`,
      `${String(this.#names.length - over - running)} waiting`,
      `${perSecond.toFixed(1)}/s`,
      ...(slowest === undefined
        ? []
        : [`slowest ${this.#names[slowest[0]] ?? ''} (${showDuration(now - slowest[1])})`]),
    ].join(' · ');
  }
}
