import { RunspaceError } from '../core/error';
import { StartPipelineRequest } from '../gen/runspace/v1/pipeline';
import type { Session } from '../session/session';
import type { Caller } from './call';
import { clientOf, requestOf, requireNoOther, sessionFor, type Context } from './context';

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
    pipelineId: context.newId(),
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
