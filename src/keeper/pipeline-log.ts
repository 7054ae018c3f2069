import { errorCodes, type ErrorCode, type Problem } from '../core/error';
import { asPipelineId, type PipelineId } from '../core/ids';
import type { FinalPipelineState } from '../core/pipeline-state';
import { readStreamCounts, type StreamCounts } from '../core/stream-counts';
import { HostCallPolicy } from '../gen/runspace/v1/session';
import { LineLog } from '../store/line-log';

/** A pipeline as it was recorded before its engine saw anything. */
export interface StartedPipeline {
  readonly id: PipelineId;
  /** Its number in the session, from 1. */
  readonly number: bigint;
  readonly requestId: string;
  /** Keyed digest of what was asked for. */
  readonly fingerprint: string;
  /** The script's beginning. */
  readonly command: string;
  readonly hasInput: boolean;
  /** What to do when the client is lost while it sends input. */
  readonly onInputLost: 'wait' | 'end' | 'stop';
  /** What the daemon does about host calls that nobody is connected to answer. */
  readonly hostCalls: HostCallPolicy;
  /** Wall-clock milliseconds. */
  readonly createdAt: number;
}

/** How a pipeline ended; times in wall-clock milliseconds. */
export interface EndedPipeline {
  readonly state: FinalPipelineState;
  readonly problem: Problem | undefined;
  readonly exitCode: number | undefined;
  /** What it wrote, by stream; undefined: nobody counted. */
  readonly written: StreamCounts | undefined;
  /** Undefined: the engine never got it. */
  readonly startedAt: number | undefined;
  readonly endedAt: number;
  /** The number of its final record; undefined: that could not be written, or an earlier keeper wrote the line. */
  readonly last: bigint | undefined;
}

/** What is still known of a pipeline whose records and description are gone: enough never to run it again. */
export type RememberedPipeline = Pick<StartedPipeline, 'id' | 'number' | 'requestId' | 'fingerprint'>;

/** What a former keeper left. */
export interface LoggedPipelines {
  /** Oldest first; without an end: unfinished. */
  readonly pipelines: readonly {
    readonly started: StartedPipeline;
    readonly ended: EndedPipeline | undefined;
  }[];
  readonly remembered: readonly RememberedPipeline[];
}

/** Lines beyond the needed ones after which the file is written anew. */
const slackLines = 2_000;

/**
 * The file that says which pipelines a session has had: one line when a pipeline is recorded (on the disk itself
 * before the engine sees anything, so that a request is never run twice, whatever crashes), one when it ends, one
 * when it is removed. One file per session and not one per pipeline, since syncing an append takes a tenth of the
 * time of syncing a new file, and every round trip waits for it.
 */
export class PipelineLog implements Disposable {
  readonly #lines: LineLog;
  #surplus = 0;

  private constructor(lines: LineLog) {
    this.#lines = lines;
  }

  /** Opens or makes the file. Lines that can't be read are passed over: their pipelines were never answered for. */
  static open(path: string): { readonly log: PipelineLog; readonly found: LoggedPipelines } {
    const { log, entries } = LineLog.open(path);
    const found = replay(entries);
    return { log: new PipelineLog(log), found };
  }

  /** Writes the start and waits until it is on the disk itself. Rejects with what the disk said. */
  async started(pipeline: StartedPipeline): Promise<void> {
    this.#lines.append({ started: { ...pipeline, number: Number(pipeline.number) } });
    await this.#lines.synced();
  }

  /** Writes the end. It is not synced: the journal has the last record, and that is. */
  ended(id: PipelineId, end: EndedPipeline): void {
    this.#lines.append({ ended: endLineOf(id, end) });
  }

  /** The pipeline's records are gone. */
  removed(pipeline: RememberedPipeline): void {
    this.#lines.append({ removed: lineOf(pipeline) });
    this.#surplus += 3;
  }

  /** Writes the file anew when most of it is about pipelines that are gone. */
  compact(current: () => LoggedPipelines): void {
    if (this.#surplus < slackLines) return;
    this.#surplus = 0;
    const { pipelines, remembered } = current();
    this.#lines.rewrite([
      ...remembered.map((pipeline) => ({ removed: lineOf(pipeline) })),
      ...pipelines.flatMap(({ started, ended }) => [
        { started: { ...started, number: Number(started.number) } },
        ...(ended === undefined ? [] : [{ ended: endLineOf(started.id, ended) }]),
      ]),
    ]);
  }

  [Symbol.dispose](): void {
    this.#lines[Symbol.dispose]();
  }
}

function lineOf({ id, number, requestId, fingerprint }: RememberedPipeline): unknown {
  return { id, number: Number(number), requestId, fingerprint };
}

function endLineOf(id: string, end: EndedPipeline): unknown {
  return { id, ...end, last: end.last === undefined ? undefined : Number(end.last) };
}

function replay(entries: readonly unknown[]): LoggedPipelines {
  const pipelines = new Map<string, { started: StartedPipeline; ended: EndedPipeline | undefined }>();
  const remembered = new Map<string, RememberedPipeline>();
  for (const entry of entries) {
    const { started, ended, removed } = fieldsOf(entry);
    const start = readStarted(started);
    if (start !== undefined) pipelines.set(start.id, { started: start, ended: undefined });
    const end = readEnded(ended);
    const known = pipelines.get(end?.id ?? '');
    if (known !== undefined) known.ended = end?.end;
    const gone = readRemembered(removed);
    if (gone === undefined) continue;
    pipelines.delete(gone.id);
    remembered.set(gone.id, gone);
  }
  return { pipelines: [...pipelines.values()], remembered: [...remembered.values()] };
}

function readStarted(line: unknown): StartedPipeline | undefined {
  const { command, hasInput, onInputLost, hostCalls, createdAt } = fieldsOf(line);
  const remembered = readRemembered(line);
  if (remembered === undefined || typeof command !== 'string' || typeof createdAt !== 'number')
    return undefined;
  const policy = onInputLost === 'end' || onInputLost === 'stop' ? onInputLost : 'wait';
  return {
    ...remembered,
    command,
    hasInput: hasInput === true,
    onInputLost: policy,
    hostCalls: policies.find((known): boolean => known === hostCalls) ?? noPolicy,
    createdAt,
  };
}

const {
  HOST_CALL_POLICY_UNSPECIFIED: noPolicy,
  HOST_CALL_POLICY_WAIT,
  HOST_CALL_POLICY_FAIL,
  HOST_CALL_POLICY_DEFAULT,
} = HostCallPolicy;
const policies = [HOST_CALL_POLICY_WAIT, HOST_CALL_POLICY_FAIL, HOST_CALL_POLICY_DEFAULT] as const;

function readRemembered(line: unknown): RememberedPipeline | undefined {
  const { id, number, requestId, fingerprint } = fieldsOf(line);
  if (typeof id !== 'string' || typeof requestId !== 'string' || typeof fingerprint !== 'string')
    return undefined;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) return undefined;
  return { id: asPipelineId(id), number: BigInt(number), requestId, fingerprint };
}

function readEnded(line: unknown): { readonly id: string; readonly end: EndedPipeline } | undefined {
  const { id, state, problem, exitCode, written, startedAt, endedAt, last } = fieldsOf(line);
  if (typeof id !== 'string' || typeof endedAt !== 'number') return undefined;
  if (state !== 'completed' && state !== 'failed' && state !== 'stopped') return undefined;
  const end: EndedPipeline = {
    state,
    problem: readProblem(problem),
    exitCode: typeof exitCode === 'number' ? exitCode : undefined,
    written: readStreamCounts(written),
    startedAt: typeof startedAt === 'number' ? startedAt : undefined,
    endedAt,
    last: Number.isSafeInteger(last) ? BigInt(Number(last)) : undefined,
  };
  return { id, end };
}

function readProblem(line: unknown): Problem | undefined {
  const { code, message, facts } = fieldsOf(line);
  const known = errorCodes.find((each): each is ErrorCode => each === code);
  if (known === undefined || typeof message !== 'string') return undefined;
  const texts = Object.entries(fieldsOf(facts)).filter(
    (fact): fact is [string, string] => typeof fact[1] === 'string',
  );
  return { code: known, message, facts: Object.fromEntries(texts) };
}

function fieldsOf(line: unknown): Readonly<Partial<Record<string, unknown>>> {
  return typeof line === 'object' && line !== null ? { ...line } : {};
}
