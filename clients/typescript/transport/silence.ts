/** What a watch over a stream needs of it. */
export interface SilenceWatchParts {
  /** How long it may be silent. */
  readonly ms: number;
  /** Asks the other end of the connection for a sign of life. */
  readonly ping: (answered: () => void) => void;
  /** It has been silent for too long. */
  readonly tooLong: () => void;
}

/**
 * Watches for silence on a stream with heartbeats. They begin with its first answer, which may take as long as a session
 * takes to open; until then it is enough that the connection answers.
 */
export class SilenceWatch {
  readonly #parts: SilenceWatchParts;
  #phase: 'beforeFirstAnswer' | 'answered' | 'over' = 'beforeFirstAnswer';
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: SilenceWatchParts) {
    this.#parts = parts;
  }

  /** Something is waited for from now on. */
  expect(): void {
    clearTimeout(this.#timer);
    if (this.#phase === 'over') return;
    const { ms, tooLong, ping } = this.#parts;
    if (this.#phase === 'answered') {
      this.#timer = setTimeout(tooLong, ms);
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(tooLong, ms);
      ping(() => {
        this.expect();
      });
    }, ms);
  }

  /** Something came; what is done with it takes as long as it takes. */
  heard(): void {
    this.#phase = 'answered';
    clearTimeout(this.#timer);
  }

  /** The stream is over. */
  end(): void {
    this.#phase = 'over';
    clearTimeout(this.#timer);
  }
}
