/**
 * Records `first` … `last`, encoded together by whoever appended them. The journal never looks inside.
 *
 * A reader that starts in the middle gets the whole batch: where `first` is not the number it asked for,
 * the reader decodes the batch and leaves out every record up to and including the number it already has.
 * The bytes are shared with other readers: never write into them.
 */
export interface Batch {
  readonly first: bigint;
  readonly last: bigint;
  readonly bytes: Uint8Array;
}

/**
 * Why numbers have no records: the output was over its limit (`dropped`), came after a stop (`stopped`), was kept
 * as long as promised (`expired`), or its bytes on disk are not what was written (`damaged`).
 */
export type GapReason = 'dropped' | 'stopped' | 'expired' | 'damaged';

/** The numbers `from` … `to` have no records. It stands in their place and has no number of its own. */
export interface Gap {
  readonly from: bigint;
  readonly to: bigint;
  readonly reason: GapReason;
}

/** What a reader gets: every number once, in a batch or in a gap, in order. */
export type JournalItem =
  { readonly kind: 'batch'; readonly batch: Batch } | { readonly kind: 'gap'; readonly gap: Gap };

/** The last number that the item speaks for. */
export function lastOf(item: JournalItem): bigint {
  switch (item.kind) {
    case 'batch':
      return item.batch.last;
    case 'gap':
      return item.gap.to;
  }
}

/** The item as a reader sees it that already has everything before `next`: a gap is cut, a batch stays whole. */
export function itemFrom(item: JournalItem, next: bigint): JournalItem {
  if (item.kind === 'batch' || item.gap.from >= next) return item;
  return { kind: 'gap', gap: { ...item.gap, from: next } };
}
