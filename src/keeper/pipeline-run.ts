import type { Clock } from '../core/clock';
import { RunspaceError, toError } from '../core/error';
import type { Log } from '../core/log';
import type { FinalRecord, StreamRecord } from '../core/record';
import type { Engine, Invocation } from '../engine/engine';
import type { Journal } from '../journal/journal';
import { endedBy } from './ended-by';
import { FinalWriter } from './final-writer';
import type { Pipeline } from './pipeline';
import { dataTooLarge } from './data-limit';
import { hostCallToProto } from './record-to-proto';
import { isJournalFull, RecordWriter } from './record-writer';
import { RunClock, type RunTimeouts } from './run-clock';
import type { Secrets } from './secrets';
import type { SessionQuota } from './session-quota';
import { isReadyThisTurn, nextTurn } from './turn';

/** How many bytes a command may write; 0: no quota. */
export interface OutputQuota {
  readonly bytes: number;
  /** The error of a command that has written more. */
  readonly exceeded: (use: number) => RunspaceError;
}

/** What one run of a pipeline needs. */
export interface RunParts {
  readonly pipeline: Pipeline;
  readonly journal: Journal;
  readonly engine: Engine;
  /** Aborts, with the reason, some time after the engine is gone: its command's last record is made up then. */
  readonly engineGone: AbortSignal;
  readonly invocation: Invocation;
  readonly timeouts: RunTimeouts;
  readonly outputQuota: OutputQuota;
  /** Bytes of records that it may write; undefined: no limit. */
  readonly dataLimitBytes: number | undefined;
  readonly secrets: Secrets;
  readonly quota: SessionQuota;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Runs one command: pulls batches of records from the engine at the pace the session's limits allow, and writes each
 * to the journal before anybody can see it. Batches that are there together become one; what is there is never held
 * back for what may come. After each written batch the other sessions of this keeper get their turn.
 *
 * From a stop on (asked for, timed out, or because the disk or the command's data limit is full) the engine is read without pause, and what it
 * still writes is counted and left out: one gap before the final record.
 */
export class PipelineRun {
  readonly #parts: RunParts;
  readonly #writer: RecordWriter;
  readonly #runClock: RunClock;
  #leftOut = 0;
  #diskFull: RunspaceError | undefined;
  #overQuota: RunspaceError | undefined;
  #dataTooLarge: RunspaceError | undefined;

  private constructor(parts: RunParts) {
    const { pipeline, clock, timeouts } = parts;
    this.#parts = parts;
    this.#writer = new RecordWriter({ ...parts, counter: pipeline.counter });
    this.#runClock = new RunClock({
      clock,
      timeouts,
      heldUntil: () =>
        ['reader', 'answer'].includes(pipeline.waitingFor) ? clock.now() : pipeline.answeredAt,
      expired: (problem) => this.#stop(problem),
    });
  }

  /** Resolves when the final record is readable (or kept in memory, where the disk has no room for it). Never rejects. */
  static async run(parts: RunParts): Promise<void> {
    const run = new PipelineRun(parts);
    let final: FinalRecord;
    try {
      final = await run.#pump();
    } catch (thrown) {
      parts.log.error('pipeline failed by us', thrown, { pipeline: parts.pipeline.started.id });
      parts.engine.stop();
      final = { stream: 'final', state: 'failed', reason: internal(thrown) };
    } finally {
      run.#runClock[Symbol.dispose]();
    }
    run.#finish(final);
  }

  async #pump(): Promise<FinalRecord> {
    const batches = this.#batches();
    try {
      return await this.#read(batches);
    } finally {
      // Where reading failed, the engine learns that nobody listens any more.
      batches.return(undefined).catch(() => undefined);
    }
  }

  async #read(batches: AsyncGenerator<readonly StreamRecord[]>): Promise<FinalRecord> {
    let next = batches.next();
    // A stop that came before the engine had the command found nothing to stop.
    if (this.#parts.pipeline.stop !== undefined) this.#parts.engine.stop();
    for (;;) {
      const result = await next;
      if (result.done === true) return withoutFinal();
      for (const record of result.value) {
        if (record.stream === 'final') return record;
        await this.#take(record);
      }
      this.#runClock.noteOutput();
      next = batches.next();
      // What fails before it is awaited must not count as unhandled; it is awaited at the top.
      next.catch(() => undefined);
      if (this.#writer.waiting > 0 && !(await isReadyThisTurn(next))) await this.#flush();
    }
  }

  /** The engine's batches; where it is gone without a final record, one that says so. */
  #batches(): AsyncGenerator<readonly StreamRecord[]> {
    const { engine, engineGone: signal, invocation } = this.#parts;
    const last = (): readonly StreamRecord[] => [
      { stream: 'final', state: 'failed', reason: internal(signal.reason) },
    ];
    return endedBy(engine.invoke(invocation), { signal, last });
  }

  async #take(record: StreamRecord): Promise<void> {
    const { pipeline, engine, secrets } = this.#parts;
    const asks = record.stream === 'hostCall' && record.needsResponse;
    if (pipeline.stop !== undefined) {
      // A block that cleans up would wait for ever for an answer to what nobody was shown.
      if (asks) engine.respond?.(record.callId, { is: 'unanswered' });
      this.#leftOut += 1;
      return;
    }
    const room = this.#writer.add(record);
    if (this.#isOverQuota()) {
      if (asks) engine.respond?.(record.callId, { is: 'unanswered' });
      return;
    }
    if (asks) pipeline.ask(hostCallToProto(record, secrets));
    if (room === 'full') await this.#flush();
  }

  /** A record that is over the quota or the session's own limit is left out, and the command is stopped. */
  #isOverQuota(): boolean {
    const { outputQuota, dataLimitBytes } = this.#parts;
    const use = this.#writer.addedBytes;
    const isOverData = dataLimitBytes !== undefined && use > dataLimitBytes;
    if (!isOverData && (outputQuota.bytes === 0 || use <= outputQuota.bytes)) return false;
    this.#writer.takeBack();
    this.#leftOut += 1;
    if (isOverData) this.#dataTooLarge = dataTooLarge(dataLimitBytes);
    else this.#overQuota = outputQuota.exceeded(use);
    this.#stop(this.#dataTooLarge ?? outputQuota.exceeded(use));
    return true;
  }

  async #flush(): Promise<void> {
    const { journal, quota, pipeline } = this.#parts;
    const before = journal.bytes;
    try {
      this.#writer.flush();
    } catch (thrown) {
      if (!isJournalFull(thrown)) throw thrown;
      this.#noRoom(thrown);
      return;
    }
    await quota.afterWrite(journal.bytes - before, pipeline);
    await nextTurn();
  }

  /** The disk takes no more: the command is stopped, the session goes on. */
  #noRoom(error: RunspaceError): void {
    this.#leftOut += this.#writer.drop();
    this.#diskFull = error;
    this.#stop(error);
  }

  #stop(problem: RunspaceError): void {
    const { pipeline, engine, clock } = this.#parts;
    if (pipeline.requestStop({ problem, at: clock.now(), endsEngine: false })) engine.stop();
  }

  #finish(engineFinal: FinalRecord): void {
    const final = this.#finalOf(engineFinal);
    new FinalWriter(final, { ...this.#parts, writer: this.#writer }).write(this.#leftOut);
  }

  #finalOf(final: FinalRecord): FinalRecord {
    const { stop } = this.#parts.pipeline;
    const failure = this.#diskFull ?? this.#dataTooLarge;
    if (failure !== undefined) return { stream: 'final', state: 'failed', reason: failure };
    // It may have ended by itself before it could be stopped, and did not write all that it wanted to.
    if (this.#overQuota !== undefined) return { ...final, state: 'stopped', reason: this.#overQuota };
    if (stop === undefined) return final;
    const endedByUs = final.state === 'failed' && final.reason?.code === 'ENGINE_LOST' && stop.endsEngine;
    if (final.state !== 'stopped' && !endedByUs) return final;
    return { ...final, state: 'stopped', reason: stop.problem };
  }
}

function withoutFinal(): FinalRecord {
  const reason = new RunspaceError(
    'ENGINE_PROTOCOL_ERROR',
    'the engine ended the command without saying how',
  );
  return { stream: 'final', state: 'failed', reason };
}

function internal(thrown: unknown): RunspaceError {
  if (thrown instanceof RunspaceError) return thrown;
  return new RunspaceError('INTERNAL', 'something unexpected failed in the keeper; its log has it', {
    cause: toError(thrown),
  });
}
