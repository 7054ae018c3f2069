/** Does what it is asked for, one thing at a time; what is asked meanwhile is done together next, so that many cost little more than one. */
export class Gathered {
  readonly #perform: (lines: readonly string[]) => Promise<void>;
  #waiting: string[] = [];
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(perform: (lines: readonly string[]) => Promise<void>) {
    this.#perform = perform;
  }

  /** Whether nothing is being done. */
  get isIdle(): boolean {
    return this.#current === undefined;
  }

  /** Resolves when it has been done; rejects as what it was done with. */
  add(line: string): Promise<void> {
    this.#waiting.push(line);
    this.#next ??= this.#afterCurrent();
    return this.#next;
  }

  async #afterCurrent(): Promise<void> {
    // What fails is told to those who asked for it.
    await this.#current?.catch(() => undefined);
    const lines = this.#waiting;
    this.#waiting = [];
    this.#next = undefined;
    const current = this.#perform(lines);
    this.#current = current;
    try {
      await current;
    } finally {
      if (this.#current === current) this.#current = undefined;
    }
  }
}
