import { RunspaceError } from '../core/error';
import {
  type StartPipelineRequest,
  type AcknowledgeRecordsRequest,
  type ListPipelinesRequest,
  type ReceivePipelineRequest,
  type RevealSecretRequest,
  type RespondToHostCallRequest,
  type SendPipelineInputRequest,
  type StopPipelineRequest,
} from '../gen/runspace/v1/pipeline';
import { noteInSession } from './audited';
import { bidiStream, serverStream, unary, type Caller, type Send } from './call';
import { clientOf, requireNoOther, sessionFor, type Context } from './context';
import { invokePipeline } from './invoke-pipeline';
import { pageOf } from './paging';
import type { Encoded } from './raw-messages';
import { respondToHostCall } from './respond-to-host-call';
import { startPipeline } from './start-pipeline';

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
    revealSecret: unary(edge, (request: RevealSecretRequest, caller) =>
      revealSecret(context, request, caller),
    ),
    respondToHostCall: unary(edge, (request: RespondToHostCallRequest, caller) =>
      respondToHostCall(context, request, caller),
    ),
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
  noteInSession(context, { principal, clientId: '', session }, { event: 'commandStopped', pipeline, force });
  return keeper.stopPipeline({ sessionId: session.id, pipeline, force, problem: undefined });
}

async function listPipelines(context: Context, request: ListPipelinesRequest, { principal, signal }: Caller) {
  const session = sessionFor(context, principal, { session: request.session, action: 'read' });
  const keeper = await context.lifecycle.readable(session, signal);
  const { pipelines } = await keeper.listPipelines({ sessionId: session.id }, signal);
  const page = pageOf(pipelines, (pipeline) => Number(pipeline.number), request);
  return { pipelines: [...page.items], nextPageToken: page.nextPageToken };
}

async function revealSecret(context: Context, request: RevealSecretRequest, { principal, signal }: Caller) {
  const session = sessionFor(context, principal, { session: request.session, action: 'reveal' });
  const client = clientOf(request.clientId);
  if (request.secretId === '')
    throw new RunspaceError('INVALID_ARGUMENT', 'secret_id is missing; send the one of a SecureString', {
      facts: { field: 'secret_id' },
    });
  const keeper = await context.lifecycle.readable(session, signal);
  const answer = await keeper.revealSecret({ sessionId: session.id, secretId: request.secretId }, signal);
  context.edge.log.info('secret revealed', { session: session.id, principal, client });
  noteInSession(context, { principal, clientId: request.clientId, session }, { event: 'secretRevealed' });
  return answer;
}
