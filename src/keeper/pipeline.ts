import type { RunspaceError } from '../core/error';
import { type Problem } from '../core/error';
import {
  isFinalPipelineState,
  nextPipelineState,
  type PipelineEvent,
  type PipelineState,
} from '../core/pipeline-state';
import type { FinalRecord } from '../core/record';
import { StreamCounter, type StreamCounts } from '../core/stream-counts';
import type { HostCall } from '../gen/runspace/v1/record';
import type { InputQueue } from './input-queue';
import type { PipelineJournal } from './pipeline-journal';
import type { EndedPipeline, StartedPipeline } from './pipeline-log';

/** Why a pipeline is to end. */
export interface StopRequest {
  /** What the final record says; for a plain stop: STOPPED. */
  readonly problem: RunspaceError;
  /** Wall-clock milliseconds. */
  readonly at: number;
  /** The engine is ended for it: then the loss of the engine is no failure of the command. */
  readonly endsEngine: boolean;
}

/** What a pipeline that is not finished waits for. */
export type WaitingFor = 'nothing' | 'turn' | 'input' | 'answer' | 'reader';

/** What a pipeline is made of. */
export interface PipelineParts {
  readonly started: StartedPipeline;
  readonly journal: PipelineJournal;
  readonly input: InputQueue | undefined;
  /** A former keeper began it and counted its records, which nobody can ask any more. */
  readonly isUncounted?: boolean;
  /** Called after each change that listings show. */
  readonly changed: () => void;
}

/** Said to those who waited; without a reason each abort would make an exception with its stack. */
const over = new Error('the pipeline is over');

/** One command and its output, from being recorded to being removed. Its state is assigned here only. */
export class Pipeline {
  readonly started: StartedPipeline;
  readonly journal: PipelineJournal;
  readonly input: InputQueue | undefined;
  /** Counts what it writes; undefined: a former keeper did. */
  readonly counter: StreamCounter | undefined;
  /** Resolves when the final record is readable, or can't be written for now. */
  readonly whenEnded: Promise<void>;
  readonly #changed: () => void;
  readonly #stopping = new AbortController();
  readonly #ending = new AbortController();
  #resolveEnded: () => void = () => undefined;
  #state: PipelineState = 'notStarted';
  #startedAt: number | undefined;
  #end: EndedPipeline | undefined;
  #stop: StopRequest | undefined;
  #isBlocked = false;
  /** Host calls that wait for an answer, oldest first. */
  #hostCalls: readonly HostCall[] = [];
  #answeredAt = -Infinity;
  #unwritten: RunspaceError | undefined;

  constructor({ started, journal, input, isUncounted = false, changed }: PipelineParts) {
    this.started = started;
    this.journal = journal;
    this.input = input;
    this.counter = isUncounted ? undefined : new StreamCounter();
    this.#changed = changed;
    this.whenEnded = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  /** A pipeline that a former keeper saw the end of. */
  static ended(parts: PipelineParts, end: EndedPipeline): Pipeline {
    const pipeline = new Pipeline(parts);
    pipeline.#state = end.state;
    pipeline.#end = end;
    pipeline.#resolveEnded();
    pipeline.#ending.abort(over);
    return pipeline;
  }

  get state(): PipelineState {
    return this.#state;
  }

  get isFinished(): boolean {
    return isFinalPipelineState(this.#state);
  }

  /** How it ended; undefined while it has not. */
  get end(): EndedPipeline | undefined {
    return this.#end;
  }

  /** When the engine got it; undefined: not yet, or never. */
  get startedAt(): number | undefined {
    return this.#end?.startedAt ?? this.#startedAt;
  }

  /** What it has written, by stream; undefined: nobody knows. */
  get written(): StreamCounts | undefined {
    return this.#end === undefined ? this.counter?.counts : this.#end.written;
  }

  get stop(): StopRequest | undefined {
    return this.#stop;
  }

  /** Aborts when a stop is asked for: from then on nothing holds the engine's output back. */
  get stopSignal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Aborts when it ends, for those who would wait for ever if the final record can't be written. */
  get endedSignal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Its engine's calls that wait for an answer, oldest first. */
  get hostCalls(): readonly HostCall[] {
    return this.#hostCalls;
  }

  /** When a host call was answered last, in wall-clock milliseconds; -Infinity: never. */
  get answeredAt(): number {
    return this.#answeredAt;
  }

  get waitingFor(): WaitingFor {
    if (this.isFinished) return 'nothing';
    if (this.#state === 'notStarted') return 'turn';
    if (this.#hostCalls.length > 0) return 'answer';
    if (this.#isBlocked) return 'reader';
    return this.input?.isStarved === true ? 'input' : 'nothing';
  }

  /** Set while the final record could not be written: the error to tell readers who have all that is there. */
  get unwrittenFinal(): RunspaceError | undefined {
    return this.#unwritten;
  }

  /** The engine gets it now. */
  begin(now: number): void {
    this.#apply('started');
    this.#startedAt = now;
    this.#changed();
  }

  /**
   * Asks for its end; true for the first who asks. A queued one is ended by the session, a finished one stays as it
   * is. The first reason counts, unless a later request ends the engine.
   */
  requestStop(request: StopRequest): boolean {
    if (this.isFinished) return false;
    if (this.#stop !== undefined) {
      if (request.endsEngine) this.#stop = { ...request, at: this.#stop.at };
      return false;
    }
    this.#stop = request;
    if (this.#state === 'running') this.#apply('stopRequested');
    this.input?.discard();
    this.#hostCalls = [];
    this.#stopping.abort(over);
    this.#changed();
    return true;
  }

  /** Its engine asks its host something, and waits. */
  ask(call: HostCall): void {
    this.#hostCalls = [...this.#hostCalls, call];
    this.#changed();
  }

  /** A host call was answered. */
  answered(callId: bigint, now: number): void {
    this.#hostCalls = this.#hostCalls.filter((call) => call.callId !== callId);
    this.#answeredAt = now;
    this.#changed();
  }

  /** Whether it waits for a reader, because the session's unread output is at its limit. */
  setBlocked(isBlocked: boolean): void {
    if (this.#isBlocked === isBlocked) return;
    this.#isBlocked = isBlocked;
    this.#changed();
  }

  /** Its final record was written. */
  finish(final: FinalRecord, now: number): EndedPipeline {
    this.#apply(eventOf(final, this.#state));
    const end: EndedPipeline = {
      state: final.state,
      problem: final.reason === undefined ? undefined : problemOf(final.reason),
      exitCode: final.exitCode,
      written: this.counter?.counts,
      startedAt: this.#startedAt,
      endedAt: now,
      last: this.journal.lastOfAll,
    };
    this.#end = end;
    this.#isBlocked = false;
    this.#hostCalls = [];
    this.input?.discard();
    this.#resolveEnded();
    this.#ending.abort(over);
    this.#changed();
    return end;
  }

  /** The final record found no room on the disk; undefined: now it did. */
  setUnwrittenFinal(error: RunspaceError | undefined): void {
    this.#unwritten = error;
  }

  #apply(event: PipelineEvent): void {
    const next = nextPipelineState(this.#state, event);
    if (next === undefined) throw new Error(`a pipeline that is ${this.#state} cannot take ${event}`);
    this.#state = next;
  }
}

function eventOf(final: FinalRecord, state: PipelineState): PipelineEvent {
  switch (final.state) {
    case 'completed':
      return 'engineCompleted';
    case 'failed':
      return 'engineFailed';
    case 'stopped':
      return state === 'notStarted' ? 'stopRequested' : 'engineStopped';
  }
}

/** The error as data that outlives it. */
function problemOf({ code, message, facts }: RunspaceError): Problem {
  return { code, message, facts };
}
