import { createHash } from 'node:crypto';
import { Dice, mutated } from './mutate';
import { targets, type Target } from './targets';

/** An input that a reader did not stand. */
export interface Finding {
  readonly target: string;
  readonly input: Uint8Array;
  readonly error: unknown;
  /** Its name in the corpus. */
  readonly name: string;
}

/** One input that the seed decides, tried; undefined where the reader stood it. */
export function tryOne(seed: number, among: readonly [Target, ...Target[]] = targets): Finding | undefined {
  const dice = new Dice(seed);
  const target = dice.one(among);
  const sample = (): Uint8Array => target.samples[dice.below(target.samples.length)] ?? new Uint8Array();
  return findingOf(target, mutated(sample(), sample(), { dice, own: target.mutations }));
}

/** What is wrong with how a target reads this input. */
export function findingOf(target: Target, input: Uint8Array): Finding | undefined {
  try {
    target.check(input);
    return undefined;
  } catch (error) {
    const name = createHash('sha256').update(input).digest('hex').slice(0, 16);
    return { target: target.name, input, error, name };
  }
}
