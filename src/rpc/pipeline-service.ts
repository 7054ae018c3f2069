import { randomUUID } from 'node:crypto';
import { RunspaceError } from '../core/error';
import {
  StartPipelineRequest,
  type AcknowledgeRecordsRequest,
  type ListPipelinesRequest,
  type ReceivePipelineRequest,
  type SendPipelineInputRequest,
  type StopPipelineRequest,
} from '../gen/runspace/v1/pipeline';
import type { Session } from '../session/session';
import { bidiStream, serverStream, unary, type Caller, type Send } from './call';
import { clientOf, requireNoOther, requestOf, sessionFor, type Context } from './context';
import { invokePipeline } from './invoke-pipeline';
import { pageOf } from './paging';
import type { Encoded } from './raw-messages';
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

/**
 * Starts a command, or finds the one that the same request started before: also in a session that has ended since, so
 * that a repeated start never gets less than the first one.
 */
export async function startPipeline(
  context: Context,
  request: StartPipelineRequest,
  { caller, takeOver }: { caller: Caller; takeOver: 'takeOver' | 'yield' },
) {
  const { principal, signal } = caller;
  const session = sessionFor(context, principal, { session: request.session, action: 'invoke' });
  requireNoOther(session, clientOf(request.clientId), takeOver);
  checkCommand(request);
  const { fingerprint } = requestOf(context, principal, {
    method: 'StartPipeline',
    requestId: request.requestId,
    content: StartPipelineRequest.encode({
      ...request,
      requestId: '',
      clientId: '',
      session: session.id,
    }).finish(),
  });
  await context.lifecycle.opened(session, signal);
  if (session.state !== 'opened' && session.state !== 'disconnected') {
    const before = await startedBefore(context, session, { request, signal });
    if (before !== undefined) return { session, pipeline: before };
  }
  const keeper = await context.lifecycle.running(session, signal);
  context.admitNewWork();
  const { pipeline } = await keeper.startPipeline({
    sessionId: session.id,
    pipelineId: randomUUID(),
    requestId: request.requestId,
    fingerprint,
    command: request.command,
    noWait: request.noWait,
    hasInput: request.hasInput,
    onInputLost: request.onInputLost,
    runTimeout: request.runTimeout,
    outputTimeout: request.outputTimeout,
  });
  session.noteActivity();
  if (pipeline === undefined) throw new RunspaceError('INTERNAL', 'the keeper named no pipeline');
  return { session, pipeline };
}

function checkCommand({ command }: StartPipelineRequest): void {
  if (command === undefined || command.script.trim() === '')
    throw new RunspaceError('INVALID_ARGUMENT', 'the command is empty; send a script', {
      facts: { field: 'command.script' },
    });
  if (Object.keys(command.usingValues).length > 0)
    throw new RunspaceError(
      'UNSUPPORTED',
      '$Using: values come with a later release; pass arguments instead',
      {
        facts: { field: 'command.using_values' },
      },
    );
}

async function startedBefore(
  context: Context,
  session: Session,
  { request, signal }: { request: StartPipelineRequest; signal: AbortSignal },
) {
  if (session.stored.problem?.code === 'REMOVED') return undefined;
  const keeper = await context.lifecycle.readable(session, signal);
  const { pipelines } = await keeper.listPipelines({ sessionId: session.id }, signal);
  return pipelines.find((pipeline) => pipeline.requestId === request.requestId);
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
