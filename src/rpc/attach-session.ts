import type { AttachSessionRequest, AttachSessionResponse } from '../gen/runspace/v1/session';
import type { Session } from '../session/session';
import type { Caller, Send } from './call';
import { namedClientOf, requireNoOther, sessionFor, takeOverOf, type Context } from './context';
import { startHeartbeat } from './heartbeat';
import { toSessionMessage } from './session-message';

/** Connects the caller while the stream lives, and sends the session's snapshots and own records. */
export async function attachSession(
  context: Context,
  stream: { request: AttachSessionRequest; send: Send<AttachSessionResponse>; caller: Caller },
): Promise<void> {
  const { request, caller } = stream;
  const session = sessionFor(context, caller.principal, {
    session: request.session,
    action: request.readOnly ? 'read' : 'connect',
  });
  const client = namedClientOf(request.clientId);
  if (request.readOnly) {
    await follow(context, session, { ...stream, signal: caller.signal });
    return;
  }
  await context.lifecycle.running(session, caller.signal);
  requireNoOther(session, client, takeOverOf(request.takeOver));
  using hold = session.holdByStream(client, 'lasting');
  await follow(context, session, { ...stream, signal: AbortSignal.any([caller.signal, hold.signal]) });
}

interface Following {
  readonly request: AttachSessionRequest;
  readonly send: Send<AttachSessionResponse>;
  readonly signal: AbortSignal;
}

async function follow(context: Context, session: Session, stream: Following): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([stream.signal, ended.signal]);
  using heartbeat = startHeartbeat(context.clock, () =>
    stream.send({ event: { $case: 'heartbeat', value: { time: new Date(context.clock.now()) } } }),
  );
  try {
    await Promise.all([
      sendSnapshots(context, session, { ...stream, signal }),
      sendRecords(context, session, { ...stream, signal }),
    ]);
  } finally {
    ended.abort();
  }
  stream.signal.throwIfAborted();
}

async function sendSnapshots(
  context: Context,
  session: Session,
  { request, send, signal }: Following,
): Promise<void> {
  const viewer = namedClientOf(request.clientId);
  const changes = context.table.changes(signal);
  const snapshot = (): Promise<void> =>
    send({ event: { $case: 'snapshot', value: toSessionMessage(session, viewer, context.clock.now()) } });
  await snapshot();
  for await (const id of changes) if (id === session.id) await snapshot();
  signal.throwIfAborted();
}

async function sendRecords(
  context: Context,
  session: Session,
  { request, send, signal }: Following,
): Promise<void> {
  const keeper = await context.lifecycle.readable(session, signal);
  const records = keeper.receiveSession(
    { sessionId: session.id, afterSequence: request.afterSequence },
    signal,
  );
  for await (const { event } of records) if (event !== undefined) await send({ event });
}
