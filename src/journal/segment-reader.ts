import { closeSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { journalDamaged, systemCodeOf } from './disk-error';
import { decodeEntryHeader, entryHeaderBytes, entryMark, type EntryHeader } from './entry';

const readAsync = promisify(read);

/** Up to this many bytes are read at once and not by a thread: they are nearly always in memory. */
const quickBytes = 64 * 1024;

/** An entry's header and where it lies. */
export interface PlacedEntry extends EntryHeader {
  readonly offset: number;
  /** Where the next entry starts. */
  readonly end: number;
}

/**
 * Reads one segment file at any offset through one chunk of memory. Holds no descriptor between reads, so readers
 * that stall cost no descriptors, however many they are.
 */
export class SegmentReader {
  readonly #path: string;
  readonly #chunkBytes: number;
  #chunk: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(path: string, chunkBytes: number) {
    this.#path = path;
    this.#chunkBytes = chunkBytes;
  }

  /** The entry at `offset`, if a whole one is there and ends by `end`. */
  async entryAt(offset: number, end: number): Promise<PlacedEntry | undefined> {
    const bodyStart = offset + entryHeaderBytes;
    if (bodyStart > end) return undefined;
    const bytes = this.#peek(offset, entryHeaderBytes) ?? (await this.#fill(offset, entryHeaderBytes, end));
    const header = decodeEntryHeader(bytes);
    if (header === undefined || bodyStart + header.length > end) return undefined;
    return { ...header, offset, end: bodyStart + header.length };
  }

  /** The first whole entry behind `offset` that speaks for numbers beyond `last`: the way on after damage. */
  async entryAfter(offset: number, last: bigint, end: number): Promise<PlacedEntry | undefined> {
    let at = offset + 1;
    while (at + entryHeaderBytes <= end) {
      const bytes = this.#chunkFrom(at) ?? (await this.#fill(at, this.#chunkBytes, end));
      if (bytes.length < entryHeaderBytes) return undefined;
      const found = bytes.indexOf(entryMark);
      if (found < 0) {
        at += bytes.length - entryMark.length + 1;
        continue;
      }
      const entry = await this.entryAt(at + found, end);
      if (entry !== undefined && entry.last > last) return entry;
      at += found + 1;
    }
    return undefined;
  }

  /** The entry's own bytes; fewer if the file is shorter than it was. */
  async bytesOf(entry: PlacedEntry, end: number): Promise<Buffer> {
    const start = entry.offset + entryHeaderBytes;
    return this.#peek(start, entry.length) ?? (await this.#fill(start, entry.length, end));
  }

  /** Up to `length` bytes from the start of the file. */
  async head(length: number): Promise<Buffer> {
    return this.#fill(0, length, length);
  }

  /** The bytes, if they are in memory already. */
  #peek(offset: number, length: number): Buffer | undefined {
    const from = offset - this.#start;
    if (from < 0 || from + length > this.#chunk.length) return undefined;
    return this.#chunk.subarray(from, from + length);
  }

  /** What is in memory from `offset` on, if that is room enough for an entry's header. */
  #chunkFrom(offset: number): Buffer | undefined {
    const from = offset - this.#start;
    return from < 0 || from + entryHeaderBytes > this.#chunk.length ? undefined : this.#chunk.subarray(from);
  }

  /** Reads a chunk from `offset`, at least `length` bytes if the file has them. Batches go on using old chunks. */
  async #fill(offset: number, length: number, end: number): Promise<Buffer> {
    const size = Math.min(Math.max(length, this.#chunkBytes), end - offset);
    this.#chunk = await readFrom(this.#path, offset, size);
    this.#start = offset;
    return this.#chunk.subarray(0, length);
  }
}

async function readFrom(path: string, offset: number, size: number): Promise<Buffer> {
  const fd = openToRead(path);
  if (fd === undefined) return Buffer.alloc(0);
  const buffer = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  try {
    while (filled < size) {
      const count = await readSome(fd, buffer.subarray(filled), offset + filled);
      if (count === 0) break;
      filled += count;
    }
  } catch (thrown) {
    // A sector that can't be read costs its entries, like a wrong checksum.
    if (systemCodeOf(thrown) !== 'EIO') throw journalDamaged(path, 'reading it failed; try again', thrown);
  } finally {
    closeSync(fd);
  }
  return buffer.subarray(0, filled);
}

async function readSome(fd: number, target: Buffer, position: number): Promise<number> {
  if (target.length <= quickBytes) return readSync(fd, target, 0, target.length, position);
  const { bytesRead } = await readAsync(fd, target, 0, target.length, position);
  return bytesRead;
}

/** The descriptor, or undefined if the file is gone: then its numbers are a gap. */
function openToRead(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return undefined;
    throw journalDamaged(path, 'opening it failed; try again', thrown);
  }
}
