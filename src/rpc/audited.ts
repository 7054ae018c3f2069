import type { AuditEvent, InSession } from '../audit/entry';
import type { Pipeline } from '../gen/runspace/v1/pipeline';
import type { Session } from '../session/session';
import type { Context } from './context';

/** Who did something to which session. */
interface Deed {
  readonly principal: string;
  /** What the client calls itself. */
  readonly clientId: string;
  readonly session: Session;
}

/** An event without the session that it is about. */
type Bare<Event> = Event extends InSession ? Omit<Event, keyof InSession> : never;

/** Takes down what somebody did to a session. */
export function noteInSession(
  { audit }: Context,
  { principal, clientId, session }: Deed,
  event: Bare<AuditEvent>,
): void {
  audit.note({ principal, client: clientId }, { ...event, ...placeOf(session) });
}

/** Takes down that a command was started, once, however often the start is repeated; its end is taken down when it comes. */
export function noteStart(
  context: Context,
  { principal, clientId, session }: Deed,
  {
    pipeline,
    script,
    isNew,
  }: { readonly pipeline: Pipeline; readonly script: string; readonly isNew: boolean },
): void {
  const { audit, openCommands } = context;
  // A repeated start of what has ended before finds it ended; a short command that is new may be over, too.
  if (openCommands.has(pipeline.id) || (!isNew && pipeline.endTime !== undefined)) return;
  const actor = { principal, client: clientId };
  const where = placeOf(session);
  audit.note(actor, {
    event: 'commandStarted',
    pipeline: pipeline.id,
    script: audit.traceOf(script),
    ...where,
  });
  openCommands.add({ pipeline: pipeline.id, actor, where });
  // It may have ended before it was known here.
  void openCommands.settle(session.id, session.kept?.running?.id ?? '');
}

function placeOf(session: Session): InSession {
  const { id, name, stored } = session;
  return { session: id, name, target: stored.target, transport: stored.place.is };
}
