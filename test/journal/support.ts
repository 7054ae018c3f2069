import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { itemFrom, type Batch, type JournalItem } from '../../src/journal/item';
import type { Journal } from '../../src/journal/journal';

/** A folder for one journal, gone when the test is. */
export class TempFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'journal-'));

  segments(): readonly string[] {
    return readdirSync(this.path)
      .filter((name) => name.endsWith('.segment'))
      .sort()
      .map((name) => join(this.path, name));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A signal that never aborts. */
export function never(): AbortSignal {
  return new AbortController().signal;
}

/** The numbers in a batch of encodeNumbers. */
function numbersIn(batch: Batch): readonly bigint[] {
  const text = Buffer.from(batch.bytes).toString();
  return text.slice(0, text.indexOf(';')).split(',').map(BigInt);
}

/** One number as a reader sees it: `record`, or the reason why there is none. */
export type Seen = readonly [bigint, string];

/** The numbers of an item after `after`, each with what stands at it; a batch is checked to hold its numbers. */
export function seenIn(item: JournalItem, after: bigint): readonly Seen[] {
  const cut = itemFrom(item, after + 1n);
  if (cut.kind === 'gap') {
    const { from, to, reason } = cut.gap;
    return Array.from({ length: Number(to - from) + 1 }, (_, index): Seen => [from + BigInt(index), reason]);
  }
  const numbers = numbersIn(cut.batch);
  expect([numbers[0], numbers.at(-1)]).toEqual([cut.batch.first, cut.batch.last]);
  return numbers.filter((number) => number > after).map((number): Seen => [number, 'record']);
}

/** Reads after `after` up to number `upTo` (default: the journal's last). */
export async function readNumbers(
  journal: Journal,
  after = 0n,
  upTo = journal.last,
): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  if (after >= upTo) return seen;
  let at = after;
  for await (const item of journal.read(after, never())) {
    const more = seenIn(item, at);
    seen.push(...more);
    at = more.at(-1)?.[0] ?? at;
    if (at >= upTo) break;
  }
  return seen;
}

/** `from` … `to`, all as `what`. */
export function allOf(from: bigint, to: bigint, what = 'record'): readonly Seen[] {
  return Array.from({ length: Math.max(0, Number(to - from) + 1) }, (_, index): Seen => [
    from + BigInt(index),
    what,
  ]);
}

/** Small segments, ring and chunks, so that little data goes through all of them. */
export const smallSizes = { segmentBytes: 2000, memoryBytes: 600, chunkBytes: 300 };
