import { RunspaceError, toError } from '../core/error';
import type { InputItem, InvokePipelineResponse, InvokeStart } from '../gen/runspace/v1/pipeline';
import type { Pipeline, StartPipelineRequest } from '../gen/runspace/v1/pipeline';
import type { KeeperClient } from '../keeper/client';
import type { Session } from '../session/session';
import type { Caller, Send } from './call';
import { namedClientOf, requireNoOther, sessionFor, takeOverOf, type Context } from './context';
import { InputPump } from './input-pump';
import type { Encoded, SizedInvokeRequest } from './raw-messages';
import { RunCall } from './run-call';
import { startPipeline } from './start-pipeline';

type SendEither = Send<Encoded | InvokePipelineResponse>;

/**
 * Starts a command, takes its input and sends its records. The caller is connected while the stream lives; when it is
 * lost, the command goes on.
 */
export function invokePipeline(context: Context) {
  return async (
    requests: AsyncIterable<SizedInvokeRequest, undefined>,
    send: SendEither,
    caller: Caller,
  ): Promise<void> => {
    const actions = requests[Symbol.asyncIterator]();
    const { start: invoke, command } = await firstOf(actions);
    const client = namedClientOf(command.clientId);
    const session = sessionFor(context, caller.principal, { session: command.session, action: 'invoke' });
    const takeOver = takeOverOf(invoke.takeOver);
    using run = new RunCall(invoke);
    const { pipeline } = await startPipeline(context, command, { caller, takeOver, tell: run.tell });
    const keeper = await context.lifecycle.readable(session, caller.signal);
    requireNoOther(session, client, takeOver);
    using hold = holdIfOpen(session, client);
    const signal = AbortSignal.any([caller.signal, connectionLost(hold.signal)]);
    await converse({ context, session, keeper, pipeline, run, actions, send, signal });
    signal.throwIfAborted();
  };
}

interface Conversation {
  readonly context: Context;
  readonly session: Session;
  readonly keeper: KeeperClient;
  readonly pipeline: Pipeline;
  readonly run: RunCall;
  readonly actions: AsyncIterator<SizedInvokeRequest, undefined>;
  readonly send: SendEither;
  readonly signal: AbortSignal;
}

async function converse(conversation: Conversation): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([conversation.signal, ended.signal]);
  const failure = new Promise<never>((_resolve, reject) => {
    takeActions({ ...conversation, signal }).catch((error: unknown) => {
      if (!ended.signal.aborted) reject(toError(error));
    });
  });
  try {
    await Promise.race([sendRecords({ ...conversation, signal }), failure]);
  } finally {
    ended.abort();
  }
}

async function sendRecords({ session, keeper, pipeline, run, send, signal }: Conversation): Promise<void> {
  const place = { session: session.id, pipeline: pipeline.id };
  for await (const encoded of run.records(keeper, place, signal)) await send({ encoded });
}

/**
 * Carries out what the caller asks while records flow. When it is lost, or says that it sends no more, before its input
 * ended, the keeper is told; not when it is the daemon that ends, since the caller comes back then.
 */
async function takeActions(conversation: Conversation): Promise<void> {
  const { context, session, keeper, pipeline, signal } = conversation;
  const pump = new InputPump((items, then) => sendInput(conversation, items, then), signal);
  try {
    await Promise.all([pump.run(), readActions(conversation, pump)]);
  } finally {
    if (pipeline.hasInput && !pump.hasEnded && !context.edge.ending.aborted)
      tellClientLost(context, session, { keeper, pipeline });
  }
}

async function readActions(conversation: Conversation, pump: InputPump): Promise<void> {
  const { session, keeper, pipeline } = conversation;
  const place = { sessionId: session.id, pipeline: pipeline.id };
  for (;;) {
    const next: IteratorResult<SizedInvokeRequest, undefined> = await conversation.actions.next();
    if (next.done === true) break;
    const { action, size } = next.value;
    switch (action?.$case) {
      case 'input':
        await pump.add(action.value, size);
        break;
      case 'endOfInput':
        pump.end();
        break;
      case 'acknowledge':
        await keeper.acknowledgeRecords({ ...place, sequence: action.value });
        break;
      case 'stop':
        await keeper.stopPipeline({ ...place, force: false, problem: undefined });
        break;
      case 'start':
        throw invalidAction('a second start came on one InvokePipeline stream; open another stream');
      case undefined:
        throw invalidAction('a message without an action came on an InvokePipeline stream');
    }
  }
  pump.close();
}

function invalidAction(message: string): RunspaceError {
  return new RunspaceError('INVALID_ARGUMENT', message, { facts: { field: 'action' } });
}

async function sendInput(
  conversation: Conversation,
  items: InputItem[],
  then: 'more' | 'end',
): Promise<void> {
  const { session, keeper, pipeline, send, signal } = conversation;
  session.noteActivity();
  const request = { items, endOfInput: then === 'end', clientLost: false };
  try {
    const { inputAccepted } = await keeper.sendPipelineInput(
      { sessionId: session.id, pipelineId: pipeline.id, ...request },
      signal,
    );
    await send({ event: { $case: 'inputAccepted', value: { number: inputAccepted } } });
  } catch (error) {
    // A command may end before its input does: its final record says how, and is on its way.
    if (!(error instanceof RunspaceError && error.code === 'PIPELINE_FINISHED')) throw error;
  }
}

function tellClientLost(
  context: Context,
  session: Session,
  { keeper, pipeline }: { keeper: KeeperClient; pipeline: Pipeline },
): void {
  const lost = {
    sessionId: session.id,
    pipelineId: pipeline.id,
    items: [],
    endOfInput: false,
    clientLost: true,
  };
  keeper.sendPipelineInput(lost).catch((error: unknown) => {
    context.edge.log.debug('lost client not reported', {
      pipeline: pipeline.id,
      why: toError(error).message,
    });
  });
}

async function firstOf(
  actions: AsyncIterator<SizedInvokeRequest, undefined>,
): Promise<{ start: InvokeStart; command: StartPipelineRequest }> {
  const first: IteratorResult<SizedInvokeRequest, undefined> = await actions.next();
  const action = first.value?.action;
  if (action?.$case === 'start' && action.value.start !== undefined)
    return { start: action.value, command: action.value.start };
  throw new RunspaceError(
    'INVALID_ARGUMENT',
    'the first message of an InvokePipeline stream must be `start`',
    {
      facts: { field: 'start' },
    },
  );
}

/** A session that is over needs no connection: its records can still be sent. */
function holdIfOpen(
  session: Session,
  client: ReturnType<typeof namedClientOf>,
): Disposable & { signal: AbortSignal } {
  if (session.isOpen) return session.holdByStream(client, 'command');
  return { signal: new AbortController().signal, [Symbol.dispose]: () => undefined };
}

/** Ends with the connection, but not with the session: what a command wrote until then still comes, with its final record. */
function connectionLost(hold: AbortSignal): AbortSignal {
  const lost = new AbortController();
  const follow = (): void => {
    const reason: unknown = hold.reason;
    if (reason instanceof RunspaceError && reason.code === 'CONNECTED_ELSEWHERE') lost.abort(reason);
  };
  hold.addEventListener('abort', follow, { once: true });
  return lost.signal;
}
