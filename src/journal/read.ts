import { RunspaceError } from '../core/error';
import type { JournalContents } from './contents';
import { itemFrom, lastOf, type JournalItem } from './item';
import { SegmentCursor } from './segment-cursor';

/** Where a reader is. Its cursor, and with it its memory, is there only while it is behind the ring. */
interface Place {
  next: bigint;
  cursor: SegmentCursor | undefined;
  readonly chunkBytes: number;
}

/** See Journal.read. */
export async function* readItems(
  contents: JournalContents,
  from: { readonly after: bigint; readonly chunkBytes: number },
  signal: AbortSignal,
): AsyncGenerator<JournalItem, void, undefined> {
  if (from.after < 0n) {
    throw new RunspaceError('INVALID_ARGUMENT', `cannot read after ${from.after}: numbers start with 1`);
  }
  const place: Place = { next: from.after + 1n, cursor: undefined, chunkBytes: from.chunkBytes };
  const wake = (): void => {
    contents.doorbell.ring();
  };
  signal.addEventListener('abort', wake);
  contents.readers += 1;
  try {
    while (!signal.aborted) {
      const item = fromMemory(contents, place) ?? (await fromElsewhere(contents, place, signal));
      if (item === undefined) return;
      place.next = lastOf(item) + 1n;
      yield item;
    }
  } finally {
    signal.removeEventListener('abort', wake);
    contents.readers -= 1;
    contents.trimMemory();
  }
}

/** The error of a caller that names a number that was never given. */
export function beyondEnd(sequence: bigint, last: bigint): RunspaceError {
  return new RunspaceError('RECORDS_BEYOND_END', `there is no record ${sequence}: the last one is ${last}`, {
    facts: { sequence: sequence.toString(), last: last.toString() },
  });
}

function fromMemory(contents: JournalContents, place: Place): JournalItem | undefined {
  if (place.next < contents.firstKept) return undefined;
  const item = contents.ring.itemAt(place.next);
  if (item === undefined) return undefined;
  place.cursor = undefined;
  return itemFrom(item, place.next);
}

/** The next item when the ring doesn't have it: freed, on disk, or not there yet; undefined at the end. */
async function fromElsewhere(
  contents: JournalContents,
  place: Place,
  signal: AbortSignal,
): Promise<JournalItem | undefined> {
  while (!signal.aborted) {
    if (isAtEnd(contents, place.next)) return undefined;
    if (contents.closedBecause !== undefined) throw contents.closedBecause;
    if (place.next < contents.firstKept) return freedGap(contents, place.next);
    if (place.next > contents.last) {
      place.cursor = undefined;
      await contents.doorbell.wait();
      continue;
    }
    const item = fromMemory(contents, place) ?? (await fromSegment(contents, place));
    if (item !== undefined) return item;
  }
  return undefined;
}

function isAtEnd(contents: JournalContents, next: bigint): boolean {
  if (!contents.isFinal || next <= contents.last) return false;
  if (next > contents.last + 1n) throw beyondEnd(next - 1n, contents.last);
  return true;
}

/** Undefined if the segment was freed while it was read. */
async function fromSegment(contents: JournalContents, place: Place): Promise<JournalItem | undefined> {
  const held = contents.segments.holding(place.next, contents.last);
  if (held === undefined) return undefined;
  if (place.cursor?.segment !== held.segment) {
    place.cursor = new SegmentCursor(held.segment, place.next, place.chunkBytes);
  }
  const item = await place.cursor.itemAt(place.next, held.last);
  return place.next < contents.firstKept ? undefined : item;
}

function freedGap(contents: JournalContents, from: bigint): JournalItem {
  const to = contents.firstKept - 1n;
  const { freedUpTo, freedReason } = contents.stateFile.state;
  return { kind: 'gap', gap: { from, to, reason: to <= freedUpTo ? freedReason : 'damaged' } };
}
