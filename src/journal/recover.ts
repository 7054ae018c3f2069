import { readdirSync, statSync } from 'node:fs';
import { RunspaceError, toError } from '../core/error';
import type { FoundContents } from './contents';
import { journalDamaged } from './disk-error';
import type { JournalSizes } from './options';
import { checkSegmentHeader, firstOfName, segmentHeaderBytes, segmentPath, type Segment } from './segment';
import { SegmentReader } from './segment-reader';
import { StateFile } from './state-file';

/**
 * Finds out what a journal holds after its writer is gone. Only the newest segment is read, and of that only the
 * headers of its entries: sealed segments are checked when they are read. What follows the last whole entry was
 * never shown to a reader, so it is left out (and cut by whoever goes on writing).
 */
export async function recover(
  folder: string,
  sizes: JournalSizes,
  finalLast: bigint | undefined,
): Promise<FoundContents> {
  const { segments, before } = look(folder);
  const stateFile = before ?? StateFile.create(folder);
  const { state } = stateFile;
  const last = state.final?.last ?? finalLast;
  if (last !== undefined) return { stateFile, segments, last, isFinal: true };
  return goOn(folder, sizes, { stateFile, segments, isNew: before === undefined });
}

/** What a journal holds that may go on. */
async function goOn(
  folder: string,
  sizes: JournalSizes,
  { stateFile, segments, isNew }: Pick<FoundContents, 'stateFile' | 'segments'> & { readonly isNew: boolean },
): Promise<FoundContents> {
  const { state } = stateFile;
  const newest = segments.at(-1);
  if (newest === undefined) {
    // Segments are made before the state: with neither, the writer died while it made the journal.
    if (isNew) return { stateFile, segments: [], last: 0n, isFinal: false };
    throw journalDamaged(folder, 'its segments are missing');
  }
  const scanned = await scan(newest, segments.length === 1, sizes);
  // What was acknowledged was delivered, so its numbers are never given again, whatever the disk has lost.
  const last = scanned.last > state.acknowledged ? scanned.last : state.acknowledged;
  return { stateFile, segments, last, isFinal: scanned.isFinal };
}

function look(folder: string): {
  readonly segments: readonly Segment[];
  readonly before: StateFile | undefined;
} {
  try {
    return { segments: findSegments(folder), before: StateFile.read(folder) };
  } catch (thrown) {
    throw journalDamaged(folder, toError(thrown).message, thrown);
  }
}

function findSegments(folder: string): readonly Segment[] {
  const firsts = readdirSync(folder)
    .map(firstOfName)
    .filter((first) => first !== undefined)
    .sort((a, b) => (a < b ? -1 : 1));
  let base = 0;
  return firsts.map((first) => {
    const path = segmentPath(folder, first);
    const end = statSync(path).size;
    const segment: Segment = { path, first, base, end, points: [] };
    base += end;
    return segment;
  });
}

/** Walks the newest segment's entries, sets its end behind the last whole one and gives it index points. */
async function scan(
  segment: Segment,
  isOnly: boolean,
  sizes: JournalSizes,
): Promise<{ readonly last: bigint; readonly isFinal: boolean }> {
  const fileEnd = segment.end;
  const reader = new SegmentReader(segment.path, sizes.chunkBytes);
  const header = checkSegmentHeader(await reader.head(Math.min(segmentHeaderBytes, fileEnd)));
  if (header === 'newer') throw newerVersion(segment.path);
  let last = segment.first - 1n;
  let isFinal = false;
  let offset = segmentHeaderBytes;
  for (;;) {
    const entry = (await reader.entryAt(offset, fileEnd)) ?? (await reader.entryAfter(offset, last, fileEnd));
    if (entry === undefined) break;
    if (entry.last > last) last = entry.last;
    isFinal ||= entry.kind === 'finalBatch';
    addIndexPoint(segment, { sequence: entry.first, offset: entry.offset }, sizes.pointBytes);
    offset = entry.end;
  }
  const hasNothing = header === 'damaged' && offset === segmentHeaderBytes && fileEnd > segmentHeaderBytes;
  if (isOnly && hasNothing) throw journalDamaged(segment.path, 'nothing in it is what was written');
  segment.end = offset;
  return { last, isFinal };
}

/** Adds the point if the last one is far enough away, so that the index stays small. */
export function addIndexPoint(
  segment: Segment,
  point: { readonly sequence: bigint; readonly offset: number },
  pointBytes: number,
): void {
  const previous = segment.points.at(-1)?.offset ?? segmentHeaderBytes;
  if (point.offset - previous >= pointBytes) segment.points.push(point);
}

function newerVersion(path: string): RunspaceError {
  const message = `${path} was written by a later version of runspaced; use that version`;
  return new RunspaceError('UNSUPPORTED', message, { facts: { path } });
}
