import type { Clock } from '../core/clock';
import type { Log } from '../core/log';
import type { FinalRecord } from '../core/record';
import type { Engine, Invocation } from '../engine/engine';
import { endPipeline } from './end-pipeline';
import type { Pipeline } from './pipeline';
import { PipelineRun, type OutputQuota } from './pipeline-run';
import type { RunTimeouts } from './run-clock';
import type { Secrets } from './secrets';
import type { SessionQuota } from './session-quota';

/** A command that waits for its turn. */
export interface QueuedCommand {
  readonly pipeline: Pipeline;
  readonly invocation: Invocation;
  readonly timeouts: RunTimeouts;
  /** Bytes of records that it may write; undefined: no limit. */
  readonly dataLimitBytes: number | undefined;
  /** False while it is being written down: until then the engine must not see it. */
  isRecorded: boolean;
}

/** An open engine; `gone` aborts with the reason a while after it is no more. */
export interface LiveEngine {
  readonly engine: Engine;
  readonly gone: AbortSignal;
}

/** What a queue needs. */
export interface QueueParts {
  /** The engine, while there is an open one, and the signal that tells when it is gone. */
  readonly engine: () => LiveEngine | undefined;
  readonly secrets: Secrets;
  readonly quota: SessionQuota;
  readonly outputQuota: OutputQuota;
  readonly clock: Clock;
  readonly log: Log;
  /** Called after each change: something began, ended, or moved up. */
  readonly changed: () => void;
  /** Called with each pipeline that ended. */
  readonly ended: (pipeline: Pipeline) => void;
}

/** The commands of one session, first come first served, one at a time. */
export class CommandQueue {
  readonly #parts: QueueParts;
  #waiting: QueuedCommand[] = [];
  #running: Pipeline | undefined;

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  get running(): Pipeline | undefined {
    return this.#running;
  }

  /** Commands that wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** 0: not waiting; 1: next. */
  placeOf(pipeline: Pipeline): number {
    return this.#waiting.findIndex((command) => command.pipeline === pipeline) + 1;
  }

  /** Takes a place at once; `advance` runs it when its turn has come and it is recorded. */
  add(command: QueuedCommand): void {
    this.#waiting.push(command);
    this.#parts.changed();
  }

  /** Runs the next command, if one may run now. Called whenever that may have changed. */
  advance(): void {
    const engine = this.#parts.engine();
    const [next] = this.#waiting;
    if (engine === undefined || this.#running !== undefined || next?.isRecorded !== true) return;
    this.#waiting.shift();
    this.#running = next.pipeline;
    next.pipeline.begin(this.#parts.clock.now());
    void this.#run(next, engine);
  }

  /** Takes a waiting command out; false where it does not wait. */
  take(pipeline: Pipeline): boolean {
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter((command) => command.pipeline !== pipeline);
    if (this.#waiting.length === before) return false;
    this.#parts.changed();
    return true;
  }

  /** Takes a waiting command out and ends it; where it does not wait, nothing happens. */
  async end(pipeline: Pipeline, final: FinalRecord): Promise<void> {
    if (this.take(pipeline)) await this.#endTaken(pipeline, final);
  }

  /** Ends all that wait. */
  async endAll(final: FinalRecord): Promise<void> {
    const taken = this.#waiting;
    this.#waiting = [];
    await Promise.all(taken.map(({ pipeline }) => this.#endTaken(pipeline, final)));
  }

  async #run({ pipeline, ...command }: QueuedCommand, live: LiveEngine): Promise<void> {
    const { log, clock, ended } = this.#parts;
    log.debug('pipeline started', { pipeline: pipeline.started.id });
    await pipeline.journal.use((journal) =>
      PipelineRun.run({
        ...this.#parts,
        pipeline,
        journal,
        engine: live.engine,
        engineGone: live.gone,
        ...command,
      }),
    );
    const ms = clock.now() - (pipeline.startedAt ?? 0);
    log.info('pipeline ended', { pipeline: pipeline.started.id, state: pipeline.state, ms });
    this.#running = undefined;
    ended(pipeline);
    this.#parts.changed();
    this.advance();
  }

  async #endTaken(pipeline: Pipeline, final: FinalRecord): Promise<void> {
    try {
      await endPipeline(pipeline, final, this.#parts);
    } catch (thrown) {
      // Its journal can't be opened any more. It ends all the same, or who waits for it would wait for ever.
      this.#parts.log.error('queued pipeline not ended', thrown, { pipeline: pipeline.started.id });
      if (pipeline.end === undefined) pipeline.finish(final, this.#parts.clock.now());
    }
    this.#parts.ended(pipeline);
    this.#parts.changed();
  }
}
