import { RunspaceError } from '../core/error';
import { RecordBatch, Stream, type Record as ProtoRecord } from '../gen/runspace/v1/record';
import type { Batch } from '../journal/item';
import type { FormRecord } from './value-form';

/** Which records a reader wants. */
export type WantsRecord = (record: ProtoRecord) => boolean;

/**
 * The filter for the streams that a reader named; undefined for none named: it wants all. Final records always pass.
 * Throws INVALID_ARGUMENT for a stream that this version does not know.
 */
export function streamFilter(streams: readonly Stream[]): WantsRecord | undefined {
  if (streams.length === 0) return undefined;
  const wanted = new Set<string>(['final', ...streams.map(bodyOf)]);
  if (wanted.has('output')) wanted.add('display');
  return ({ body }) => body !== undefined && wanted.has(body.$case);
}

/** What a reader wants of a batch. */
export interface ReaderWish {
  /** Records after this number. */
  readonly after: bigint;
  /** Undefined: all. */
  readonly wants: WantsRecord | undefined;
  /** The form of output; undefined: as it is stored. */
  readonly form: FormRecord | undefined;
}

/** What the reader wants of a batch, encoded anew where that is not all of it; undefined for nothing. */
export function trimBatch(batch: Batch, { after, wants, form }: ReaderWish): Uint8Array | undefined {
  if (batch.first > after && wants === undefined && form === undefined) return batch.bytes;
  const records = RecordBatch.decode(batch.bytes)
    .records.filter((record) => record.sequence > after && wants?.(record) !== false)
    .map((record) => form?.(record) ?? record);
  return records.length === 0 ? undefined : RecordBatch.encode({ records }).finish();
}

const bodies: Readonly<Partial<Record<Stream, string>>> = {
  [Stream.STREAM_OUTPUT]: 'output',
  [Stream.STREAM_ERROR]: 'error',
  [Stream.STREAM_WARNING]: 'warning',
  [Stream.STREAM_VERBOSE]: 'verbose',
  [Stream.STREAM_DEBUG]: 'debug',
  [Stream.STREAM_INFORMATION]: 'information',
  [Stream.STREAM_PROGRESS]: 'progress',
};

function bodyOf(stream: Stream): string {
  const body = bodies[stream];
  if (body !== undefined) return body;
  throw new RunspaceError(
    'INVALID_ARGUMENT',
    `streams: ${String(stream)} is no stream that can be asked for`,
    {
      facts: { path: 'streams' },
    },
  );
}
