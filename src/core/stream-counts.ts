import type { StreamRecord } from './record';

/** The streams whose records are counted. */
export const countedStreams = [
  'output',
  'error',
  'warning',
  'verbose',
  'debug',
  'information',
  'progress',
] as const;

/** How many records a command wrote on each stream; a stream that is left out has none. */
export type StreamCounts = { readonly [Stream in (typeof countedStreams)[number]]?: number };

/** Counts records as they are written. */
export class StreamCounter {
  readonly #counts = new Map<(typeof countedStreams)[number], number>();

  get counts(): StreamCounts {
    return Object.fromEntries(this.#counts);
  }

  /** Takes records into account, or, with -1, out of it again. Host calls, what is displayed of output, and the final record are on no stream. */
  add(stream: StreamRecord['stream'], records: 1 | -1): void {
    if (stream === 'hostCall' || stream === 'display' || stream === 'final') return;
    this.#counts.set(stream, (this.#counts.get(stream) ?? 0) + records);
  }
}

/** The counts of a file; undefined: they are none. */
export function readStreamCounts(json: unknown): StreamCounts | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const found = new Map<string, unknown>(Object.entries(json));
  const counts: { [Stream in (typeof countedStreams)[number]]?: number } = {};
  for (const stream of countedStreams) {
    const count = found.get(stream);
    if (typeof count === 'number') counts[stream] = count;
  }
  return counts;
}
