import type { ErrorCode, Problem } from '../core/error';
import type { StreamCounts } from '../core/stream-counts';
import type { ChildEvent } from './child-state';

/** How it went at one target. */
export type Outcome = 'succeeded' | 'failed' | 'timedOut' | 'unreachable' | 'cancelled' | 'skipped' | 'lost';

/** The end of a child. */
export interface ChildEnd {
  readonly event: Extract<ChildEvent, 'endedWell' | 'endedBadly' | 'endedStopped'>;
  readonly outcome: Outcome;
  readonly problem: Problem | undefined;
  readonly exitCode: number | undefined;
  /** What its command left; undefined where there is none. */
  readonly left?: CommandTrace;
}

/** What a command that is over left behind. */
export interface CommandTrace {
  /** The number of its last record. */
  readonly lastSequence: number;
  /** What it wrote, by stream; undefined: nobody counted. */
  readonly written: StreamCounts | undefined;
  /** Bytes of its records on disk. */
  readonly storedBytes: number;
}

/** The end of a command as its session tells it. */
export interface CommandEnd {
  readonly state: 'completed' | 'failed' | 'stopped';
  readonly problem: Problem | undefined;
  readonly exitCode: number | undefined;
  readonly left: CommandTrace;
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
export function endOfCommand({ state, problem, exitCode, left }: CommandEnd): ChildEnd {
  if (state === 'completed') {
    const outcome = exitCode === undefined || exitCode === 0 ? 'succeeded' : 'failed';
    return { event: 'endedWell', outcome, problem, exitCode, left };
  }
  if (problem !== undefined && timeouts.has(problem.code))
    return { event: 'endedBadly', outcome: 'timedOut', problem, exitCode, left };
  if (state === 'stopped') return { event: 'endedStopped', outcome: 'cancelled', problem, exitCode, left };
  const isLost = problem !== undefined && losses.has(problem.code);
  return { event: 'endedBadly', outcome: isLost ? 'lost' : 'failed', problem, exitCode, left };
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
