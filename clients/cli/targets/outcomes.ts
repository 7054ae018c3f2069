import { FinalState, JobOutcome, type SessionRecord } from '../../typescript';
import { exitCodeOfReason, exitCodes } from '../exit-code';
import { foldNames } from './fold-names';

/** How a command can end on one target; each ends in exactly one of these ways. */
export const outcomes = [
  'succeeded',
  'failed',
  'timedOut',
  'unreachable',
  'cancelled',
  'skipped',
  'lost',
] as const;

/** One of the ways above. */
export type Outcome = (typeof outcomes)[number];

/** 0 all, 4 some failed, 130 stopped; where all failed: 5 where none answered, 124 where all ran out of time, else 1. */
export function exitCodeOfOutcomes(ended: readonly Outcome[]): number {
  const are = (outcome: Outcome): boolean => ended.every((each) => each === outcome);
  if (ended.length === 0) return exitCodes.noAnswer;
  if (ended.includes('cancelled') || ended.includes('skipped')) return exitCodes.interrupted;
  if (are('succeeded')) return exitCodes.ok;
  if (ended.includes('succeeded')) return exitCodes.someFailed;
  if (are('unreachable')) return exitCodes.noAnswer;
  return are('timedOut') ? exitCodes.timedOut : exitCodes.failed;
}

/** A target and how it ended. */
export interface NamedOutcome {
  readonly name: string;
  readonly outcome: Outcome;
}

/** How a run went, in one line: `195 of 200 succeeded; 3 failed: web[1-3]; 2 unreachable: db1,db2`. */
export function summaryOf(ended: readonly NamedOutcome[]): string {
  const named = (outcome: Outcome): readonly string[] =>
    ended.filter((each) => each.outcome === outcome).map(({ name }) => name);
  const parts = outcomes
    .filter((outcome) => outcome !== 'succeeded')
    .map((outcome) => ({ outcome, names: named(outcome) }))
    .filter(({ names }) => names.length > 0)
    .map(({ outcome, names }) => `${String(names.length)} ${words[outcome]}: ${foldNames(names)}`);
  const head = `${String(named('succeeded').length)} of ${String(ended.length)} succeeded`;
  return [head, ...parts].join('; ');
}

const words: Readonly<Record<Outcome, string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  timedOut: 'timed out',
  unreachable: 'unreachable',
  cancelled: 'cancelled',
  skipped: 'skipped',
  lost: 'lost',
};

/** What the end of a command says; undefined for any other record. A script's own exit code counts where that was asked for. */
export function outcomeOfRecord(record: SessionRecord, exitCode: 'counts' | 'is shown'): Outcome | undefined {
  if (record.stream !== 'final') return undefined;
  const reason = record.problem?.reason ?? '';
  switch (record.state) {
    case FinalState.FINAL_STATE_COMPLETED:
      return exitCode === 'counts' && (record.exitCode ?? 0) !== 0 ? 'failed' : 'succeeded';
    case FinalState.FINAL_STATE_STOPPED:
      return isTimeout(reason) ? 'timedOut' : 'cancelled';
    case FinalState.FINAL_STATE_FAILED:
    case FinalState.FINAL_STATE_UNSPECIFIED:
    case FinalState.UNRECOGNIZED:
      if (isTimeout(reason)) return 'timedOut';
      return losses.has(reason) ? 'lost' : 'failed';
  }
}

/** What an error says of a target on which the command had begun, or had not. */
export function outcomeOfError(reason: string, hadBegun: boolean): Outcome {
  if (isTimeout(reason)) return 'timedOut';
  if (hadBegun) return losses.has(reason) ? 'lost' : 'failed';
  return exitCodeOfReason(reason) === exitCodes.noAnswer ? 'unreachable' : 'failed';
}

function isTimeout(reason: string): boolean {
  return exitCodeOfReason(reason) === exitCodes.timedOut;
}

/** Whether the command came to its end is not known. */
const losses: ReadonlySet<string> = new Set([
  'KEEPER_LOST',
  'ENGINE_LOST',
  'LINK_LOST',
  'EXPIRED',
  'CONTAINER_STOPPED',
]);

/** The outcome of a job's child that is over. */
export function outcomeOfChild(outcome: JobOutcome): Outcome {
  switch (outcome) {
    case JobOutcome.JOB_OUTCOME_SUCCEEDED:
      return 'succeeded';
    case JobOutcome.JOB_OUTCOME_CANCELLED:
      return 'cancelled';
    case JobOutcome.JOB_OUTCOME_UNREACHABLE:
      return 'unreachable';
    case JobOutcome.JOB_OUTCOME_TIMED_OUT:
      return 'timedOut';
    case JobOutcome.JOB_OUTCOME_SKIPPED:
      return 'skipped';
    case JobOutcome.JOB_OUTCOME_LOST:
      return 'lost';
    case JobOutcome.JOB_OUTCOME_FAILED:
    case JobOutcome.JOB_OUTCOME_UNSPECIFIED:
    case JobOutcome.UNRECOGNIZED:
      return 'failed';
  }
}
