/** Sizes of a journal, in bytes; every one has a default. */
export interface JournalOptions {
  /** Size of a segment file, the unit in which space is freed: 8 MiB. Best a sixteenth of the unread limit or less. */
  readonly segmentBytes?: number;
  /** The newest batches kept in memory for readers that keep up: 1 MiB. */
  readonly memoryBytes?: number;
  /** What a reader that is behind reads at once: 256 KiB. */
  readonly chunkBytes?: number;
}

/** All sizes, the derived ones included. */
export interface JournalSizes extends Required<JournalOptions> {
  /** How far apart index points are. */
  readonly pointBytes: number;
}

/** The options with their defaults. Index points are 256 KiB apart in a segment of 8 MiB. */
export function sizesOf(options: JournalOptions): JournalSizes {
  const segmentBytes = options.segmentBytes ?? 8 * 1024 * 1024;
  return {
    segmentBytes,
    memoryBytes: options.memoryBytes ?? 1024 * 1024,
    chunkBytes: options.chunkBytes ?? 256 * 1024,
    pointBytes: segmentBytes / 32,
  };
}
