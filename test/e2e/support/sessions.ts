import type { RunspaceClient, Session, SessionInfo, SessionState } from '../../../clients/typescript';

/** A session's state, as a word. */
export function stateOf({ state }: Pick<SessionInfo, 'state'>): string {
  return wordOf(state);
}

/** Waits until a session is as wanted, by watching it. */
export async function untilSession(
  client: RunspaceClient,
  session: Session,
  wanted: {
    readonly what: string;
    readonly is: (session: SessionInfo) => boolean;
    readonly limitMs?: number;
  },
): Promise<SessionInfo> {
  const limitMs = wanted.limitMs ?? 15_000;
  const signal = AbortSignal.timeout(limitMs);
  let last = 'nothing';
  try {
    for await (const event of client.sessions.watch({ sessions: [session.id], signal })) {
      if (event.is !== 'session') continue;
      if (wanted.is(event.session)) return event.session;
      last = `${stateOf(event.session)} ${event.session.problem?.reason ?? ''} running=${event.session.runningPipelineId}`;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  throw new Error(
    `session ${session.name} was not ${wanted.what} within ${String(limitMs / 1e3)} s; last seen: ${last}`,
  );
}

/** Waits until a session is in this state. */
export function untilState(
  client: RunspaceClient,
  session: Session,
  state: SessionState,
): Promise<SessionInfo> {
  return untilSession(client, session, { what: wordOf(state), is: (info) => info.state === state });
}

function wordOf(state: SessionState): string {
  return state.replace('SESSION_STATE_', '').toLowerCase();
}
