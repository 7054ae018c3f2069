import { crc32 } from 'node:zlib';
import type { GapReason } from './item';

/**
 * An entry on disk is a header and the caller's bytes, written in one call:
 *
 *   0  mark EB 52 4A      3  kind           4  length of the bytes, u32
 *   8  first, u64        16  last, u64     24  CRC-32 of the bytes      28  CRC-32 of 0 … 27
 *
 * All little-endian. The header has a checksum of its own, so that damaged bytes cost one entry and a damaged
 * header costs no more than the way to the next mark.
 */
export interface EntryHeader {
  readonly kind: EntryKind;
  readonly first: bigint;
  readonly last: bigint;
  readonly length: number;
  readonly checksum: number;
}

/** A batch; the batch with which the journal ends; or numbers that have no records, and why. */
export type EntryKind = 'batch' | 'finalBatch' | GapReason;

/** Bytes of an entry's header. */
export const entryHeaderBytes = 32;

/** The bytes with which every entry starts. */
export const entryMark = Buffer.from([0xeb, 0x52, 0x4a]);

const kinds: readonly EntryKind[] = ['batch', 'finalBatch', 'dropped', 'stopped', 'expired', 'damaged'];

/** What an entry says, before it is written. */
export interface NewEntry {
  readonly kind: EntryKind;
  readonly first: bigint;
  readonly last: bigint;
  readonly bytes: Uint8Array;
}

/** Writes the entry's header over the first 32 bytes of `target`. */
export function encodeEntryHeader(target: Buffer, entry: NewEntry): void {
  entryMark.copy(target);
  target[3] = kinds.indexOf(entry.kind);
  target.writeUInt32LE(entry.bytes.length, 4);
  target.writeBigUInt64LE(entry.first, 8);
  target.writeBigUInt64LE(entry.last, 16);
  target.writeUInt32LE(crc32(entry.bytes), 24);
  target.writeUInt32LE(crc32(target.subarray(0, 28)), 28);
}

/** The header in these 32 bytes, or undefined if they are not what was once written. */
export function decodeEntryHeader(bytes: Buffer): EntryHeader | undefined {
  if (bytes.length < entryHeaderBytes || bytes.compare(entryMark, 0, 3, 0, 3) !== 0) return undefined;
  if (bytes.readUInt32LE(28) !== crc32(bytes.subarray(0, 28))) return undefined;
  const kind = kinds[bytes.readUInt8(3)];
  if (kind === undefined) return undefined;
  return {
    kind,
    first: bytes.readBigUInt64LE(8),
    last: bytes.readBigUInt64LE(16),
    length: bytes.readUInt32LE(4),
    checksum: bytes.readUInt32LE(24),
  };
}

/** Whether the bytes are the ones that the header was written for. */
export function isIntact(header: EntryHeader, bytes: Uint8Array): boolean {
  return bytes.length === header.length && crc32(bytes) === header.checksum;
}
