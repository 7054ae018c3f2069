import type { Principal } from '../core/ids';
import type { ListSessionsRequest, ListSessionsResponse } from '../gen/runspace/v1/session';
import { isPattern } from '../session/name';
import type { Session } from '../session/session';
import { notFound } from '../session/table';
import type { Caller } from './call';
import { clientOf, type Context } from './context';
import { pageOf } from './paging';
import { states, toSessionMessage } from './session-message';

/** The caller's sessions, filtered as asked; closed ones only where their state or exact name is asked for. */
export function listSessions(
  context: Context,
  request: ListSessionsRequest,
  { principal }: Caller,
): ListSessionsResponse {
  const viewer = clientOf(request.clientId);
  const matching = chosen(context, principal, request).filter(
    (session) =>
      (request.engine === '' || session.stored.engine === request.engine) &&
      (request.states.length === 0
        ? session.state !== 'closed' || request.sessions.length > 0
        : request.states.includes(states[session.viewFor(viewer).state])),
  );
  const page = pageOf(matching, (session) => session.number, request);
  const now = context.clock.now();
  return {
    sessions: page.items.map((session) => toSessionMessage(session, viewer, now)),
    nextPageToken: page.nextPageToken,
  };
}

function chosen(context: Context, principal: Principal, request: ListSessionsRequest): readonly Session[] {
  const own = context.table.all().filter((session) => session.owner === principal);
  if (request.sessions.length === 0) return own;
  const named = new Set(request.sessions.flatMap((reference) => namedBy(context, principal, reference)));
  return own.filter((session) => named.has(session));
}

function namedBy(context: Context, principal: Principal, reference: string): readonly Session[] {
  const found = context.table.find(principal, reference);
  if (found.length === 0 && !isPattern(reference)) throw notFound(reference);
  return found;
}
