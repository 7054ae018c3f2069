import { JobOutcome, JobState, type Job as JobMessage, type JobChild } from '../gen/runspace/v1/job';
import { isFinalChildState, type ChildState } from '../job/child-state';
import { hasMoreData, type Job } from '../job/job';
import type { Outcome } from '../job/outcome';
import { toProblem } from '../status/problem';
import { toCountsMessage } from './counts';

/** The states as the API numbers them. */
export const jobStates: Readonly<Record<ChildState, JobState>> = {
  notStarted: JobState.JOB_STATE_NOT_STARTED,
  running: JobState.JOB_STATE_RUNNING,
  completed: JobState.JOB_STATE_COMPLETED,
  failed: JobState.JOB_STATE_FAILED,
  stopped: JobState.JOB_STATE_STOPPED,
  stopping: JobState.JOB_STATE_STOPPING,
  disconnected: JobState.JOB_STATE_DISCONNECTED,
};

const outcomes: Readonly<Record<Outcome, JobOutcome>> = {
  succeeded: JobOutcome.JOB_OUTCOME_SUCCEEDED,
  failed: JobOutcome.JOB_OUTCOME_FAILED,
  timedOut: JobOutcome.JOB_OUTCOME_TIMED_OUT,
  unreachable: JobOutcome.JOB_OUTCOME_UNREACHABLE,
  cancelled: JobOutcome.JOB_OUTCOME_CANCELLED,
  skipped: JobOutcome.JOB_OUTCOME_SKIPPED,
  lost: JobOutcome.JOB_OUTCOME_LOST,
};

/** A job as the API shows it. */
export function toJobMessage(job: Job, children: 'withChildren' | 'alone'): JobMessage {
  const { stored, state, endedAt } = job;
  return {
    id: job.id,
    number: BigInt(job.number),
    name: job.name,
    state: jobStates[state],
    location: stored.targets.map(({ location }) => location).join(','),
    command: stored.command,
    hasMoreData: job.children.some(hasMoreData),
    statusMessage: statusMessage(job),
    typeName: 'RemoteJob',
    throttleLimit: stored.throttleLimit,
    startTime: new Date(stored.createdAt),
    endTime: endedAt === undefined ? undefined : new Date(endedAt),
    children: children === 'alone' ? [] : job.children.map((_, index) => toChildMessage(job, index)),
    owner: job.owner,
  };
}

function toChildMessage(job: Job, index: number): JobChild {
  const child = job.child(index);
  const number = job.number + 1 + index;
  return {
    number: BigInt(number),
    name: `Job${String(number)}`,
    index,
    location: job.target(index).location,
    state: jobStates[child.state],
    outcome: child.outcome === undefined ? JobOutcome.JOB_OUTCOME_UNSPECIFIED : outcomes[child.outcome],
    problem: child.problem === undefined ? undefined : toProblem(child.problem),
    sessionId: child.sessionId ?? '',
    pipelineId: child.pipelineId ?? '',
    exitCode: child.exitCode,
    hasMoreData: hasMoreData(child),
    startTime: child.startedAt === undefined ? undefined : new Date(child.startedAt),
    endTime: child.endedAt === undefined ? undefined : new Date(child.endedAt),
    written: toCountsMessage(child.written),
  };
}

function statusMessage(job: Job): string {
  const over = job.children.filter(({ state }) => isFinalChildState(state));
  const counts = new Map<string, number>();
  for (const { outcome } of over)
    if (outcome !== undefined) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const parts = [...counts].map(([outcome, count]) => `${String(count)} ${words[outcome] ?? outcome}`);
  const head = `${String(over.length)} of ${String(job.children.length)} over`;
  return parts.length === 0 ? head : `${head}: ${parts.join(', ')}`;
}

const words: Readonly<Record<string, string>> = { timedOut: 'timed out' };
