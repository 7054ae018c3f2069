import type { PipelineSnapshot } from './gen/runspace/v1/pipeline';
import type { Gap, Record as RecordMessage } from './gen/runspace/v1/record';
import { toJson, type Json } from './json';

/** Where a record comes from, under PowerShell's names where it has them. */
export interface RecordOrigin {
  /** Name of the target. */
  readonly PSComputerName: string;
  /** The engine's id of its runspace. */
  readonly RunspaceId: string;
  /** Whether a view shows the target's name. */
  readonly PSShowComputerName: boolean;
  readonly sessionId: string;
  readonly sessionName: string;
  readonly pipelineId: string;
}

type Body = NonNullable<RecordMessage['body']>;
type OnStream<One> = One extends { readonly $case: infer Stream; readonly value: infer Content }
  ? { readonly stream: Stream } & Readonly<Content>
  : never;

interface Numbered {
  /** Its number in the pipeline, from 1. */
  readonly sequence: bigint;
  /** When it was written. */
  readonly time: Date | undefined;
}

/** Numbers that have no records any more, in their place. */
export type GapRecord = RecordOrigin & { readonly stream: 'gap' } & Readonly<Gap>;

/**
 * One record as the library hands it out: its number, time and origin, its stream, and what that stream's records
 * hold. `final` is the last one. `unknown` is a kind that a newer daemon sent.
 */
export type SessionRecord =
  (RecordOrigin & Numbered & (OnStream<Body> | { readonly stream: 'unknown' })) | GapRecord;

/** The names of the streams that a record can be on. */
export type RecordStream = SessionRecord['stream'];

/** What a stream's snapshot says of every record that follows it. */
export function originOf(snapshot: PipelineSnapshot): RecordOrigin {
  return {
    PSComputerName: snapshot.target,
    RunspaceId: snapshot.runspaceId,
    PSShowComputerName: true,
    sessionId: snapshot.sessionId,
    sessionName: snapshot.sessionName,
    pipelineId: snapshot.pipeline?.id ?? '',
  };
}

/** The record with its origin. */
export function joined(record: RecordMessage, origin: RecordOrigin): SessionRecord {
  const { sequence, time, body } = record;
  if (body === undefined) return { sequence, time, stream: 'unknown', ...origin };
  return { sequence, time, stream: body.$case, ...body.value, ...origin } as SessionRecord;
}

/** The gap with its origin. */
export function joinedGap(gap: Gap, origin: RecordOrigin): GapRecord {
  return { stream: 'gap', ...gap, ...origin };
}

/** The record as JSON: protobuf's names and forms, flat, with PSComputerName, RunspaceId and PSShowComputerName. */
export function recordToJson(record: SessionRecord): { readonly [name: string]: Json } {
  const { PSShowComputerName, ...rest } = record;
  const { text, displayed, ...json } = toJson(rest);
  return {
    ...json,
    ...(text === undefined || text === '' ? {} : { text }),
    ...(displayed === true ? { displayed } : {}),
    PSShowComputerName,
  };
}
