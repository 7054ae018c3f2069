import type { Ability } from '../core/ability';
import type { Tunnel } from '../core/kept-session';
import type { KeptSession } from '../gen/runspace/keeper/v1/keeper';
import type { Pipeline as ProtoPipeline } from '../gen/runspace/v1/pipeline';
import type { HostCall } from '../gen/runspace/v1/record';
import { RunspaceState as ProtoState } from '../gen/runspace/v1/session';
import { toProblem } from '../status/problem';
import type { RunspaceState } from './runspace';

/** What an engine said of itself when it opened; empty texts before. */
export interface RunspaceFacts {
  readonly runspaceId: string;
  readonly engineVersion: string;
  readonly abilities: readonly Ability[];
  readonly tunnel: Tunnel | undefined;
}

/** What Watch shows of a session. */
export interface SessionView {
  readonly id: string;
  readonly state: RunspaceState;
  readonly facts: RunspaceFacts;
  readonly enginePid: number | undefined;
  readonly running: ProtoPipeline | undefined;
  readonly queued: number;
  readonly ownerReaders: number;
  /** The session's own host calls that wait for an answer. */
  readonly hostCalls: readonly HostCall[];
  readonly activityAt: number;
}

/** A session as the keeper's protocol has it. */
export function keptSession(view: SessionView): KeptSession {
  const { state, facts } = view;
  return {
    sessionId: view.id,
    runspaceState: states[state.is],
    problem: 'problem' in state ? toProblem(state.problem) : undefined,
    runspaceId: facts.runspaceId,
    engineVersion: facts.engineVersion,
    abilities: facts.runspaceId === '' ? undefined : { names: [...facts.abilities] },
    enginePid: BigInt(view.enginePid ?? 0),
    running: view.running,
    queued: view.queued,
    ownerReaders: view.ownerReaders,
    activityTime: new Date(view.activityAt),
    pendingHostCalls: [...view.hostCalls],
    tunnel: facts.tunnel,
  };
}

const states: Readonly<Record<RunspaceState['is'], ProtoState>> = {
  opening: ProtoState.RUNSPACE_STATE_OPENING,
  opened: ProtoState.RUNSPACE_STATE_OPENED,
  closing: ProtoState.RUNSPACE_STATE_CLOSING,
  closed: ProtoState.RUNSPACE_STATE_CLOSED,
  broken: ProtoState.RUNSPACE_STATE_BROKEN,
};
