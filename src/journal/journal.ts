import { mkdirSync } from 'node:fs';
import { RunspaceError } from '../core/error';
import { JournalContents, type FoundContents } from './contents';
import { journalFull, systemCodeOf } from './disk-error';
import type { EntryKind, NewEntry } from './entry';
import type { Batch, GapReason, JournalItem } from './item';
import { sizesOf, type JournalOptions, type JournalSizes } from './options';
import { beyondEnd, readItems } from './read';
import { addIndexPoint, recover } from './recover';
import { SegmentWriter } from './segment-writer';
import { StateFile } from './state-file';
import { SyncQueue } from './sync-queue';

/**
 * The numbered output of one pipeline (or the records of one session), on disk. One writer; any number of readers.
 *
 * Theory of operation. Numbers start with 1 and have no holes: each belongs to one entry, a batch or a gap. Entries
 * go to the end of the newest segment file with one write each; only when that write has returned is the entry put
 * in the ring and are readers woken, so no reader has ever seen what is not in the file. A write that fails is cut
 * off and takes no number. Readers hold the next number they want, nothing else: if the ring has it they get it from
 * memory, else they read the segment in chunks of their own. Freeing deletes whole segments from the front; what a
 * reader finds missing in front, or can't read, is a gap in the place of its numbers.
 */
export class Journal implements AsyncDisposable {
  readonly #folder: string;
  readonly #sizes: JournalSizes;
  readonly #contents: JournalContents;
  readonly #syncs = new SyncQueue();
  /** There is one until the journal is final or closed. */
  #writer: SegmentWriter | undefined;
  #acknowledgedPosition = 0;

  private constructor(folder: string, sizes: JournalSizes, found: FoundContents) {
    this.#folder = folder;
    this.#sizes = sizes;
    this.#contents = new JournalContents(found, sizes.memoryBytes);
  }

  /** Makes the folder, if need be, in one that is there, and an empty journal in it. Throws JOURNAL_FULL. */
  static create(folder: string, options: JournalOptions = {}): Journal {
    makeFolder(folder);
    const writer = SegmentWriter.create(folder, 1n, 0);
    const found = {
      stateFile: StateFile.create(folder),
      segments: [writer.segment],
      last: 0n,
      isFinal: false,
    };
    const journal = new Journal(folder, sizesOf(options), found);
    journal.#writer = writer;
    return journal;
  }

  /**
   * Opens a journal whose writer is gone: cuts a torn tail, and goes on with the next number if the journal isn't
   * final. `finalLast` is the last number of one that is known to be final, whatever happened to its end. Damage
   * becomes gaps when it is read; JOURNAL_DAMAGED is thrown only if nothing is readable.
   */
  static async open(folder: string, options: JournalOptions = {}, finalLast?: bigint): Promise<Journal> {
    const sizes = sizesOf(options);
    const journal = new Journal(folder, sizes, await recover(folder, sizes, finalLast));
    journal.#finishRecovery();
    return journal;
  }

  /** The last number given; 0 at first. */
  get last(): bigint {
    return this.#contents.last;
  }

  /** The lowest number that was not freed; `last` + 1 if there is none. */
  get firstKept(): bigint {
    return this.#contents.firstKept;
  }

  /** The last number that the reader `owner` has acknowledged; 0 at first. */
  get acknowledged(): bigint {
    return this.#contents.stateFile.state.acknowledged;
  }

  /** Whether nothing comes any more: readers end after the last number. */
  get isFinal(): boolean {
    return this.#contents.isFinal;
  }

  /** Bytes of the segments on disk. */
  get bytes(): number {
    return this.#contents.segments.bytes;
  }

  /** Those of `bytes` that are not acknowledged; up to a 32nd of a segment too many, a whole one after recovery. */
  get unreadBytes(): number {
    return Math.max(0, this.#contents.segments.endPosition - this.#acknowledgedPosition);
  }

  /**
   * Gives the next `count` records their numbers, lets `encode` make their bytes (which are the journal's from then
   * on), writes them to the file and shows them to readers. Throws JOURNAL_FULL if the disk takes no more: then
   * nothing was appended, no number is used up, and a later append may succeed.
   */
  append(count: number, encode: (first: bigint) => Uint8Array): Batch {
    return this.#appendBatch('batch', count, encode);
  }

  /** Gives the next `count` numbers to records that will never be there. Throws JOURNAL_FULL as append does. */
  appendGap(count: bigint | number, reason: GapReason): void {
    const from = this.last + 1n;
    const to = this.last + toCount(count);
    this.#write({ kind: reason, first: from, last: to, bytes: noBytes });
    this.#contents.show({ kind: 'gap', gap: { from, to, reason } });
  }

  /**
   * Appends the last batch and makes the journal final. Readers have it at once and end after it; the promise waits
   * until everything is on the disk itself (fsync, together with other journals: see SyncQueue). Rejects with
   * JOURNAL_FULL: if the batch couldn't be written the journal is not final and it may be tried again; `isFinal` tells.
   * On a full disk 4 KiB are in reserve for this batch, and `encode` is called a second time.
   */
  async finish(count: number, encode: (first: bigint) => Uint8Array): Promise<Batch> {
    const batch = this.#appendFinal(count, encode);
    const { newest } = this.#contents.segments;
    this.#syncs.add(...(newest === undefined ? [] : [newest.path]), this.#folder);
    this.#closeWriter();
    this.#contents.stateFile.note({ final: { last: this.#contents.last } });
    this.#contents.stateFile.releaseReserve();
    await this.synced();
    return batch;
  }

  /** Waits until full segments, and all of it if the journal is final, are on the disk itself. Throws JOURNAL_FULL. */
  async synced(): Promise<void> {
    try {
      await this.#syncs.settled();
    } catch (thrown) {
      throw journalFull(this.#folder, thrown);
    }
  }

  /**
   * Everything after number `after` (0: from the start), each number once, in order; then what comes, until the
   * journal is final or `signal` aborts; both end the reading without an error (a reader
   * that waits can only be ended by its signal). A batch that `after` lies within
   * comes whole, see Batch. Holds one chunk of memory while behind, and nothing on disk. Throws RECORDS_BEYOND_END if
   * the journal ends before `after`, and what `close` was given if it is closed.
   */
  read(after: bigint, signal: AbortSignal): AsyncGenerator<JournalItem, void, undefined> {
    return readItems(this.#contents, { after, chunkBytes: this.#sizes.chunkBytes }, signal);
  }

  /**
   * Records what the reader `owner` has; never goes back. Survives this process (not a power cut: then it may be
   * older). Throws RECORDS_BEYOND_END beyond `last`, JOURNAL_FULL if it couldn't be written.
   */
  acknowledge(upTo: bigint): void {
    if (upTo > this.last) throw beyondEnd(upTo, this.last);
    if (upTo <= this.acknowledged) return;
    this.#acknowledgedPosition = this.#contents.segments.positionAfter(upTo, this.last);
    this.#contents.stateFile.acknowledge(upTo);
  }

  /**
   * Deletes whole segments from the front, none that holds a number beyond `upTo`, and stops when `bytes` are free
   * (without it: as many as it can). The newest segment goes only when the journal is final. Readers get one gap in
   * the place of all that was freed, with the newest reason. Returns the bytes freed.
   */
  free(what: { readonly upTo: bigint; readonly reason: GapReason; readonly bytes?: number }): number {
    const { segments, stateFile } = this.#contents;
    const wanted = what.bytes ?? Number.POSITIVE_INFINITY;
    let freed = 0;
    while (freed < wanted) {
      const last = this.#oldestRemovableLast();
      if (last === undefined || last > what.upTo) break;
      if (last > stateFile.state.freedUpTo) stateFile.change({ freedUpTo: last, freedReason: what.reason });
      freed += segments.removeOldest();
    }
    this.#acknowledgedPosition = segments.positionAfter(this.acknowledged, this.last);
    return freed;
  }

  /** Gives the descriptors back and ends all readers with `because`. What is on disk can be opened again. */
  async close(
    because = new RunspaceError('SHUTTING_DOWN', 'the journal is being closed; read on later'),
  ): Promise<void> {
    this.#contents.closedBecause ??= because;
    this.#closeWriter();
    this.#contents.ring.clear();
    this.#contents.doorbell.ring();
    this.#syncs.hurry();
    await this.synced();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #finishRecovery(): void {
    const { final, freedUpTo, freedReason } = this.#contents.stateFile.state;
    const { isFinal, last, segments, stateFile } = this.#contents;
    if (isFinal && final === undefined) stateFile.note({ final: { last } });
    this.free({ upTo: freedUpTo, reason: freedReason });
    if (isFinal) return;
    const { newest } = segments;
    this.#writer = newest === undefined ? this.#startSegment() : SegmentWriter.resume(newest);
  }

  #appendBatch(kind: 'batch' | 'finalBatch', count: number, encode: (first: bigint) => Uint8Array): Batch {
    const first = this.last + 1n;
    const last = this.last + toCount(count);
    const batch: Batch = { first, last, bytes: encode(first) };
    this.#write({ kind, ...batch });
    if (kind === 'finalBatch') this.#contents.isFinal = true;
    this.#contents.show({ kind: 'batch', batch });
    return batch;
  }

  /** The last batch must find room on a full disk: the reserve is given up for it. */
  #appendFinal(count: number, encode: (first: bigint) => Uint8Array): Batch {
    try {
      return this.#appendBatch('finalBatch', count, encode);
    } catch (thrown) {
      if (!(thrown instanceof RunspaceError) || thrown.code !== 'JOURNAL_FULL') throw thrown;
      this.#contents.stateFile.releaseReserve();
      return this.#appendBatch('finalBatch', count, encode);
    }
  }

  #write(entry: NewEntry): void {
    const writer = this.#writerFor(entry.kind, entry.bytes.length);
    const offset = writer.segment.end;
    if (entry.kind !== 'finalBatch' && offset + entry.bytes.length > bytesWithoutReserve)
      this.#contents.stateFile.makeReserve();
    writer.write(entry);
    addIndexPoint(writer.segment, { sequence: entry.first, offset }, this.#sizes.pointBytes);
    this.#contents.last = entry.last;
  }

  /** The newest segment, or a new one if it is full. The final batch never needs a new file: the disk may be full. */
  #writerFor(kind: EntryKind, length: number): SegmentWriter {
    if (this.#contents.closedBecause !== undefined) throw this.#contents.closedBecause;
    const writer = this.#writer;
    if (writer === undefined) throw alreadyFinal(this.#folder);
    if (kind === 'finalBatch' || writer.hasRoomFor(length, this.#sizes.segmentBytes)) return writer;
    const next = this.#startSegment();
    this.#syncs.add(writer.segment.path);
    writer[Symbol.dispose]();
    this.#writer = next;
    return next;
  }

  #startSegment(): SegmentWriter {
    const { segments, last } = this.#contents;
    const writer = SegmentWriter.create(this.#folder, last + 1n, segments.endPosition);
    segments.add(writer.segment);
    return writer;
  }

  #oldestRemovableLast(): bigint | undefined {
    const { segments, isFinal, last } = this.#contents;
    if (segments.oldestSealedLast !== undefined) return segments.oldestSealedLast;
    return isFinal && segments.oldest !== undefined ? last : undefined;
  }

  #closeWriter(): void {
    this.#writer?.[Symbol.dispose]();
    this.#writer = undefined;
  }
}

/**
 * A segment that ends before this needs no reserve: the disk gives whole blocks (of 4 KiB), and the first, which is
 * there since the segment's header was written, has room for the last record.
 */
const bytesWithoutReserve = 2048;

const noBytes = new Uint8Array(0);

function alreadyFinal(folder: string): RunspaceError {
  return new RunspaceError('PIPELINE_FINISHED', `the journal ${folder} is final: nothing can follow`);
}

function toCount(count: bigint | number): bigint {
  if (count >= 1 && (typeof count === 'bigint' || Number.isSafeInteger(count))) return BigInt(count);
  throw new RunspaceError('INVALID_ARGUMENT', `cannot number ${count} records: at least one is needed`);
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (thrown) {
    if (systemCodeOf(thrown) !== 'EEXIST') throw journalFull(folder, thrown);
  }
}
