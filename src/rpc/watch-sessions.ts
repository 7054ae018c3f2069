import type { SessionId } from '../core/ids';
import type { WatchSessionsRequest, WatchSessionsResponse } from '../gen/runspace/v1/session';
import { findByReference } from '../session/name';
import type { Session } from '../session/session';
import type { Caller, Send } from './call';
import { clientOf, type Context } from './context';
import { startHeartbeat } from './heartbeat';
import { toSessionMessage } from './session-message';

/** Sends the sessions as they are, `ready`, then each change. */
export async function watchSessions(
  context: Context,
  stream: { request: WatchSessionsRequest; send: Send<WatchSessionsResponse>; caller: Caller },
): Promise<void> {
  const { request, send, caller } = stream;
  const viewer = clientOf(request.clientId);
  const changes = context.table.changes(caller.signal);
  const shown = new Set<SessionId>();
  const show = async (session: Session): Promise<void> => {
    shown.add(session.id);
    await send({
      event: { $case: 'session', value: toSessionMessage(session, viewer, context.clock.now()) },
    });
  };
  const isWanted = (session: Session): boolean =>
    session.owner === caller.principal && matches(session, request.sessions);

  for (const session of context.table.all())
    if (session.state !== 'closed' && isWanted(session)) await show(session);
  await send({ event: { $case: 'ready', value: {} } });
  using heartbeat = startHeartbeat(context.clock, () =>
    send({ event: { $case: 'heartbeat', value: { time: new Date(context.clock.now()) } } }),
  );
  for await (const id of changes) {
    const session = context.table.get(id);
    if (session === undefined) {
      if (shown.delete(id)) await send({ event: { $case: 'removedSessionId', value: id } });
    } else if (isWanted(session)) await show(session);
  }
  caller.signal.throwIfAborted();
}

function matches(session: Session, references: readonly string[]): boolean {
  return (
    references.length === 0 ||
    references.some((reference) => findByReference([session], reference).length > 0)
  );
}
