import { closeSync, ftruncateSync, openSync, unlinkSync, writevSync } from 'node:fs';
import { journalFull } from './disk-error';
import { encodeEntryHeader, entryHeaderBytes, type NewEntry } from './entry';
import { encodeSegmentHeader, segmentHeaderBytes, segmentPath, type Segment } from './segment';

/** Writes entries at the end of the newest segment. Owns the file's descriptor. */
export class SegmentWriter implements Disposable {
  readonly segment: Segment;
  readonly #fd: number;
  readonly #header = Buffer.alloc(entryHeaderBytes);
  #isClosed = false;

  private constructor(segment: Segment, fd: number) {
    this.segment = segment;
    this.#fd = fd;
  }

  /** Starts a new file. Leaves none behind when it can't: throws JOURNAL_FULL. */
  static create(folder: string, first: bigint, base: number): SegmentWriter {
    const path = segmentPath(folder, first);
    let fd: number | undefined;
    try {
      fd = openSync(path, 'wx', 0o600);
      writeWhole(fd, [encodeSegmentHeader(first)], 0);
    } catch (thrown) {
      if (fd !== undefined) {
        closeSync(fd);
        unlinkSync(path);
      }
      throw journalFull(path, thrown);
    }
    return new SegmentWriter({ path, first, base, end: segmentHeaderBytes, points: [] }, fd);
  }

  /** Goes on in a file after its last whole entry: what lies beyond is cut, the header is written anew. */
  static resume(segment: Segment): SegmentWriter {
    let fd: number | undefined;
    try {
      fd = openSync(segment.path, 'r+');
      ftruncateSync(fd, segment.end);
      writeWhole(fd, [encodeSegmentHeader(segment.first)], 0);
    } catch (thrown) {
      if (fd !== undefined) closeSync(fd);
      throw journalFull(segment.path, thrown);
    }
    return new SegmentWriter(segment, fd);
  }

  /** Whether an entry of `length` bytes still fits into a segment of this size; into an empty one anything does. */
  hasRoomFor(length: number, segmentBytes: number): boolean {
    const { end } = this.segment;
    return end === segmentHeaderBytes || end + entryHeaderBytes + length <= segmentBytes;
  }

  /** Writes the entry whole, or throws JOURNAL_FULL and leaves the file as it was. */
  write(entry: NewEntry): void {
    encodeEntryHeader(this.#header, entry);
    const { segment } = this;
    try {
      writeWhole(this.#fd, [this.#header, entry.bytes], segment.end);
    } catch (thrown) {
      this.#cutBack();
      throw journalFull(segment.path, thrown);
    }
    segment.end += entryHeaderBytes + entry.bytes.length;
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#fd);
  }

  #cutBack(): void {
    try {
      ftruncateSync(this.#fd, this.segment.end);
    } catch {
      // Not fatal: the next entry is written over the torn one, and recovery cuts what no checksum covers.
    }
  }
}

function writeWhole(fd: number, parts: readonly Uint8Array[], position: number): void {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  let written = writevSync(fd, [...parts], position);
  if (written === length) return;
  // A short write is what a full disk says first; the write of the rest gives the error.
  const whole = Buffer.concat(parts);
  while (written < length) written += writevSync(fd, [whole.subarray(written)], position + written);
}
