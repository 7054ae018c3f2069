import { RunspaceError } from '../core/error';
import { asSessionId } from '../core/ids';
import type { PipelineSnapshot } from '../gen/runspace/v1/pipeline';
import type { JobRecords, ReceiveJobRequest, ReceiveJobResponse } from '../gen/runspace/v1/job';
import { isFinalChildState } from '../job/child-state';
import type { Job } from '../job/job';
import type { Jobs } from '../job/jobs';
import { matchesName } from '../session/name';
import type { Caller, Send } from './call';
import type { Context } from './context';
import { startHeartbeat } from './heartbeat';
import { toJobMessage } from './job-message';

/** Sends what a job's children wrote, then the job. */
export async function receiveJob(
  context: Context,
  request: ReceiveJobRequest,
  { send, caller }: { send: Send<ReceiveJobResponse>; caller: Caller },
): Promise<void> {
  const { jobs, clock } = context;
  const { job, child } = jobs.resolve(caller.principal, request.job);
  const wanted = wantedChildren(context, job, { request, child });
  const positions = cursorsOf(request.cursors, job);
  using _heartbeat = startHeartbeat(clock, () =>
    send({ event: { $case: 'heartbeat', value: { sequence: 0n } } }),
  );
  const after = (index: number): number =>
    positions.get(index) ?? (request.fromStart ? 0 : job.child(index).received);
  const reading = { context, job, request, send, signal: caller.signal, after };
  if (request.wait) await follow(jobs, wanted, reading);
  else for (const index of wanted) await readChild(reading, index);
  await send({ event: { $case: 'job', value: toJobMessage(job, 'withChildren') } });
}

interface Reading {
  readonly context: Context;
  readonly job: Job;
  readonly request: ReceiveJobRequest;
  readonly send: Send<ReceiveJobResponse>;
  readonly signal: AbortSignal;
  readonly after: (index: number) => number;
}

/** Children are read once they have a command: as many at a time as run, so that no reader waits for one that has not begun. */
async function follow(jobs: Jobs, wanted: readonly number[], reading: Reading): Promise<void> {
  const { job, request, send, signal } = reading;
  const failing = new AbortController();
  const both = AbortSignal.any([signal, failing.signal]);
  const waiting = new Set(wanted);
  const most = Math.max(64, job.stored.throttleLimit * 2);
  const active = new Set<Promise<void>>();
  let wake: () => void = () => undefined;
  let failure: unknown;
  const begin = (): void => {
    for (const index of waiting) {
      if (active.size >= most) return;
      const { pipelineId, state } = job.child(index);
      if (pipelineId === undefined && !isFinalChildState(state)) continue;
      waiting.delete(index);
      const one: Promise<void> = readChild({ ...reading, signal: both }, index)
        .catch((error: unknown) => {
          failure ??= error;
          failing.abort(error);
        })
        .finally(() => {
          active.delete(one);
          begin();
          wake();
        });
      active.add(one);
    }
  };
  const watching = new AbortController();
  const changes = jobs.changes(AbortSignal.any([both, watching.signal]));
  const listening = (async () => {
    for await (const id of changes) {
      if (id !== job.id) continue;
      if (request.writeEvents) await send({ event: { $case: 'job', value: toJobMessage(job, 'alone') } });
      begin();
      wake();
    }
  })().catch((error: unknown) => {
    failure ??= error;
    failing.abort(error);
  });
  signal.addEventListener('abort', () => {
    wake();
  });
  begin();
  const isOver = (child: number): boolean => isFinalChildState(job.child(child).state);
  while (
    !both.aborted &&
    (waiting.size > 0 || active.size > 0 || !wanted.every(isOver)) &&
    job.state !== 'disconnected'
  ) {
    const changed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    if (jobs.get(job.id) === undefined) break;
    await changed;
  }
  watching.abort();
  await listening;
  if (failure !== undefined) throw failure instanceof Error ? failure : new Error('receiving failed');
  signal.throwIfAborted();
}

/** One child's records from where its reader is. A session that was removed has none any more. */
async function readChild(
  { context, job, request, send, signal, after }: Reading,
  index: number,
): Promise<void> {
  const { sessionId, pipelineId } = job.child(index);
  if (sessionId === undefined || pipelineId === undefined) return;
  const session = context.table.get(asSessionId(sessionId));
  if (session === undefined || session.stored.problem?.code === 'REMOVED') return;
  const keeper = await context.lifecycle.readable(session, signal);
  const messages = keeper.receivePipeline(
    {
      sessionId: session.id,
      pipeline: pipelineId,
      afterSequence: BigInt(after(index)),
      reader: '',
      streams: request.streams,
      format: request.format,
      noFollow: !request.wait,
    },
    signal,
  );
  let origin: PipelineSnapshot | undefined;
  const records = (content: JobRecords['content'], last: bigint): Promise<void> => {
    const cursor = cursorOf(index, last);
    return send({ event: { $case: 'records', value: { childIndex: index, origin, content, cursor } } });
  };
  for await (const { event } of messages) {
    if (event?.$case === 'snapshot') origin = event.value;
    if (event?.$case === 'gap') await records({ $case: 'gap', value: event.value }, event.value.to);
    const last = event?.$case === 'batch' ? event.value.records.at(-1) : undefined;
    if (event?.$case === 'batch' && last !== undefined)
      await records({ $case: 'batch', value: event.value }, last.sequence);
  }
}

function wantedChildren(
  context: Context,
  job: Job,
  { request, child }: { readonly request: ReceiveJobRequest; readonly child: number | undefined },
): readonly number[] {
  const { locations, sessions } = request;
  const isWanted = (index: number): boolean => {
    const { location } = job.target(index);
    const { sessionId } = job.child(index);
    const name = sessionId === undefined ? '' : (context.table.get(asSessionId(sessionId))?.name ?? '');
    return (
      (child === undefined || child === index) &&
      (locations.length === 0 || locations.some((pattern) => matchesName(location, pattern))) &&
      (sessions.length === 0 || sessions.some((each) => each === sessionId || matchesName(name, each)))
    );
  };
  return job.children.map((_, index) => index).filter(isWanted);
}

function cursorOf(index: number, sequence: bigint): string {
  return Buffer.from(`${String(index)}:${sequence.toString()}`).toString('base64url');
}

/** How far each child was read. Error: INVALID_ARGUMENT for a cursor that is not ours. */
export function cursorsOf(cursors: readonly string[], job: Job): ReadonlyMap<number, number> {
  const positions = new Map<number, number>();
  for (const cursor of cursors) {
    const match = /^(\d{1,9}):(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString());
    const index = Number(match?.[1] ?? -1);
    if (match === null || !(index in job.children))
      throw new RunspaceError(
        'INVALID_ARGUMENT',
        `"${cursor.slice(0, 40)}" is no cursor of job "${job.name}"`,
        {
          facts: { field: 'cursors' },
        },
      );
    positions.set(index, Math.max(positions.get(index) ?? 0, Number(match[2])));
  }
  return positions;
}
