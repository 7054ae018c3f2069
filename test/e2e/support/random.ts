/** Random numbers that a failed run can repeat: RUNSPACED_KILL_SEED is what it printed. */
export class Random {
  readonly seed: number;
  #state: number;

  constructor(seed = Number(process.env['RUNSPACED_KILL_SEED'] ?? Date.now() % 1_000_000_007)) {
    this.seed = seed;
    this.#state = seed;
  }

  /** From 0 up to, not including, `end`. */
  below(end: number): number {
    // The "mulberry32" step.
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * end;
  }
}
