import type { ClientId } from '../core/ids';
import type { KeptSession } from '../core/kept-session';
import type {
  Availability as AvailabilityName,
  SessionState as SessionStateName,
} from '../core/session-state';
import { Waiting } from '../gen/runspace/v1/pipeline';
import { HostCall } from '../gen/runspace/v1/record';
import type { Session as SessionMessage } from '../gen/runspace/v1/session';
import { Availability, RunspaceState, SessionState } from '../gen/runspace/v1/session';
import { fromSessionOptions } from '../keeper/session-terms';
import { fromTarget } from '../keeper/target-terms';
import { idleDeadline } from '../session/idle-clock';
import { optionWarnings } from '../session/option-warnings';
import type { Session } from '../session/session';
import { toProblem } from '../status/problem';
import { fromMilliseconds } from './time';

/** A session as the API shows it to one client. */
export function toSessionMessage(session: Session, viewer: ClientId, now: number): SessionMessage {
  const { stored, kept, connection } = session;
  const view = session.viewFor(viewer);
  const deadline = session.isOpen ? idleDeadline(stored.idle, stored.options.idleTimeoutMs) : undefined;
  return {
    id: session.id,
    number: BigInt(session.number),
    name: session.name,
    engine: stored.engine,
    state: states[view.state],
    availability: availabilities[view.availability],
    problem: stored.problem === undefined ? undefined : toProblem(stored.problem),
    runspaceId: stored.runspaceId,
    runspaceState: runspaceStateOf(session.state, kept),
    owner: session.owner,
    connectedClientId: connection.is === 'held' ? connection.client : '',
    connectedUntil:
      connection.is === 'held' && connection.leaseUntil !== undefined
        ? new Date(connection.leaseUntil)
        : undefined,
    target: stored.target,
    createTime: new Date(stored.createdAt),
    endTime: stored.endedAt === undefined ? undefined : new Date(stored.endedAt),
    idleDeadline: deadline === undefined ? undefined : new Date(deadline),
    idleRemaining: deadline === undefined ? undefined : fromMilliseconds(Math.max(0, deadline - now)),
    options: fromSessionOptions(stored.options),
    runningPipelineId: kept?.running?.id ?? '',
    runningCommand: kept?.running?.command ?? '',
    queued: kept?.queued ?? 0,
    engineVersion: stored.engineVersion,
    enginePid: BigInt(kept?.enginePid ?? 0),
    keeperId: stored.keeperId ?? '',
    configuration: stored.configuration?.name ?? '',
    transport: stored.place.is,
    waiting: waitingOf(kept),
    pendingHostCalls: (kept?.hostCalls ?? []).map(({ encoded }) => HostCall.decode(encoded)),
    configurationVersion: BigInt(stored.configuration?.version ?? 0),
    optionWarnings: optionWarnings(stored).map(toProblem),
    place: fromTarget(stored.place),
  };
}

/** A session that opens waits for an answer where its start-up script asks something. */
function waitingOf(kept: KeptSession | undefined): number {
  if (kept?.running !== undefined) return kept.running.waiting;
  return kept !== undefined && kept.hostCalls.length > 0 ? Waiting.WAITING_FOR_ANSWER : 0;
}

/** The states as the API numbers them. */
export const states: Readonly<Record<SessionStateName, SessionState>> = {
  opening: SessionState.SESSION_STATE_OPENING,
  opened: SessionState.SESSION_STATE_OPENED,
  disconnected: SessionState.SESSION_STATE_DISCONNECTED,
  closing: SessionState.SESSION_STATE_CLOSING,
  closed: SessionState.SESSION_STATE_CLOSED,
  broken: SessionState.SESSION_STATE_BROKEN,
};

const availabilities: Readonly<Record<AvailabilityName, Availability>> = {
  none: Availability.AVAILABILITY_NONE,
  available: Availability.AVAILABILITY_AVAILABLE,
  availableForNestedCommand: Availability.AVAILABILITY_AVAILABLE_FOR_NESTED_COMMAND,
  busy: Availability.AVAILABILITY_BUSY,
  remoteDebug: Availability.AVAILABILITY_REMOTE_DEBUG,
};

const runspaceStates: Readonly<Record<KeptSession['runspace'], RunspaceState>> = {
  opening: RunspaceState.RUNSPACE_STATE_OPENING,
  opened: RunspaceState.RUNSPACE_STATE_OPENED,
  closing: RunspaceState.RUNSPACE_STATE_CLOSING,
  closed: RunspaceState.RUNSPACE_STATE_CLOSED,
  broken: RunspaceState.RUNSPACE_STATE_BROKEN,
};

function runspaceStateOf(state: SessionStateName, kept: KeptSession | undefined): RunspaceState {
  if (kept !== undefined) return runspaceStates[kept.runspace];
  switch (state) {
    case 'opening':
      return RunspaceState.RUNSPACE_STATE_BEFORE_OPEN;
    case 'broken':
      return RunspaceState.RUNSPACE_STATE_BROKEN;
    case 'closed':
      return RunspaceState.RUNSPACE_STATE_CLOSED;
    case 'opened':
    case 'disconnected':
      return RunspaceState.RUNSPACE_STATE_OPENED;
    case 'closing':
      return RunspaceState.RUNSPACE_STATE_CLOSING;
  }
}
