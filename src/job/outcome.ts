import type { ErrorCode, Problem } from '../core/error';
import type { ChildEvent } from './child-state';

/** How it went at one target. */
export type Outcome = 'succeeded' | 'failed' | 'timedOut' | 'unreachable' | 'cancelled' | 'skipped' | 'lost';

/** The end of a child. */
export interface ChildEnd {
  readonly event: Extract<ChildEvent, 'endedWell' | 'endedBadly' | 'endedStopped'>;
  readonly outcome: Outcome;
  readonly problem: Problem | undefined;
  readonly exitCode: number | undefined;
  /** The number of its command's last record; undefined where there is none. */
  readonly lastSequence?: number;
}

/** The end of a command as its session tells it. */
export interface CommandEnd {
  readonly state: 'completed' | 'failed' | 'stopped';
  readonly problem: Problem | undefined;
  readonly exitCode: number | undefined;
  /** The number of its last record. */
  readonly lastSequence: number;
}

const timeouts: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'RUN_TIMEOUT',
  'OUTPUT_TIMEOUT',
  'ENGINE_TIMEOUT',
  'CONNECT_TIMEOUT',
]);
const losses: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'KEEPER_LOST',
  'ENGINE_LOST',
  'LINK_LOST',
  'EXPIRED',
  'CONTAINER_STOPPED',
]);
const cancels: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['STOPPED', 'STOP_UNANSWERED', 'REMOVED']);

/** What a command's end means for its child. */
export function endOfCommand({ state, problem, exitCode, lastSequence }: CommandEnd): ChildEnd {
  if (state === 'completed') {
    const outcome = exitCode === undefined || exitCode === 0 ? 'succeeded' : 'failed';
    return { event: 'endedWell', outcome, problem, exitCode, lastSequence };
  }
  if (problem !== undefined && timeouts.has(problem.code))
    return { event: 'endedBadly', outcome: 'timedOut', problem, exitCode, lastSequence };
  if (state === 'stopped')
    return { event: 'endedStopped', outcome: 'cancelled', problem, exitCode, lastSequence };
  const isLost = problem !== undefined && losses.has(problem.code);
  return { event: 'endedBadly', outcome: isLost ? 'lost' : 'failed', problem, exitCode, lastSequence };
}

/** What an error means for a child whose command had begun, or had not. */
export function endOfError(problem: Problem, hadBegun: boolean): ChildEnd {
  if (timeouts.has(problem.code))
    return { event: 'endedBadly', outcome: 'timedOut', problem, exitCode: undefined };
  if (cancels.has(problem.code))
    return { event: 'endedStopped', outcome: 'cancelled', problem, exitCode: undefined };
  if (hadBegun && problem.code === 'SESSION_CLOSED')
    return { event: 'endedStopped', outcome: 'cancelled', problem, exitCode: undefined };
  const outcome = hadBegun ? 'lost' : 'unreachable';
  return { event: 'endedBadly', outcome, problem, exitCode: undefined };
}
