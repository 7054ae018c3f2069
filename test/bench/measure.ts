/** One contender's turn: does its work once or more, and returns a figure for each time. */
export type Turn = () => Promise<readonly number[]>;

/** The figures of one contender. */
export class Series {
  readonly turn: Turn;
  readonly #figures: number[] = [];

  constructor(turn: Turn) {
    this.turn = turn;
  }

  get median(): number {
    return this.percentile(50);
  }

  /** The smallest figure that so many per cent of all figures don't exceed. */
  percentile(percent: number): number {
    const sorted = this.#figures.toSorted((one, other) => one - other);
    return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
  }

  add(figures: readonly number[]): void {
    this.#figures.push(...figures);
  }
}

/** How long to measure. */
export interface Rounds {
  readonly rounds: number;
  /** Rounds before those, whose figures don't count. */
  readonly warmUp: number;
}

/**
 * Lets the contenders take turns, A B A B …, so that what else the machine does hits all of them alike. Contenders that
 * can't take part here are undefined.
 */
export async function interleave(
  contenders: readonly (Series | undefined)[],
  { rounds, warmUp }: Rounds,
): Promise<void> {
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const contender of contenders) {
      const figures = await contender?.turn();
      if (figures !== undefined && round >= 0) contender?.add(figures);
    }
  }
}

/** How long something took, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** The time of each of `count` goes, one after the other. */
export async function timedEach(count: number, work: () => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let done = 0; done < count; done += 1) times.push(await timed(work));
  return times;
}

/** How many per second, where `count` took so many milliseconds. */
export function perSecond(count: number, milliseconds: number): number {
  return (count * 1000) / milliseconds;
}
