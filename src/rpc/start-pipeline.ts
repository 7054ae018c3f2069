import { RunspaceError } from '../core/error';
import type { StartPipelineRequest as KeeperStart } from '../gen/runspace/keeper/v1/keeper';
import { StartPipelineRequest, type Command, type Pipeline } from '../gen/runspace/v1/pipeline';
import type { KeeperClient } from '../keeper/client';
import type { Session } from '../session/session';
import { noteStart } from './audited';
import type { Caller } from './call';
import { clientOf, requestOf, requireNoOther, sessionFor, type Context } from './context';
import { withoutClearTexts } from './without-clear-texts';

/** Tells a keeper of a command; resolves to its pipeline, or to undefined where the keeper named none. */
export type Tell = (keeper: KeeperClient, start: KeeperStart) => Promise<Pipeline | undefined>;

/** By a call that does nothing else. */
export const tellStart: Tell = async (keeper, start) => (await keeper.startPipeline(start)).pipeline;

/** On whose behalf a command is started, and how the keeper is told. */
export interface Starting {
  readonly caller: Caller;
  readonly takeOver: 'takeOver' | 'yield';
  readonly tell?: Tell;
}

/**
 * Starts a command, or finds the one that the same request started before: also in a session that has ended since, so
 * that a repeated start never gets less than the first one.
 */
export async function startPipeline(
  context: Context,
  request: StartPipelineRequest,
  { caller, takeOver, tell = tellStart }: Starting,
) {
  const { principal, signal } = caller;
  const session = sessionFor(context, principal, { session: request.session, action: 'invoke' });
  requireNoOther(session, clientOf(request.clientId), takeOver);
  checkCommand(request, session);
  const { fingerprint } = requestOf(context, principal, {
    method: 'StartPipeline',
    requestId: request.requestId,
    content: StartPipelineRequest.encode({
      ...withoutClearTexts(request),
      requestId: '',
      clientId: '',
      session: session.id,
      terminal: undefined,
      display: undefined,
    }).finish(),
  });
  await context.lifecycle.opened(session, signal);
  if (!session.isOpen) {
    const before = await startedBefore(context, session, { request, signal });
    if (before !== undefined) return { session, pipeline: before };
  }
  const keeper = await context.lifecycle.running(session, signal);
  context.admitNewWork();
  const pipelineId = context.newId();
  const pipeline = await tell(keeper, {
    sessionId: session.id,
    pipelineId,
    requestId: request.requestId,
    fingerprint,
    command: request.command,
    noWait: request.noWait,
    hasInput: request.hasInput,
    onInputLost: request.onInputLost,
    runTimeout: request.runTimeout,
    outputTimeout: request.outputTimeout,
    hostCalls: request.hostCalls,
    terminal: request.terminal,
    display: request.display,
  });
  session.noteActivity();
  if (pipeline === undefined) throw new RunspaceError('INTERNAL', 'the keeper named no pipeline');
  noteStart(
    context,
    { principal, clientId: request.clientId, session },
    {
      pipeline,
      script: request.command?.script ?? '',
      isNew: pipeline.id === pipelineId,
    },
  );
  return { session, pipeline };
}

function checkCommand({ command }: StartPipelineRequest, session: Session): void {
  if (command === undefined || command.script.trim() === '')
    throw new RunspaceError('INVALID_ARGUMENT', 'the command is empty; send a script', {
      facts: { field: 'command.script' },
    });
  const { engine } = session.stored;
  if (engine === 'powershell') return;
  const field = powershellField(command);
  if (field === undefined) return;
  throw new RunspaceError(
    'UNSUPPORTED',
    `${field} is for PowerShell, and session "${session.name}" runs ${engine}; pass arguments instead`,
    { facts: { field, engine } },
  );
}

/** What only PowerShell can do. Preferences are no such thing: other engines pass over them, as the API says. */
function powershellField({ usingValues, invocationInfo }: Command): string | undefined {
  if (Object.keys(usingValues).length > 0) return 'command.using_values';
  return invocationInfo ? 'command.invocation_info' : undefined;
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
