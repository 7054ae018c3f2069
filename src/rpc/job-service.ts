import { RunspaceError } from '../core/error';
import type {
  AcknowledgeJobRequest,
  JobServiceServer,
  ListJobsRequest,
  ListJobsResponse,
  WaitJobRequest,
  WaitJobResponse,
  WatchJobsRequest,
  WatchJobsResponse,
} from '../gen/runspace/v1/job';
import { JobState, type Job as JobMessage } from '../gen/runspace/v1/job';
import { asSessionId } from '../core/ids';
import { hasMoreData, type Job } from '../job/job';
import { findByReference, matchesName } from '../session/name';
import { serverStream, unary, type Caller, type Send } from './call';
import type { Context } from './context';
import { startHeartbeat } from './heartbeat';
import { jobStates, toJobMessage } from './job-message';
import { pageOf } from './paging';
import { cursorsOf, receiveJob } from './receive-job';
import { startJob } from './start-job';
import { toMilliseconds } from './time';

/** JobService as the API describes it. */
export function jobService(context: Context): JobServiceServer {
  const { edge, jobs } = context;
  const one = (job: Job) => ({ job: toJobMessage(job, 'withChildren') });
  return {
    startJob: unary(edge, async (request, caller) => one(await startJob(context, request, caller))),
    receiveJob: serverStream(edge, (request, send, caller) => receiveJob(context, request, { send, caller })),
    acknowledgeJob: unary(edge, (request, caller) => acknowledgeJob(context, request, caller)),
    getJob: unary(edge, async (request, { principal, signal }) => ({
      job: await withCounts(context, jobs.resolve(principal, request.job).job, signal),
    })),
    listJobs: unary(edge, (request, caller) => Promise.resolve(listJobs(context, request, caller))),
    watchJobs: serverStream(edge, (request, send, caller) => watchJobs(context, request, { send, caller })),
    waitJob: unary(edge, (request, caller) => waitJob(context, request, caller)),
    stopJob: unary(edge, (request, { principal }) => {
      const { job, child } = jobs.resolve(principal, request.job);
      jobs.stop(job, child);
      return Promise.resolve(one(job));
    }),
    deleteJob: unary(edge, async (request, { principal, signal }) => {
      const { job } = jobs.resolve(principal, request.job);
      await jobs.remove(job, request.force, signal);
      return one(job);
    }),
  };
}

/** The job with what its running commands have written so far. */
async function withCounts(context: Context, job: Job, signal: AbortSignal): Promise<JobMessage> {
  const message = toJobMessage(job, 'withChildren');
  const children = message.children.map(async (child) => {
    const { sessionId, pipelineId } = child;
    if (pipelineId === '' || job.child(child.index).endedAt !== undefined) return child;
    try {
      const session = context.table.get(asSessionId(sessionId));
      if (session === undefined) return child;
      const keeper = await context.lifecycle.readable(session, signal);
      const { pipeline } = await keeper.getPipeline({ sessionId, pipeline: pipelineId }, signal);
      return { ...child, written: pipeline?.written };
    } catch (error) {
      // A session that is lost, or just being brought back, can't be asked; the job can.
      if (!(error instanceof RunspaceError)) throw error;
      return child;
    }
  });
  return { ...message, children: await Promise.all(children) };
}

async function acknowledgeJob(
  context: Context,
  request: AcknowledgeJobRequest,
  { principal, signal }: Caller,
) {
  const { job } = context.jobs.resolve(principal, request.job);
  for (const [index, sequence] of cursorsOf(request.cursors, job)) {
    job.acknowledge(index, sequence);
    const { sessionId, pipelineId, endedAt } = job.child(index);
    const session = sessionId === undefined ? undefined : context.table.get(asSessionId(sessionId));
    // A command that still runs may wait for its reader: its keeper learns that there is room.
    if (session === undefined || pipelineId === undefined || endedAt !== undefined) continue;
    const keeper = await context.lifecycle.readable(session, signal);
    await keeper.acknowledgeRecords({
      sessionId: session.id,
      pipeline: pipelineId,
      sequence: BigInt(sequence),
    });
  }
  return {};
}

function listJobs(context: Context, request: ListJobsRequest, { principal }: Caller): ListJobsResponse {
  const { jobs } = context;
  const all = jobs.of(principal);
  const named =
    request.jobs.length === 0
      ? all
      : all.filter(isIn(request.jobs.flatMap((reference) => jobs.find(principal, reference))));
  const isChildWanted = (state: JobState): boolean =>
    request.childState === JobState.JOB_STATE_UNSPECIFIED || state === request.childState;
  const found = named.filter(
    (job) =>
      (request.states.length === 0 || request.states.includes(jobStates[job.state])) &&
      (request.command === '' || matchesName(job.stored.command, request.command)) &&
      (request.hasMoreData === undefined || job.children.some(hasMoreData) === request.hasMoreData) &&
      job.children.some(({ state }) => isChildWanted(jobStates[state])),
  );
  const newest = request.newest > 0 ? found.slice(-request.newest) : found;
  const page = pageOf(newest, (job) => job.number, request);
  const isWithChildren = request.includeChildren || request.childState !== JobState.JOB_STATE_UNSPECIFIED;
  return {
    jobs: page.items.map((job) => {
      const message = toJobMessage(job, isWithChildren ? 'withChildren' : 'alone');
      return { ...message, children: message.children.filter(({ state }) => isChildWanted(state)) };
    }),
    nextPageToken: page.nextPageToken,
  };
}

function isIn(jobs: readonly Job[]): (job: Job) => boolean {
  const all = new Set(jobs);
  return (job) => all.has(job);
}

async function watchJobs(
  { jobs, clock }: Context,
  request: WatchJobsRequest,
  { send, caller }: { send: Send<WatchJobsResponse>; caller: Caller },
): Promise<void> {
  const changes = jobs.changes(caller.signal);
  const shown = new Set<string>();
  const show = async (job: Job): Promise<void> => {
    const isWanted =
      request.jobs.length === 0 ||
      request.jobs.some((reference) => findByReference([job], reference).length > 0);
    if (job.owner !== caller.principal || !isWanted) return;
    shown.add(job.id);
    await send({ event: { $case: 'job', value: toJobMessage(job, 'alone') } });
  };
  for (const job of jobs.of(caller.principal)) await show(job);
  await send({ event: { $case: 'ready', value: {} } });
  using _heartbeat = startHeartbeat(clock, () =>
    send({ event: { $case: 'heartbeat', value: { sequence: 0n } } }),
  );
  for await (const id of changes) {
    const job = jobs.get(id);
    if (job !== undefined) await show(job);
    else if (shown.delete(id)) await send({ event: { $case: 'removedJobId', value: id } });
  }
  caller.signal.throwIfAborted();
}

async function waitJob(
  { jobs, clock }: Context,
  request: WaitJobRequest,
  { principal, signal }: Caller,
): Promise<WaitJobResponse> {
  if (request.jobs.length === 0)
    throw new RunspaceError('INVALID_ARGUMENT', 'no job is named', { facts: { field: 'jobs' } });
  const all = request.jobs.flatMap((reference) => jobs.find(principal, reference));
  const limitMs = toMilliseconds(request.timeout, 'timeout');
  const up = new AbortController();
  const cancel =
    limitMs === undefined
      ? () => undefined
      : clock.after(limitMs, () => {
          up.abort();
        });
  try {
    const until = AbortSignal.any([signal, up.signal]);
    const waits = all.map((job) => jobs.over(job, until));
    await (request.any && waits.length > 0 ? Promise.race(waits) : Promise.all(waits));
  } catch (error) {
    if (signal.aborted || !up.signal.aborted) throw error;
    return { jobs: [] };
  } finally {
    cancel();
    up.abort();
  }
  return { jobs: all.filter(({ isOver }) => isOver).map((job) => toJobMessage(job, 'withChildren')) };
}
