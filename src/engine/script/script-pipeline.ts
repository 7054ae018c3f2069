import { RunspaceError } from '../../core/error';
import type { FinalRecord, StreamRecord } from '../../core/record';
import { Collector } from './collector';
import type { DoneReport } from './message';

/**
 * One running command, seen from the engine: what it writes is collected here, and handed to the one consumer
 * at its pace. Its last record is the final one.
 */
export class ScriptPipeline {
  readonly run: number;
  readonly collector = new Collector();
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  /** A stop was asked for. */
  isStopping = false;
  /** Resolves when it has its final record. */
  readonly finished: Promise<void>;
  #isAbandoned = false;
  #final: FinalRecord | undefined;
  #failure: RunspaceError | undefined;
  #done: DoneReport | undefined;
  readonly #marksSeen = new Set<number>();
  #finished: () => void = () => undefined;
  #wakeConsumer: () => void = () => undefined;
  #wakeProducer: () => void = () => undefined;

  constructor(run: number, startedAt: number) {
    this.run = run;
    this.startedAt = startedAt;
    this.finished = new Promise((resolve) => {
      this.#finished = resolve;
    });
  }

  /** Whether the interpreter has ended it and only its descriptors are waited for. */
  get awaitsMarks(): boolean {
    return this.#done !== undefined && this.#final === undefined;
  }

  get isFinished(): boolean {
    return this.#final !== undefined;
  }

  /** Whether it failed on our side: its further output is dropped. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Something came that can't be handed on; the command is to be stopped, and will end as failed. */
  fail(error: RunspaceError): void {
    this.#failure = error;
    this.collector.forgetPartial();
    this.collector.record({
      stream: 'error',
      message: error.message,
      fullyQualifiedErrorId: error.code,
      category: 'LimitsExceeded',
    });
  }

  /** The interpreter's word that the command is over. */
  done(report: DoneReport): void {
    this.#done = report;
    this.#finishWhenMarked();
  }

  /** All that was written to this descriptor before the end has come. */
  markSeen(descriptor: number): void {
    this.#marksSeen.add(descriptor);
    this.#finishWhenMarked();
  }

  /** No mark will come any more. */
  giveUpMarks(): void {
    if (this.#done !== undefined) this.#finish(this.#done);
  }

  /** Ends it without the interpreter's word. */
  end(final: FinalRecord): void {
    if (this.#final !== undefined) return;
    this.collector.flush();
    this.collector.record(final);
    this.#final = final;
    this.#finished();
    this.#wakeConsumer();
    this.#wakeProducer();
  }

  /** The next records, at least one; the last are followed by none. */
  async take(): Promise<readonly StreamRecord[]> {
    while (!this.collector.hasRecords() && this.#final === undefined)
      await new Promise<void>((resolve) => {
        this.#wakeConsumer = resolve;
      });
    const records = this.collector.take();
    this.#wakeProducer();
    return records;
  }

  /** Nobody takes records any more: they are thrown away. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#wakeProducer();
  }

  /** Resolves when the consumer has taken all that was collected, or nothing more can come. */
  async taken(): Promise<void> {
    if (!this.collector.hasRecords()) return;
    this.#wakeConsumer();
    while (this.collector.hasRecords() && !this.#isAbandoned && this.#final === undefined)
      await new Promise<void>((resolve) => {
        this.#wakeProducer = resolve;
      });
    if (this.#isAbandoned) this.collector.take();
  }

  #finishWhenMarked(): void {
    const done = this.#done;
    if (done?.marked.every((descriptor) => this.#marksSeen.has(descriptor)) === true) this.#finish(done);
  }

  #finish({ state: told, exitCode, reason }: DoneReport): void {
    // A stop may reach a child process before the interpreter hears of it, which then sees a child that failed.
    const state = this.isStopping && told === 'failed' ? 'stopped' : told;
    this.end({
      stream: 'final',
      state: this.#failure === undefined ? state : 'failed',
      ...this.#reasonOf(state, reason),
      ...(exitCode === undefined ? {} : { exitCode }),
    });
  }

  #reasonOf(state: DoneReport['state'], reason: string | undefined): { readonly reason?: RunspaceError } {
    if (this.#failure !== undefined) return { reason: this.#failure };
    switch (state) {
      case 'completed':
        return {};
      case 'failed':
        return { reason: new RunspaceError('SCRIPT_FAILED', reason ?? 'the script failed') };
      case 'stopped':
        return { reason: new RunspaceError('STOPPED', 'the command was stopped') };
    }
  }
}
