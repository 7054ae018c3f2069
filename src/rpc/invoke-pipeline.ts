import { RunspaceError, toError } from '../core/error';
import type {
  InputItem,
  InvokePipelineRequest,
  InvokePipelineResponse,
  InvokeStart,
} from '../gen/runspace/v1/pipeline';
import { ValueFormat, type Pipeline, type StartPipelineRequest } from '../gen/runspace/v1/pipeline';
import type { KeeperClient } from '../keeper/client';
import type { Session } from '../session/session';
import type { Caller, Send } from './call';
import { namedClientOf, requireNoOther, sessionFor, takeOverOf, type Context } from './context';
import { startPipeline } from './start-pipeline';
import type { Encoded } from './raw-messages';

type SendEither = Send<Encoded | InvokePipelineResponse>;

/**
 * Starts a command, takes its input and sends its records. The caller is connected while the stream lives; when it is
 * lost, the command goes on.
 */
export function invokePipeline(context: Context) {
  return async (
    requests: AsyncIterable<InvokePipelineRequest, undefined>,
    send: SendEither,
    caller: Caller,
  ): Promise<void> => {
    const actions = requests[Symbol.asyncIterator]();
    const { start: invoke, command } = await firstOf(actions);
    const client = namedClientOf(command.clientId);
    const session = sessionFor(context, caller.principal, { session: command.session, action: 'invoke' });
    const takeOver = takeOverOf(invoke.takeOver);
    const { pipeline } = await startPipeline(context, command, { caller, takeOver });
    requireNoOther(session, client, takeOver);
    const keeper = await context.lifecycle.readable(session, caller.signal);
    using hold = holdIfOpen(session, client);
    const signal = AbortSignal.any([caller.signal, hold.signal]);
    await converse({ context, session, keeper, pipeline, invoke, actions, send, signal });
    signal.throwIfAborted();
  };
}

interface Conversation {
  readonly context: Context;
  readonly session: Session;
  readonly keeper: KeeperClient;
  readonly pipeline: Pipeline;
  readonly invoke: InvokeStart;
  readonly actions: AsyncIterator<InvokePipelineRequest, undefined>;
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

async function sendRecords({ session, keeper, pipeline, invoke, send, signal }: Conversation): Promise<void> {
  const request = {
    sessionId: session.id,
    pipeline: pipeline.id,
    afterSequence: invoke.afterSequence,
    reader: invoke.reader,
    streams: invoke.streams,
    format: ValueFormat.VALUE_FORMAT_VALUE,
    noFollow: false,
  };
  for await (const encoded of keeper.receivePipelineRaw(request, signal)) await send({ encoded });
}

/** Carries out what the caller asks while records flow. When it is lost before its input ended, the keeper is told. */
async function takeActions(conversation: Conversation): Promise<void> {
  const { context, session, keeper, pipeline, signal } = conversation;
  let inputEnded = !pipeline.hasInput;
  try {
    for (;;) {
      const next: IteratorResult<InvokePipelineRequest, undefined> = await conversation.actions.next();
      if (next.done === true) return;
      const { action } = next.value;
      switch (action?.$case) {
        case 'input':
          await sendInput(conversation, [action.value], 'more');
          break;
        case 'endOfInput':
          await sendInput(conversation, [], 'end');
          inputEnded = true;
          break;
        case 'acknowledge':
          await keeper.acknowledgeRecords({
            sessionId: session.id,
            pipeline: pipeline.id,
            sequence: action.value,
          });
          break;
        case 'stop':
          await keeper.stopPipeline({
            sessionId: session.id,
            pipeline: pipeline.id,
            force: false,
            problem: undefined,
          });
          break;
        case 'start':
          throw new RunspaceError('INVALID_ARGUMENT', 'a second start came on one InvokePipeline stream');
        case undefined:
          throw new RunspaceError(
            'INVALID_ARGUMENT',
            'a message without an action came on an InvokePipeline stream',
          );
      }
    }
  } finally {
    if (!inputEnded && (signal.aborted || conversation.signal.aborted))
      tellClientLost(context, session, { keeper, pipeline });
  }
}

async function sendInput(
  conversation: Conversation,
  items: InputItem[],
  then: 'more' | 'end',
): Promise<void> {
  const { session, keeper, pipeline, send, signal } = conversation;
  session.noteActivity();
  const { inputAccepted } = await keeper.sendPipelineInput(
    { sessionId: session.id, pipelineId: pipeline.id, items, endOfInput: then === 'end', clientLost: false },
    signal,
  );
  await send({ event: { $case: 'inputAccepted', value: { number: inputAccepted } } });
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
  actions: AsyncIterator<InvokePipelineRequest, undefined>,
): Promise<{ start: InvokeStart; command: StartPipelineRequest }> {
  const first: IteratorResult<InvokePipelineRequest, undefined> = await actions.next();
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
  if (session.state === 'opened' || session.state === 'disconnected') return session.holdByStream(client);
  return { signal: new AbortController().signal, [Symbol.dispose]: () => undefined };
}
