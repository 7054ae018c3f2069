import type { SessionId } from '../core/ids';
import type { KeptSession, RunningPipeline } from '../core/kept-session';
import { HostCall } from '../gen/runspace/v1/record';
import { RunspaceState, SessionState, type Session } from '../gen/runspace/v1/session';
import { fromProblem } from '../status/problem';

/** A session as its own daemon shows it, as a keeper would say it. */
export function keptOf(
  session: Session,
  { sessionId, running }: { readonly sessionId: SessionId; readonly running: RunningPipeline | undefined },
): KeptSession {
  const { problem } = session;
  return {
    sessionId,
    runspace: runspaceOf(session),
    problem: problem === undefined ? undefined : problemOf(problem),
    runspaceId: session.runspaceId,
    engineVersion: session.engineVersion,
    abilities: undefined,
    // It is no process of this machine.
    enginePid: 0,
    running,
    queued: session.queued,
    ownerReaders: 0,
    hostCalls: session.pendingHostCalls.map((call) => ({
      callId: call.callId,
      encoded: HostCall.encode(call).finish(),
    })),
    tunnel: undefined,
  };
}

function problemOf(message: Parameters<typeof fromProblem>[0]): KeptSession['problem'] {
  const { code, message: text, facts } = fromProblem(message);
  return { code, message: text, facts };
}

/** Its state says more than its runspace: one that is broken there may have no runspace at all. */
function runspaceOf({ state, runspaceState }: Session): KeptSession['runspace'] {
  switch (state) {
    case SessionState.SESSION_STATE_BROKEN:
      return 'broken';
    case SessionState.SESSION_STATE_CLOSED:
      return 'closed';
    case SessionState.SESSION_STATE_CLOSING:
      return 'closing';
    case SessionState.SESSION_STATE_OPENED:
    case SessionState.SESSION_STATE_DISCONNECTED:
      return 'opened';
    case SessionState.SESSION_STATE_OPENING:
    case SessionState.SESSION_STATE_UNSPECIFIED:
      return runspaceState === RunspaceState.RUNSPACE_STATE_OPENED ? 'opened' : 'opening';
  }
}
