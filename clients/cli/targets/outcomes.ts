import { exitCodes } from '../exit-code';

/** How a command ended on one target. */
export type Outcome = 'succeeded' | 'failed' | 'timedOut' | 'unanswered' | 'stopped';

/** 0 all, 4 some failed; where all failed: 5 where none answered, 124 where all ran out of time, else 1. */
export function exitCodeOfOutcomes(outcomes: readonly Outcome[]): number {
  const are = (outcome: Outcome): boolean => outcomes.every((each) => each === outcome);
  if (outcomes.length === 0) return exitCodes.noAnswer;
  if (outcomes.includes('stopped')) return exitCodes.interrupted;
  if (are('succeeded')) return exitCodes.ok;
  if (outcomes.includes('succeeded')) return exitCodes.someFailed;
  if (are('unanswered')) return exitCodes.noAnswer;
  return are('timedOut') ? exitCodes.timedOut : exitCodes.failed;
}
