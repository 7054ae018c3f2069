import type { Api } from './api';
import { AcknowledgeSender } from './acknowledge';
import { RunspaceError, toError } from './error';
import type { PipelineSnapshot, StopPipelineResponse } from './gen/runspace/v1/pipeline';
import { FinalState } from './gen/runspace/v1/record';
import { recordBatches, type FeedSource } from './feed';
import type { Host } from './host';
import { HostDesk, WaitingCalls, type HostCallRecord } from './host-calls';
import { respondToHostCall, type HostCallAnswer } from './respond';
import { stopPipeline } from './stop';
import { fromValue } from './value/from-value';
import type { SessionRecord } from './record';

/** How a pipeline's records are got; what the invoking and the receiving side differ in. */
export type PipelineSource = Pick<
  FeedSource,
  'open' | 'endsEarly' | 'afterSequence' | 'onInputAccepted' | 'close'
>;

/** What a pipeline handle is made of. */
export interface PipelineSpec {
  readonly api: Api;
  /** The session, as the caller named it. */
  readonly session: string;
  readonly source: PipelineSource;
  /** Whether records are acknowledged on reader `owner` once the consumer asks for more. */
  readonly acknowledge: boolean;
  /** Answers what the command asks. */
  readonly host: Host | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * A command whose records are being read, whether it was started here or is only received. Reading it is one go:
 * use one of `batches`, `records` and `values`, once. A consumer that leaves early leaves the command running.
 */
export class Pipeline {
  /** What the daemon said first; rejects where the command could not be started or found. */
  readonly started: Promise<PipelineSnapshot | undefined>;
  readonly #spec: PipelineSpec;
  readonly #batches: AsyncGenerator<readonly SessionRecord[], void, undefined>;
  readonly #first: Promise<IteratorResult<readonly SessionRecord[], void>>;
  readonly #acknowledge: AcknowledgeSender;
  readonly #calls = new WaitingCalls();
  #resolveStarted: (snapshot: PipelineSnapshot | undefined) => void = () => undefined;
  #snapshot: PipelineSnapshot | undefined;
  #lastSequence = 0n;

  constructor(spec: PipelineSpec) {
    this.#spec = spec;
    this.#acknowledge = new AcknowledgeSender(spec.api, () => this.#key());
    this.#batches = recordBatches(this.#feedSource(), spec.api.backoff(spec.signal));
    this.#first = this.#batches.next();
    this.started = this.#startedOnce();
    this.started.catch(() => undefined); // Whoever reads the records hears of it there.
  }

  /** The command's id; undefined until the daemon has answered. */
  get id(): string | undefined {
    return this.#snapshot?.pipeline?.id;
  }

  /** What the daemon said last of the command, when the stream was opened. */
  get snapshot(): PipelineSnapshot | undefined {
    return this.#snapshot;
  }

  /** The last number that came in; a receive after it goes on without a hole. */
  get lastSequence(): bigint {
    return this.#lastSequence;
  }

  /** The records in batches, as they arrive. */
  async *batches(): AsyncGenerator<readonly SessionRecord[], void, undefined> {
    const failure = new Failure();
    using desk = this.#desk(failure);
    try {
      const next = (batch: Promise<Batch>): Promise<Batch> =>
        desk === undefined ? batch : Promise.race([batch, failure.promise]);
      for (let batch = await this.#first; batch.done !== true; batch = await next(this.#batches.next())) {
        const last = this.#lastSequence;
        yield batch.value;
        // Only now has the consumer seen what was written before the question.
        desk?.take(this.waitingCalls(batch.value));
        if (this.#spec.acknowledge) this.#acknowledge.upTo(last);
      }
      await this.#acknowledge.flush();
    } finally {
      await this.#batches.return();
    }
  }

  /** Those of a batch that are host calls which nobody has answered yet: this program may. */
  waitingCalls(batch: readonly SessionRecord[]): readonly HostCallRecord[] {
    return batch.filter((record) => this.#calls.isWaiting(record));
  }

  /** The records one by one. The last is the `final` one. */
  async *records(): AsyncGenerator<SessionRecord, void, undefined> {
    for await (const batch of this.batches()) yield* batch;
  }

  /**
   * The command's output as natural JavaScript values. Throws a RunspaceError with the final record's reason when the
   * command failed or was stopped, after the values that came before.
   */
  async *values(): AsyncGenerator {
    let lastError: string | undefined;
    for await (const record of this.records()) {
      if (record.stream === 'output') yield fromValue(record.value);
      if (record.stream === 'error') lastError = record.message;
      if (record.stream === 'final' && record.state !== FinalState.FINAL_STATE_COMPLETED) {
        const { reason, message, metadata } = record.problem ?? {
          reason: 'STOPPED',
          message: '',
          metadata: {},
        };
        throw new RunspaceError(reason, lastError ?? message, { grpcCode: 'ABORTED', metadata });
      }
    }
  }

  /** Asks the command to end; its last records still come. The answer says when the engine did not react. */
  async stop(
    options: { readonly force?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<StopPipelineResponse> {
    await this.started;
    return await stopPipeline(this.#spec.api, { ...this.#key(), ...options });
  }

  /** Answers a host call of this command. Rejects as `Pipelines.respond` does. */
  respond(callId: bigint, answer: HostCallAnswer): Promise<void> {
    return respondToHostCall(this.#spec.api, { ...this.#key(), callId, ...answer });
  }

  /** Says that records up to this number are safe, so that the daemon may free them. */
  async acknowledge(sequence: bigint): Promise<void> {
    this.#acknowledge.upTo(sequence);
    await this.#acknowledge.flush();
  }

  /** Leaves the command running and its records kept. */
  async close(): Promise<void> {
    await this.#first.catch(() => undefined);
    await this.#batches.return();
  }

  #key(): { readonly session: string; readonly pipeline: string } {
    return { session: this.#snapshot?.sessionId ?? this.#spec.session, pipeline: this.id ?? '' };
  }

  #desk(failure: Failure): HostDesk | undefined {
    const { host } = this.#spec;
    if (host === undefined) return undefined;
    const respond = (callId: bigint, answer: HostCallAnswer): Promise<void> => this.respond(callId, answer);
    return new HostDesk(host, respond, (error) => {
      failure.reject(toError(error));
    });
  }

  #feedSource(): FeedSource {
    return {
      ...this.#spec.source,
      onSnapshot: (snapshot) => {
        this.#snapshot = snapshot;
        this.#calls.snapshot(snapshot);
        this.#resolveStarted(snapshot);
      },
      onPosition: (sequence) => (this.#lastSequence = sequence),
    };
  }

  /** There is no snapshot where there was nothing to receive. */
  #startedOnce(): Promise<PipelineSnapshot | undefined> {
    return new Promise((resolve, reject) => {
      this.#resolveStarted = resolve;
      if (this.#snapshot !== undefined) resolve(this.#snapshot);
      this.#first.then(() => {
        resolve(this.#snapshot);
      }, reject);
    });
  }
}

type Batch = IteratorResult<readonly SessionRecord[], void>;

/** What ends the reading of records from outside. */
class Failure {
  readonly promise: Promise<never>;
  #reject: (error: Error) => void = () => undefined;

  constructor() {
    this.promise = new Promise((_resolve, reject) => {
      this.#reject = reject;
    });
    this.promise.catch(() => undefined); // Where nobody reads any more, nobody has to know.
  }

  reject(error: Error): void {
    this.#reject(error);
  }
}
