import type { PipelineState } from '../core/pipeline-state';
import type { countedStreams, StreamCounts } from '../core/stream-counts';
import {
  PipelineState as ProtoState,
  Waiting,
  type Pipeline as ProtoPipeline,
  type PipelineSnapshot,
} from '../gen/runspace/v1/pipeline';
import type { StreamCounts as ProtoCounts } from '../gen/runspace/v1/record';
import { toProblem } from '../status/problem';
import type { Pipeline, WaitingFor } from './pipeline';

/** Where a pipeline stands, which it does not know itself. */
export interface PipelinePlace {
  readonly sessionId: string;
  /** 0: running or finished; 1: next. */
  readonly queuePlace: number;
}

/** A pipeline as listings and snapshots show it. */
export function pipelineToProto(pipeline: Pipeline, { sessionId, queuePlace }: PipelinePlace): ProtoPipeline {
  const { started, end, journal } = pipeline;
  const { last, firstKept, acknowledged, bytes } = journal.numbers;
  return {
    id: started.id,
    sessionId,
    number: started.number,
    state: states[pipeline.state],
    problem: end?.problem === undefined ? undefined : toProblem(end.problem),
    command: started.command,
    createTime: new Date(started.createdAt),
    startTime: dateOf(pipeline.startedAt),
    endTime: dateOf(end?.endedAt),
    lastSequence: last,
    firstKeptSequence: firstKept > last ? 0n : firstKept,
    acknowledgedSequence: acknowledged,
    queuePlace,
    waiting: waitings[pipeline.waitingFor],
    inputAccepted: pipeline.input?.lastAccepted ?? 0n,
    storedBytes: BigInt(bytes),
    exitCode: end?.exitCode,
    requestId: started.requestId,
    hasInput: started.hasInput,
    pendingHostCalls: [...pipeline.hostCalls],
    hostCalls: started.hostCalls,
    written: countsToProto(pipeline.written),
  };
}

function countsToProto(counts: StreamCounts | undefined): ProtoCounts | undefined {
  if (counts === undefined) return undefined;
  const of = (stream: (typeof countedStreams)[number]): bigint => BigInt(counts[stream] ?? 0);
  return {
    output: of('output'),
    error: of('error'),
    warning: of('warning'),
    verbose: of('verbose'),
    debug: of('debug'),
    information: of('information'),
    progress: of('progress'),
  };
}

/** What begins a stream of records. */
export function snapshotOf(
  pipeline: ProtoPipeline,
  rest: Omit<PipelineSnapshot, 'pipeline' | 'sessionId'>,
): PipelineSnapshot {
  return { ...rest, pipeline, sessionId: pipeline.sessionId };
}

const states: Readonly<Record<PipelineState, ProtoState>> = {
  notStarted: ProtoState.PIPELINE_STATE_NOT_STARTED,
  running: ProtoState.PIPELINE_STATE_RUNNING,
  stopping: ProtoState.PIPELINE_STATE_STOPPING,
  stopped: ProtoState.PIPELINE_STATE_STOPPED,
  completed: ProtoState.PIPELINE_STATE_COMPLETED,
  failed: ProtoState.PIPELINE_STATE_FAILED,
};

const waitings: Readonly<Record<WaitingFor, Waiting>> = {
  nothing: Waiting.WAITING_UNSPECIFIED,
  turn: Waiting.WAITING_FOR_TURN,
  input: Waiting.WAITING_FOR_INPUT,
  answer: Waiting.WAITING_FOR_ANSWER,
  reader: Waiting.WAITING_FOR_READER,
};

function dateOf(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms);
}
