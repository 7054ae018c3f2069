import type { Clock } from '../core/clock';
import { RunspaceError, toError, type Problem } from '../core/error';
import type { Log } from '../core/log';
import { pause } from '../core/pause';
import { isFinalChildState } from './child-state';
import type { Job } from './job';
import { endOfCommand, endOfError, type ChildEnd } from './outcome';
import type { ChildWork } from './work';

interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly work: ChildWork;
  /** Aborts when the daemon ends: what runs then is left as it is, for the next daemon. */
  readonly ending: AbortSignal;
  readonly over: (job: Job) => void;
}

/** Runs one job's children: at most so many at a time, in the listed order. Only what runs costs anything. */
export class Runner {
  readonly #job: Job;
  readonly #around: Surroundings;
  readonly #active = new Map<number, AbortController>();
  #next = 0;
  #cancelDeadline: () => void = () => undefined;

  constructor(job: Job, around: Surroundings) {
    this.#job = job;
    this.#around = around;
  }

  /** Begins, or goes on where a former daemon was. */
  begin(): void {
    this.#watchDeadline();
    if (this.#job.stopping !== undefined) this.stop(this.#job.stopping);
    // What had begun goes on before anything else begins.
    this.#job.children.forEach(({ state }, index) => {
      const isBegun = state !== 'notStarted' || this.#job.target(index).attached !== undefined;
      if (isBegun && !isFinalChildState(state)) this.#start(index);
    });
    this.#fill();
  }

  /** Ends what has not ended. */
  stop(why: 'asked' | 'timeUp'): void {
    const job = this.#job;
    job.requestStop(why);
    const { clock } = this.#around;
    job.children.forEach(({ state }, index) => {
      if (state === 'notStarted') this.#skip(index, why, clock.now());
      else if (!isFinalChildState(state)) {
        job.apply(index, 'stopRequested');
        void this.#stopChild(index);
      }
    });
    this.#checkOver();
  }

  /** Ends one child. */
  stopOne(index: number): void {
    const { state } = this.#job.child(index);
    if (state === 'notStarted') this.#skip(index, 'asked', this.#around.clock.now());
    else if (!isFinalChildState(state)) {
      this.#job.apply(index, 'stopRequested');
      void this.#stopChild(index);
    }
    this.#checkOver();
  }

  #watchDeadline(): void {
    const { deadline } = this.#job.stored;
    if (deadline === undefined) return;
    const { clock } = this.#around;
    this.#cancelDeadline = clock.after(deadline - clock.now(), () => {
      if (clock.now() < deadline) this.#watchDeadline();
      else this.stop('timeUp');
    });
  }

  #skip(index: number, why: 'asked' | 'timeUp', now: number): void {
    const facts = { outcome: 'skipped', endedAt: now } as const;
    if (why === 'asked') this.#job.apply(index, 'stopRequested', facts);
    else this.#job.end(index, { ...endOfError(timeUp(), false), at: now });
  }

  #fill(): void {
    const { children, stored } = this.#job;
    while (this.#active.size < stored.throttleLimit && this.#next < children.length) {
      const index = this.#next++;
      if (children[index]?.state === 'notStarted') this.#start(index);
    }
    this.#checkOver();
  }

  #start(index: number): void {
    const controller = new AbortController();
    this.#active.set(index, controller);
    void this.#run(index, controller.signal).finally(() => {
      this.#active.delete(index);
      if (!this.#around.ending.aborted) this.#fill();
    });
  }

  #checkOver(): void {
    if (!this.#job.isOver || this.#active.size > 0) return;
    this.#cancelDeadline();
    this.#around.over(this.#job);
  }

  async #run(index: number, signal: AbortSignal): Promise<void> {
    const job = this.#job;
    const { clock, log, ending } = this.#around;
    job.apply(index, 'begun', { startedAt: clock.now() });
    let end: ChildEnd;
    try {
      end = await this.#command(index, signal);
    } catch (error) {
      if (ending.aborted) return;
      end = this.#endOf(index, error);
    }
    try {
      const { sessionId } = job.child(index);
      if (job.target(index).isOwned && sessionId !== undefined) await this.#around.work.close(sessionId);
    } catch (error) {
      if (ending.aborted) return;
      log.warn('session of a job not ended', { job: job.id, why: toError(error).message });
    }
    job.end(index, { ...end, at: clock.now() });
  }

  async #command(index: number, signal: AbortSignal): Promise<ChildEnd> {
    const job = this.#job;
    const { work } = this.#around;
    let { sessionId, pipelineId } = job.child(index);
    if (sessionId === undefined) {
      sessionId = await this.#again(index, signal, () => work.open(job, index, signal));
      job.note(index, { sessionId });
    }
    const session = sessionId;
    if (pipelineId === undefined) {
      signal.throwIfAborted();
      pipelineId = await this.#again(index, signal, () => work.start({ job, index, session }, signal));
      job.note(index, { pipelineId });
      if (job.child(index).state === 'stopping') void this.#stopChild(index);
    }
    const pipeline = pipelineId;
    const end = await this.#again(index, signal, () => work.ended({ job, index, session, pipeline }, signal));
    const isTimeUp = job.stopping === 'timeUp' && end.state === 'stopped';
    return isTimeUp ? { ...endOfError(timeUp(), true), left: end.left } : endOfCommand(end);
  }

  /** What fails only for now is done again. */
  async #again<T>(index: number, signal: AbortSignal, action: () => Promise<T>): Promise<T> {
    const { clock, ending } = this.#around;
    let tries = 0;
    for (let delayMs = 50; ; delayMs = Math.min(delayMs * 2, 2_000)) {
      try {
        const result = await action();
        this.#job.apply(index, 'wayBack');
        return result;
      } catch (error) {
        tries += 1;
        if (signal.aborted || ending.aborted || !isPassing(error, tries)) throw error;
        this.#job.apply(index, 'wayLost');
        await pause(clock, delayMs, signal);
      }
    }
  }

  async #stopChild(index: number): Promise<void> {
    const controller = this.#active.get(index);
    const { sessionId, pipelineId } = this.#job.child(index);
    if (sessionId === undefined || pipelineId === undefined) {
      controller?.abort(stopped());
      return;
    }
    try {
      if (await this.#around.work.stop(sessionId, pipelineId)) return;
      controller?.abort(unanswered());
    } catch (error) {
      controller?.abort(error);
    }
  }

  #endOf(index: number, error: unknown): ChildEnd {
    const { pipelineId } = this.#job.child(index);
    if (this.#job.stopping === 'timeUp') return endOfError(timeUp(), pipelineId !== undefined);
    return endOfError(asProblem(error), pipelineId !== undefined);
  }
}

/** A keeper that is just letting a session go does not know it any more; another one will have taken it over soon. */
const mostUnknown = 8;

function isPassing(error: unknown, tries: number): boolean {
  if (!(error instanceof RunspaceError)) return false;
  if (['RECOVERING', 'SHUTTING_DOWN', 'KEEPER_LOST'].includes(error.code)) return true;
  // A session's name that means nothing has its own id of PowerShell's, and stays so.
  const isUnknown = error.code === 'SESSION_NOT_FOUND' || error.code === 'PIPELINE_NOT_FOUND';
  return isUnknown && error.facts['fully_qualified_error_id'] === undefined && tries < mostUnknown;
}

function asProblem(error: unknown): Problem {
  if (error instanceof RunspaceError) return { code: error.code, message: error.message, facts: error.facts };
  return { code: 'INTERNAL', message: toError(error).message, facts: {} };
}

function timeUp(): Problem {
  return { code: 'RUN_TIMEOUT', message: "the job's time was up", facts: {} };
}

function stopped(): RunspaceError {
  return new RunspaceError('STOPPED', 'the job was stopped');
}

function unanswered(): RunspaceError {
  return new RunspaceError('STOP_UNANSWERED', 'the engine did not answer when the job was stopped');
}
