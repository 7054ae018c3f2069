import type { CommandEnd } from '../job/outcome';
import type { Job } from '../job/job';
import type { ChildWork } from '../job/work';
import type { KeeperClient } from '../keeper/client';
import { RunspaceError, type Problem } from '../core/error';
import { asSessionId } from '../core/ids';
import type { CreateSessionRequest } from '../gen/runspace/v1/session';
import { StartJobRequest } from '../gen/runspace/v1/job';
import { PipelineState, StartPipelineRequest, ValueFormat } from '../gen/runspace/v1/pipeline';
import { Stream } from '../gen/runspace/v1/record';
import { countsOf } from './counts';
import type { Session } from '../session/session';
import { fromProblem } from '../status/problem';
import type { Context } from './context';
import { createSession } from './session-service';
import { startPipeline } from './start-pipeline';
import { toMilliseconds } from './time';

/** What jobs have done for their children: by the same calls that clients make, with request ids of the job's own. */
export class JobWork implements ChildWork {
  readonly #context: () => Context;
  /** What was asked for with its secrets, while this daemon lives. */
  readonly #whole = new Map<string, StartJobRequest>();

  constructor(context: () => Context) {
    this.#context = context;
  }

  /** Keeps what is never stored until the job is over. */
  remember(job: string, request: StartJobRequest): void {
    this.#whole.set(job, request);
  }

  /** The job is over. */
  release(job: string): void {
    this.#whole.delete(job);
  }

  async open(job: Job, index: number, signal: AbortSignal): Promise<string> {
    const context = this.#context();
    const { request, isWhole } = this.#requestOf(job);
    const place = request.targets[index]?.place;
    if (place?.$case !== 'create')
      return this.#existing(job, place?.$case === 'session' ? place.value : '', signal);
    if (!isWhole && job.target(index).needsSecret) throw credentialLost(job.target(index).location);
    const limitMs = toMilliseconds(request.connectTimeout, 'connect_timeout');
    const limit = limitMs === undefined ? undefined : AbortSignal.timeout(limitMs);
    const until = limit === undefined ? signal : AbortSignal.any([signal, limit]);
    const create: CreateSessionRequest = {
      ...place.value,
      requestId: requestId(job, index, 'open'),
      clientId: clientOf(job),
      wait: false,
    };
    const made = await createSession(context, create, { principal: job.owner, signal: until });
    const session = this.#session(made.session.id);
    try {
      await context.lifecycle.opened(session, until);
      const { problem } = session.stored;
      if (session.state === 'broken' && problem !== undefined) throw errorOf(problem);
    } catch (error) {
      // A session that could not be had, or took too long, is not left behind.
      if (!context.edge.ending.aborted) await this.forget(session.id);
      if (limit?.aborted === true && !signal.aborted) throw connectTimeout(job.target(index).location);
      throw error;
    }
    return session.id;
  }

  async start(
    { job, index, session }: { readonly job: Job; readonly index: number; readonly session: string },
    signal: AbortSignal,
  ): Promise<string> {
    const { request, isWhole } = this.#requestOf(job);
    const { location, needsSecret } = job.target(index);
    if (!isWhole && needsSecret && request.targets[index]?.place?.$case !== 'create')
      throw credentialLost(location);
    const start: StartPipelineRequest = {
      ...StartPipelineRequest.fromPartial({}),
      requestId: requestId(job, index, 'run'),
      clientId: clientOf(job),
      session,
      command: request.command,
      hasInput: request.input !== undefined,
      runTimeout: request.runTimeout,
      outputTimeout: request.outputTimeout,
    };
    // Another client may be connected; a session of the caller's own is used all the same, as PowerShell's jobs do.
    const caller = { principal: job.owner, signal };
    const { pipeline } = await startPipeline(this.#context(), start, { caller, takeOver: 'takeOver' });
    return pipeline.id;
  }

  async ended(
    child: {
      readonly job: Job;
      readonly index: number;
      readonly session: string;
      readonly pipeline: string;
    },
    signal: AbortSignal,
  ): Promise<CommandEnd> {
    const { session, pipeline } = child;
    const found = this.#session(session);
    const keeper = await this.#context().lifecycle.readable(found, signal);
    const leaving = new AbortController();
    const until = AbortSignal.any([signal, leaving.signal]);
    const leave = (): void => {
      leaving.abort();
    };
    const watching = untilOver(keeper, child, until).finally(leave);
    const feeding = this.#feed(child, keeper, until).catch((error: unknown) => {
      // A command that is over needs no more input.
      if (!leaving.signal.aborted) throw error;
    });
    try {
      await Promise.all([watching, feeding]);
    } finally {
      leave();
    }
    const { pipeline: ended } = await keeper.getPipeline({ sessionId: found.id, pipeline }, signal);
    const state = ended === undefined ? undefined : finals[ended.state];
    if (ended === undefined || state === undefined)
      throw new RunspaceError('RECOVERING', 'the stream of records ended before the command did');
    return {
      state,
      problem: ended.problem === undefined ? undefined : dataOf(fromProblem(ended.problem)),
      exitCode: ended.exitCode,
      left: {
        lastSequence: Number(ended.lastSequence),
        written: countsOf(ended.written),
        storedBytes: Number(ended.storedBytes),
      },
    };
  }

  async stop(session: string, pipeline: string): Promise<boolean> {
    const context = this.#context();
    const found = this.#session(session);
    const keeper = await context.lifecycle.readable(found, context.edge.ending);
    const answer = await keeper.stopPipeline({
      sessionId: found.id,
      pipeline,
      force: false,
      problem: undefined,
    });
    return answer.problem === undefined;
  }

  async close(session: string): Promise<void> {
    const { lifecycle, table } = this.#context();
    const found = table.get(asSessionId(session));
    if (found === undefined) return;
    await lifecycle.close(found, { code: 'STOPPED', message: 'the command of its job is over', facts: {} });
  }

  async forget(session: string): Promise<void> {
    const { lifecycle, table } = this.#context();
    const found = table.get(asSessionId(session));
    if (found === undefined) return;
    await this.close(session);
    await lifecycle.forget(found);
  }

  /** Hands the job's input to a command, from where a former daemon was. */
  async #feed(
    { job, session, pipeline }: { readonly job: Job; readonly session: string; readonly pipeline: string },
    keeper: KeeperClient,
    signal: AbortSignal,
  ): Promise<void> {
    const { request, isWhole } = this.#requestOf(job);
    if (request.input === undefined) return;
    const { items } = request.input;
    const { pipeline: now } = await keeper.getPipeline({ sessionId: session, pipeline }, signal);
    if (now?.hasInput !== true) return; // A command that was taken up has its own.
    let next = Number(now.inputAccepted);
    if (next < items.length && !isWhole && job.stored.hasSecretInput === true) {
      await keeper.stopPipeline({ sessionId: session, pipeline, force: false, problem: undefined }, signal);
      throw credentialLost(job.name);
    }
    do {
      const some = items.slice(next, next + itemsAtATime);
      next += some.length;
      const endOfInput = next >= items.length;
      await keeper.sendPipelineInput(
        { sessionId: session, pipelineId: pipeline, items: some, endOfInput, clientLost: false },
        signal,
      );
    } while (next < items.length);
  }

  async #existing(job: Job, reference: string, signal: AbortSignal): Promise<string> {
    const context = this.#context();
    const session = context.table.resolve(job.owner, reference);
    await context.lifecycle.running(session, signal);
    return session.id;
  }

  #session(id: string): Session {
    const session = this.#context().table.get(asSessionId(id));
    if (session !== undefined) return session;
    throw new RunspaceError('EXPIRED', `session ${id} is gone, and what it wrote with it`, { facts: { id } });
  }

  #requestOf(job: Job): { readonly request: StartJobRequest; readonly isWhole: boolean } {
    const whole = this.#whole.get(job.id);
    if (whole !== undefined) return { request: whole, isWhole: true };
    const request = StartJobRequest.decode(Buffer.from(job.stored.payload, 'base64'));
    return { request, isWhole: false };
  }
}

/** Few enough that a stop is not held up behind them. */
const itemsAtATime = 256;

/** Resolves when the command's final record is there. */
async function untilOver(
  keeper: KeeperClient,
  { session, pipeline }: { readonly session: string; readonly pipeline: string },
  signal: AbortSignal,
): Promise<void> {
  const messages = keeper.receivePipeline(
    {
      sessionId: session,
      pipeline,
      afterSequence: 0n,
      // As long as somebody reads for the owner the session is not idle: a job's command may run longer than that.
      reader: 'owner',
      streams: [Stream.STREAM_PROGRESS],
      format: ValueFormat.VALUE_FORMAT_UNSPECIFIED,
      noFollow: false,
    },
    signal,
  );
  for await (const { event } of messages) if (event === undefined) break; // It ends with the final record.
}

const finals: Readonly<Partial<Record<PipelineState, CommandEnd['state']>>> = {
  [PipelineState.PIPELINE_STATE_COMPLETED]: 'completed',
  [PipelineState.PIPELINE_STATE_FAILED]: 'failed',
  [PipelineState.PIPELINE_STATE_STOPPED]: 'stopped',
};

function requestId(job: Job, index: number, what: 'open' | 'run'): string {
  return `job:${job.id}:${String(index)}:${what}`;
}

function clientOf(job: Job): string {
  return `job:${job.id}`;
}

function errorOf({ code, message, facts }: Problem): RunspaceError {
  return new RunspaceError(code, message, { facts });
}

function dataOf({ code, message, facts }: RunspaceError): Problem {
  return { code, message, facts };
}

function credentialLost(target: string): RunspaceError {
  return new RunspaceError(
    'CREDENTIAL_LOST',
    `the daemon was started again before ${target} had its turn, and credentials and variables are never stored; start the job again`,
    { facts: { target } },
  );
}

function connectTimeout(target: string): RunspaceError {
  return new RunspaceError('CONNECT_TIMEOUT', `no session could be opened at ${target} in time`, {
    facts: { target },
  });
}
