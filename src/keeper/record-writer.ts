import { RunspaceError, toError } from '../core/error';
import type { Clock } from '../core/clock';
import type { FinalRecord, StreamRecord } from '../core/record';
import type { StreamCounter } from '../core/stream-counts';
import { Record as ProtoRecord } from '../gen/runspace/v1/record';
import type { Journal } from '../journal/journal';
import { batchBytes } from './limits';
import { recordBody } from './record-to-proto';
import type { Secrets } from './secrets';
import { repeatedField } from './wire';

/** What a writer needs. */
export interface WriterParts {
  readonly journal: Journal;
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** Told of every record; left out: nobody counts. */
  readonly counter?: StreamCounter | undefined;
}

interface WaitingRecord {
  readonly stream: StreamRecord['stream'];
  readonly bytes: Uint8Array;
}

/**
 * Encodes records as members of a RecordBatch, once, and appends them to a journal in batches. Numbers are inside the
 * records, so they are given when a record is added: it becomes the last one of the journal after those that wait.
 */
export class RecordWriter {
  readonly #journal: Journal;
  readonly #secrets: Secrets;
  readonly #clock: Clock;
  readonly #counter: StreamCounter | undefined;
  /** Kept from record to record, since a new one makes a new buffer each time. */
  #encoder = newEncoder();
  #waiting: WaitingRecord[] = [];
  #waitingBytes = 0;
  #addedBytes = 0;

  constructor({ journal, secrets, clock, counter }: WriterParts) {
    this.#journal = journal;
    this.#secrets = secrets;
    this.#clock = clock;
    this.#counter = counter;
  }

  /** Records that were added and not written. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Bytes of all records that were ever added. */
  get addedBytes(): number {
    return this.#addedBytes;
  }

  /** Takes the record back that was added last and is not written. */
  takeBack(): void {
    const taken = this.#waiting.pop();
    if (taken === undefined) return;
    this.#waitingBytes -= taken.bytes.length;
    this.#addedBytes -= taken.bytes.length;
    this.#counter?.add(taken.stream, -1);
  }

  /** Adds a record; says whether a batch is full, and `flush` due. */
  add(record: StreamRecord): 'full' | 'hasRoom' {
    const encoded = this.#encode(record);
    this.#waiting.push(encoded);
    this.#waitingBytes += encoded.bytes.length;
    this.#addedBytes += encoded.bytes.length;
    this.#counter?.add(encoded.stream, 1);
    return this.#waitingBytes >= batchBytes ? 'full' : 'hasRoom';
  }

  /** Writes what waits as one batch. Throws JOURNAL_FULL: then it still waits. */
  flush(): void {
    const records = this.#waiting;
    if (records.length === 0) return;
    this.#journal.append(records.length, () => encodeBatch(records));
    this.#clear();
  }

  /** Lets go of what waits; returns how many records that were. */
  drop(): number {
    const count = this.#waiting.length;
    for (const { stream } of this.#waiting) this.#counter?.add(stream, -1);
    this.#clear();
    return count;
  }

  /**
   * Writes the final record, with what waits in the same batch, and makes the journal final; the promise then waits
   * for the disk itself. Rejects with JOURNAL_FULL; `journal.isFinal` tells whether readers have it.
   */
  async finish(final: FinalRecord): Promise<void> {
    this.add(final);
    const records = this.#waiting;
    this.#clear();
    await this.#journal.finish(records.length, () => encodeBatch(records));
  }

  /** A record that can't be encoded (a number out of its kind's range, say) becomes an error in its place. */
  #encode(record: StreamRecord): WaitingRecord {
    const sequence = this.#journal.last + 1n + BigInt(this.#waiting.length);
    const time = new Date(this.#clock.now());
    try {
      const bytes = this.#bytesOf({ sequence, time, body: recordBody(record, this.#secrets) });
      return { stream: record.stream, bytes };
    } catch (thrown) {
      this.#encoder = newEncoder();
      const message = `a record of the ${record.stream} stream could not be kept: ${toError(thrown).message}`;
      const fullyQualifiedErrorId = 'RecordNotKept';
      const body = recordBody({ stream: 'error', message, fullyQualifiedErrorId }, this.#secrets);
      return { stream: 'error', bytes: this.#bytesOf({ sequence, time, body }) };
    }
  }

  #bytesOf(record: ProtoRecord): Uint8Array {
    const bytes = ProtoRecord.encode(record, this.#encoder).finish();
    if (bytes.length > largestKeptBuffer) this.#encoder = newEncoder();
    return bytes;
  }

  #clear(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}

/** An empty record leaves nothing but the writer it was encoded with. */
function newEncoder(): ReturnType<typeof ProtoRecord.encode> {
  return ProtoRecord.encode({ sequence: 0n, time: undefined, body: undefined });
}

/** A writer that has grown beyond this is not kept. */
const largestKeptBuffer = 1024 * 1024;

/** Number of RecordBatch.records. */
const recordsField = 1;

function encodeBatch(records: readonly WaitingRecord[]): Uint8Array {
  return repeatedField(
    recordsField,
    records.map(({ bytes }) => bytes),
  );
}

/** JOURNAL_FULL is the one error of a journal that a pipeline survives. */
export function isJournalFull(thrown: unknown): thrown is RunspaceError {
  return thrown instanceof RunspaceError && thrown.code === 'JOURNAL_FULL';
}
