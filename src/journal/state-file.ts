import { closeSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { journalFull, systemCodeOf } from './disk-error';
import type { GapReason } from './item';

/** What a journal remembers beside its entries. */
export interface JournalState {
  /** The last number that the reader `owner` has acknowledged. */
  readonly acknowledged: bigint;
  /** Everything up to here was freed … */
  readonly freedUpTo: bigint;
  /** … the last time for this reason. */
  readonly freedReason: GapReason;
  /** The last number of a finished journal. */
  readonly final: { readonly last: bigint } | undefined;
}

const slotBytes = 64;
const mark = 0x54534a52;
const reasons: readonly GapReason[] = ['dropped', 'stopped', 'expired', 'damaged'];
/** The state lies in the first page; the rest is a reserve that is given up for the last record on a full disk. */
const pageBytes = 4096;
const reserveBytes = 4096;
const initialState: JournalState = {
  acknowledged: 0n,
  freedUpTo: 0n,
  freedReason: 'expired',
  final: undefined,
};

/**
 * The file `journal.state`: two slots, written in turn and in place, so one is always whole and a full disk doesn't
 * stop an acknowledgement. Not synced: after a power cut it may be a little old, never ahead. A journal that has
 * nothing to remember beside its entries has none: most commands write a few lines, and a file costs them more.
 */
export class StateFile {
  readonly #path: string;
  #state: JournalState;
  #generation: bigint;
  #has: 'nothing' | 'page' | 'reserve';

  private constructor(path: string, found: { state: JournalState; generation: bigint; bytes: number }) {
    this.#path = path;
    this.#state = found.state;
    this.#generation = found.generation;
    this.#has = found.bytes > pageBytes ? 'reserve' : found.bytes > 0 ? 'page' : 'nothing';
  }

  /** That of a new journal; nothing is on the disk yet. */
  static create(folder: string): StateFile {
    return new StateFile(statePath(folder), { state: initialState, generation: 0n, bytes: 0 });
  }

  /** The newest state that is whole; a new one if none is, or undefined if there is no file. */
  static read(folder: string): StateFile | undefined {
    const path = statePath(folder);
    const bytes = readIfThere(path);
    if (bytes === undefined) return undefined;
    const slots = [
      decodeSlot(bytes.subarray(0, slotBytes)),
      decodeSlot(bytes.subarray(slotBytes, 2 * slotBytes)),
    ];
    const newest = slots.reduce((a, b) => ((b?.generation ?? 0n) > (a?.generation ?? 0n) ? b : a));
    const { state, generation } = newest ?? { state: initialState, generation: 0n };
    return new StateFile(path, { state, generation, bytes: bytes.length });
  }

  get state(): JournalState {
    return this.#state;
  }

  /** Changes the state; it holds here even if the write fails with JOURNAL_FULL. */
  change(change: Partial<JournalState>): void {
    this.#state = { ...this.#state, ...change };
    this.#generation += 1n;
    if (this.#has === 'nothing') this.#make('page');
    else this.#writeAt(this.#slotPosition, encodeSlot(this.#state, this.#generation), 'r+');
  }

  /**
   * Changes what was acknowledged. A full disk stops none: where there is no file, and no room for one, it is known
   * here only, and whoever opens the journal next shows more as unread than is.
   */
  acknowledge(upTo: bigint): void {
    try {
      this.change({ acknowledged: upTo });
    } catch (thrown) {
      if (this.#has !== 'nothing') throw thrown;
    }
  }

  /** Changes what the entries say too: it is written where there is a file. Throws JOURNAL_FULL, as `change` does. */
  note(change: Partial<JournalState>): void {
    if (this.#has === 'nothing') this.#state = { ...this.#state, ...change };
    else this.change(change);
  }

  /** Makes sure that a block of the disk is there for the last record. Throws JOURNAL_FULL. */
  makeReserve(): void {
    if (this.#has === 'nothing') this.#make('reserve');
  }

  /** Gives that block back to the disk. */
  releaseReserve(): void {
    if (this.#has !== 'reserve') return;
    try {
      truncateSync(this.#path, pageBytes);
      this.#has = 'page';
    } catch (thrown) {
      throw journalFull(this.#path, thrown);
    }
  }

  get #slotPosition(): number {
    return Number(this.#generation % 2n) * slotBytes;
  }

  #make(what: 'page' | 'reserve'): void {
    const bytes = Buffer.alloc(what === 'reserve' ? pageBytes + reserveBytes : pageBytes);
    if (this.#generation > 0n) encodeSlot(this.#state, this.#generation).copy(bytes, this.#slotPosition);
    this.#writeAt(0, bytes, 'w');
    this.#has = what;
  }

  #writeAt(position: number, bytes: Buffer, flags: 'w' | 'r+'): void {
    try {
      const fd = openSync(this.#path, flags, 0o600);
      try {
        if (writeSync(fd, bytes, 0, bytes.length, position) < bytes.length) throw new Error('short write');
      } finally {
        closeSync(fd);
      }
    } catch (thrown) {
      throw journalFull(this.#path, thrown);
    }
  }
}

function statePath(folder: string): string {
  return join(folder, 'journal.state');
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** 0 mark u32, 4 isFinal u8, 5 reason u8, 8 generation, 16 acknowledged, 24 freedUpTo, 32 last (u64), 60 CRC-32. */
function encodeSlot(state: JournalState, generation: bigint): Buffer {
  const slot = Buffer.alloc(slotBytes);
  slot.writeUInt32LE(mark, 0);
  slot[4] = state.final === undefined ? 0 : 1;
  slot[5] = reasons.indexOf(state.freedReason);
  slot.writeBigUInt64LE(generation, 8);
  slot.writeBigUInt64LE(state.acknowledged, 16);
  slot.writeBigUInt64LE(state.freedUpTo, 24);
  slot.writeBigUInt64LE(state.final?.last ?? 0n, 32);
  slot.writeUInt32LE(crc32(slot.subarray(0, 60)), 60);
  return slot;
}

function decodeSlot(slot: Buffer): { readonly state: JournalState; readonly generation: bigint } | undefined {
  if (slot.length < slotBytes || slot.readUInt32LE(0) !== mark) return undefined;
  if (slot.readUInt32LE(60) !== crc32(slot.subarray(0, 60))) return undefined;
  return {
    generation: slot.readBigUInt64LE(8),
    state: {
      acknowledged: slot.readBigUInt64LE(16),
      freedUpTo: slot.readBigUInt64LE(24),
      freedReason: reasons[slot.readUInt8(5)] ?? 'expired',
      final: slot[4] === 1 ? { last: slot.readBigUInt64LE(32) } : undefined,
    },
  };
}
