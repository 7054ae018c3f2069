import { rmSync } from 'node:fs';
import { offsetBefore } from './segment-cursor';
import { segmentHeaderBytes, type Segment } from './segment';

/** The segments of one journal that are still there, oldest first. A number's segment is found by its first number. */
export class SegmentList {
  readonly #segments: Segment[];

  constructor(segments: readonly Segment[]) {
    this.#segments = [...segments];
  }

  get oldest(): Segment | undefined {
    return this.#segments[0];
  }

  get newest(): Segment | undefined {
    return this.#segments.at(-1);
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.endPosition - (this.oldest?.base ?? 0);
  }

  /** Bytes ever written, counted from where the oldest segment's base counts. */
  get endPosition(): number {
    const { newest } = this;
    return newest === undefined ? 0 : newest.base + newest.end;
  }

  add(segment: Segment): void {
    this.#segments.push(segment);
  }

  /** The segment that holds the number, and that segment's last number; `last` is the journal's. */
  holding(sequence: bigint, last: bigint): { readonly segment: Segment; readonly last: bigint } | undefined {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const segment = this.#segments[middle];
      if (segment !== undefined && segment.first <= sequence) low = middle + 1;
      else high = middle;
    }
    const segment = this.#segments[low - 1];
    const following = this.#segments[low];
    return segment && { segment, last: following === undefined ? last : following.first - 1n };
  }

  /** Bytes written up to and including this number, or a little less: exact only at index points and at the end. */
  positionAfter(sequence: bigint, last: bigint): number {
    if (sequence >= last) return this.endPosition;
    const segment = this.holding(sequence + 1n, last)?.segment;
    if (segment === undefined) return this.oldest?.base ?? 0;
    const offset = offsetBefore(segment, sequence + 1n);
    return segment.base + (offset === segmentHeaderBytes ? 0 : offset);
  }

  /** The oldest segment's last number, unless it is the newest, which still grows. */
  get oldestSealedLast(): bigint | undefined {
    const following = this.#segments[1];
    return following && following.first - 1n;
  }

  /** Deletes the oldest segment's file; the bytes that are now free. */
  removeOldest(): number {
    const oldest = this.#segments.shift();
    if (oldest === undefined) return 0;
    rmSync(oldest.path, { force: true });
    return oldest.end;
  }
}
