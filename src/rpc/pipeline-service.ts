import {
  type StartPipelineRequest,
  type AcknowledgeRecordsRequest,
  type ListPipelinesRequest,
  type ReceivePipelineRequest,
  type SendPipelineInputRequest,
  type StopPipelineRequest,
} from '../gen/runspace/v1/pipeline';
import { bidiStream, serverStream, unary, type Caller, type Send } from './call';
import { clientOf, requireNoOther, sessionFor, type Context } from './context';
import { invokePipeline } from './invoke-pipeline';
import { pageOf } from './paging';
import type { Encoded } from './raw-messages';
import { startPipeline } from './start-pipeline';
import { unimplemented } from './unimplemented';

/** PipelineService as the API describes it; its two streams of records send messages that are encoded already. */
export function pipelineService(context: Context) {
  const { edge } = context;
  return {
    startPipeline: unary(edge, async (request: StartPipelineRequest, caller: Caller) => ({
      pipeline: (await startPipeline(context, request, { caller, takeOver: 'yield' })).pipeline,
    })),
    receivePipeline: serverStream(edge, (request: ReceivePipelineRequest, send: Send<Encoded>, caller) =>
      receivePipeline(context, request, { send, caller }),
    ),
    invokePipeline: bidiStream(edge, invokePipeline(context)),
    sendPipelineInput: unary(edge, (request: SendPipelineInputRequest, caller) =>
      sendPipelineInput(context, request, caller),
    ),
    acknowledgeRecords: unary(edge, (request: AcknowledgeRecordsRequest, caller) =>
      acknowledgeRecords(context, request, caller),
    ),
    stopPipeline: unary(edge, (request: StopPipelineRequest, caller) =>
      stopPipeline(context, request, caller),
    ),
    getPipeline: unary(
      edge,
      async (request: { session: string; pipeline: string }, { principal, signal }) => {
        const session = sessionFor(context, principal, { session: request.session, action: 'read' });
        const keeper = await context.lifecycle.readable(session, signal);
        return keeper.getPipeline({ sessionId: session.id, pipeline: request.pipeline }, signal);
      },
    ),
    listPipelines: unary(edge, (request: ListPipelinesRequest, caller) =>
      listPipelines(context, request, caller),
    ),
    respondToHostCall: unimplemented(edge, 'RespondToHostCall'),
    revealSecret: unimplemented(edge, 'RevealSecret'),
  };
}

async function receivePipeline(
  context: Context,
  request: ReceivePipelineRequest,
  { send, caller }: { send: Send<Encoded>; caller: Caller },
): Promise<void> {
  const session = sessionFor(context, caller.principal, { session: request.session, action: 'read' });
  const keeper = await context.lifecycle.readable(session, caller.signal);
  const { pipeline, afterSequence, reader, streams, format, noFollow } = request;
  const messages = keeper.receivePipelineRaw(
    { sessionId: session.id, pipeline, afterSequence, reader, streams, format, noFollow },
    caller.signal,
  );
  for await (const encoded of messages) await send({ encoded });
}

async function sendPipelineInput(
  context: Context,
  request: SendPipelineInputRequest,
  { principal, signal }: Caller,
) {
  const session = sessionFor(context, principal, { session: request.session, action: 'invoke' });
  requireNoOther(session, clientOf(request.clientId), 'yield');
  const keeper = await context.lifecycle.running(session, signal);
  const { pipeline } = await keeper.getPipeline(
    { sessionId: session.id, pipeline: request.pipeline },
    signal,
  );
  session.noteActivity();
  return keeper.sendPipelineInput(
    {
      sessionId: session.id,
      pipelineId: pipeline?.id ?? '',
      items: request.items,
      endOfInput: request.endOfInput,
      clientLost: false,
    },
    signal,
  );
}

async function acknowledgeRecords(
  context: Context,
  request: AcknowledgeRecordsRequest,
  { principal, signal }: Caller,
) {
  const session = sessionFor(context, principal, { session: request.session, action: 'read' });
  const keeper = await context.lifecycle.readable(session, signal);
  const { pipeline, sequence } = request;
  return keeper.acknowledgeRecords({ sessionId: session.id, pipeline, sequence });
}

async function stopPipeline(context: Context, request: StopPipelineRequest, { principal, signal }: Caller) {
  const session = sessionFor(context, principal, { session: request.session, action: 'stop' });
  const keeper = await context.lifecycle.readable(session, signal);
  const { pipeline, force } = request;
  return keeper.stopPipeline({ sessionId: session.id, pipeline, force, problem: undefined });
}

async function listPipelines(context: Context, request: ListPipelinesRequest, { principal, signal }: Caller) {
  const session = sessionFor(context, principal, { session: request.session, action: 'read' });
  const keeper = await context.lifecycle.readable(session, signal);
  const { pipelines } = await keeper.listPipelines({ sessionId: session.id }, signal);
  const page = pageOf(pipelines, (pipeline) => Number(pipeline.number), request);
  return { pipelines: [...page.items], nextPageToken: page.nextPageToken };
}
