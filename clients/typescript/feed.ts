import type { Backoff } from './backoff';
import { protocolError, streamEnded } from './error';
import {
  PipelineState,
  type PipelineSnapshot,
  type ReceivePipelineResponse,
} from './gen/runspace/v1/pipeline';
import { joined, joinedGap, originOf, type RecordOrigin, type SessionRecord } from './record';

/** One message of a stream of records. */
export type FeedEvent = NonNullable<ReceivePipelineResponse['event']>;

/** Where a feed stands. */
export interface FeedPosition {
  /** Id of the pipeline; undefined until the first snapshot. */
  readonly pipelineId: string | undefined;
  /** Last number that was handed out; undefined: the daemon chooses where to begin. */
  readonly afterSequence: bigint | undefined;
}

/** Where records come from. */
export interface FeedSource {
  /** Opens the stream from a position on; called again after each loss. */
  open(position: FeedPosition): AsyncIterable<{ readonly event?: FeedEvent | undefined }>;
  /** Whether a stream that ends before the final record is whole. */
  readonly endsEarly: boolean;
  /** Where the first stream begins; undefined: the daemon chooses. */
  readonly afterSequence: bigint | undefined;
  readonly onSnapshot: (snapshot: PipelineSnapshot) => void;
  /** The last number is `sequence`; called before the records are handed out. */
  readonly onPosition: (sequence: bigint) => void;
  readonly onInputAccepted: (number: bigint) => void;
  /** The records are read to their end, or nobody wants more. */
  readonly close: () => void;
}

/**
 * A pipeline's records in batches, from the source's streams. A lost stream is opened again after the last number
 * that was handed out, with growing delays; so each record comes once, in order. Ends with the final record.
 */
export async function* recordBatches(
  source: FeedSource,
  backoff: Backoff,
): AsyncGenerator<readonly SessionRecord[], void, undefined> {
  const feed = new Feed(source);
  try {
    while (feed.isOpen) yield* batchesOfOneStream(source, feed, backoff);
  } finally {
    source.close();
  }
}

async function* batchesOfOneStream(
  source: FeedSource,
  feed: Feed,
  backoff: Backoff,
): AsyncGenerator<readonly SessionRecord[], void, undefined> {
  try {
    for await (const { event } of source.open(feed.position)) {
      const records = feed.take(event);
      if (feed.hasNews) backoff.reset();
      if (records.length > 0) yield records;
    }
    if (source.endsEarly || feed.isRead) feed.close();
    if (feed.isOpen) throw streamEnded();
  } catch (error) {
    await backoff.pauseAfter(error);
  }
}

const notWritten = 2n ** 64n;

/** What is known of a pipeline while its records come in. */
class Feed {
  readonly #source: FeedSource;
  #origin: RecordOrigin | undefined;
  #afterSequence: bigint | undefined;
  /** Number of the final record; beyond every number while that is not written. */
  #endSequence = notWritten;
  #isOpen = true;
  #hasNews = false;

  constructor(source: FeedSource) {
    this.#source = source;
    this.#afterSequence = source.afterSequence;
  }

  get position(): FeedPosition {
    return { pipelineId: this.#origin?.pipelineId, afterSequence: this.#afterSequence };
  }

  /** Whether there may be more: the final record was not handed out yet. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether the last event was more than the snapshot that every stream begins with. */
  get hasNews(): boolean {
    return this.#hasNews;
  }

  /** There will be no more. */
  close(): void {
    this.#isOpen = false;
  }

  /** Whether the daemon said that there is no more: not even a snapshot, or a finished pipeline that was read before. */
  get isRead(): boolean {
    return this.#origin === undefined || (this.#afterSequence ?? 0n) >= this.#endSequence;
  }

  /** The records that an event brings. */
  take(event: FeedEvent | undefined): readonly SessionRecord[] {
    this.#hasNews = event !== undefined && event.$case !== 'snapshot';
    switch (event?.$case) {
      case undefined:
        return []; // Of a kind that only a newer client knows.
      case 'snapshot':
        this.#origin = originOf(event.value);
        this.#endSequence = endOf(event.value);
        this.#moveTo(event.value.afterSequence);
        this.#source.onSnapshot(event.value);
        return [];
      case 'batch':
        return event.value.records
          .filter((record) => this.#moveTo(record.sequence))
          .map((record) => {
            if (record.body?.$case === 'final') this.close();
            return joined(record, this.#originNow());
          });
      case 'gap': {
        const first = (this.#afterSequence ?? 0n) + 1n;
        const gap = event.value.from < first ? { ...event.value, from: first } : event.value;
        return this.#moveTo(gap.to) ? [joinedGap(gap, this.#originNow())] : [];
      }
      case 'heartbeat':
        this.#moveTo(event.value.sequence);
        return [];
      case 'inputAccepted':
        this.#source.onInputAccepted(event.value.number);
        return [];
    }
  }

  /** Whether the number is a new one. */
  #moveTo(sequence: bigint): boolean {
    if (this.#afterSequence !== undefined && sequence <= this.#afterSequence) return false;
    this.#afterSequence = sequence;
    this.#source.onPosition(sequence);
    return true;
  }

  #originNow(): RecordOrigin {
    if (this.#origin === undefined) {
      throw protocolError('the daemon sent records before a snapshot');
    }
    return this.#origin;
  }
}

const finalStates: ReadonlySet<PipelineState> = new Set([
  PipelineState.PIPELINE_STATE_COMPLETED,
  PipelineState.PIPELINE_STATE_FAILED,
  PipelineState.PIPELINE_STATE_STOPPED,
]);

function endOf({ pipeline }: PipelineSnapshot): bigint {
  return pipeline !== undefined && finalStates.has(pipeline.state) ? pipeline.lastSequence : notWritten;
}
