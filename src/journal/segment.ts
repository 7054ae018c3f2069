import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/**
 * One file of a journal: a header, then entries. Its name is its first number, so the next file's name says where it
 * ends, and a file whose header is damaged still says where it starts.
 */
export interface Segment {
  readonly path: string;
  readonly first: bigint;
  /** Bytes of all segments before this one, freed ones included. */
  readonly base: number;
  /** Where the last whole entry ends. Only the newest segment grows. */
  end: number;
  /** Where some entries start, in order and far apart: a reader begins at the one before its number. */
  readonly points: IndexPoint[];
}

/** The entry that starts at `offset` has `sequence` as its first number. */
export interface IndexPoint {
  readonly sequence: bigint;
  readonly offset: number;
}

/** Bytes of a segment's header. */
export const segmentHeaderBytes = 32;

const magic = Buffer.from('RUNSJRNL');
const version = 1;
const namePattern = /^(\d{20})\.segment$/;

/** Where the segment that starts with `first` lies. */
export function segmentPath(folder: string, first: bigint): string {
  return join(folder, `${first.toString().padStart(20, '0')}.segment`);
}

/** The first number of the segment with this file name, or undefined if it is no segment's name. */
export function firstOfName(name: string): bigint | undefined {
  const digits = namePattern.exec(name)?.[1];
  return digits === undefined ? undefined : BigInt(digits);
}

/** 0 magic, 8 version u32, 12 zero u32, 16 first u64, 24 zero u32, 28 CRC-32 of 0 … 27; little-endian. */
export function encodeSegmentHeader(first: bigint): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes);
  magic.copy(header);
  header.writeUInt32LE(version, 8);
  header.writeBigUInt64LE(first, 16);
  header.writeUInt32LE(crc32(header.subarray(0, 28)), 28);
  return header;
}

/** Whether these bytes are a header of ours, of a later version that we can't read, or neither. */
export function checkSegmentHeader(bytes: Buffer): 'whole' | 'newer' | 'damaged' {
  if (bytes.length < segmentHeaderBytes || bytes.compare(magic, 0, 8, 0, 8) !== 0) return 'damaged';
  if (bytes.readUInt32LE(28) !== crc32(bytes.subarray(0, 28))) return 'damaged';
  return bytes.readUInt32LE(8) > version ? 'newer' : 'whole';
}
