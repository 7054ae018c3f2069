import { isIntact, type EntryKind } from './entry';
import type { GapReason, JournalItem } from './item';
import { segmentHeaderBytes, type Segment } from './segment';
import { SegmentReader, type PlacedEntry } from './segment-reader';

/** One reader's place in one segment. Holds its chunk and no more. */
export class SegmentCursor {
  readonly segment: Segment;
  readonly #reader: SegmentReader;
  #offset: number;

  /** A cursor that starts with the entry that holds `next`, or a little before it. */
  constructor(segment: Segment, next: bigint, chunkBytes: number) {
    this.segment = segment;
    this.#reader = new SegmentReader(segment.path, chunkBytes);
    this.#offset = offsetBefore(segment, next);
  }

  /**
   * The item that holds number `next`. `last` is the last number of this segment as of now: what can't be read up to
   * there is a gap. The numbers asked for only grow.
   */
  async itemAt(next: bigint, last: bigint): Promise<JournalItem> {
    const end = this.segment.end;
    for (;;) {
      const entry =
        (await this.#reader.entryAt(this.#offset, end)) ??
        (await this.#reader.entryAfter(this.#offset, next - 1n, end));
      if (entry === undefined) {
        this.#offset = end;
        return gap(next, last, 'damaged');
      }
      if (entry.first > next) {
        this.#offset = entry.offset;
        return gap(next, entry.first - 1n, 'damaged');
      }
      this.#offset = entry.end;
      if (entry.last >= next) return this.#itemOf(entry, next, end);
    }
  }

  async #itemOf(entry: PlacedEntry, next: bigint, end: number): Promise<JournalItem> {
    const reason = gapReasonOf(entry.kind);
    if (reason !== undefined) return gap(next, entry.last, reason);
    const bytes = await this.#reader.bytesOf(entry, end);
    if (!isIntact(entry, bytes)) return gap(next, entry.last, 'damaged');
    return { kind: 'batch', batch: { first: entry.first, last: entry.last, bytes } };
  }
}

/** Where to start reading for number `next`: the index point at or before it. */
export function offsetBefore(segment: Segment, next: bigint): number {
  const point = segment.points.findLast(({ sequence }) => sequence <= next);
  return point?.offset ?? segmentHeaderBytes;
}

function gapReasonOf(kind: EntryKind): GapReason | undefined {
  return kind === 'batch' || kind === 'finalBatch' ? undefined : kind;
}

function gap(from: bigint, to: bigint, reason: GapReason): JournalItem {
  return { kind: 'gap', gap: { from, to, reason } };
}
