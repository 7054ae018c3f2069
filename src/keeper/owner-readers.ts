/** Counts the open streams of reader `owner`, which hold the session's idle clock. */
export class OwnerReaders {
  readonly #changed: () => void;
  #count = 0;

  /** @param changed Called after each change of the count. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** A reader begins; its end is the disposal, which calls `ended` too. */
  begin(reader: string, ended: () => void): Disposable {
    const share = reader === 'owner' ? 1 : 0;
    this.#add(share);
    return {
      [Symbol.dispose]: () => {
        this.#add(-share);
        ended();
      },
    };
  }

  #add(change: number): void {
    if (change === 0) return;
    this.#count += change;
    this.#changed();
  }
}
