import { LocalProtocolError, RemoteProtocolError } from './errors';

/**
 * The states of a runspace pool as its client sees it (MS-PSRP 3.1.1.2; PowerShell's RunspaceState). `closing`: we
 * asked for it; `ending`: the server closes by itself.
 */
export type PoolState = 'beforeOpen' | 'opening' | 'opened' | 'closing' | 'ending' | 'closed' | 'broken';

/** What can happen to a pool. `peer…` are RUNSPACEPOOL_STATE messages. */
export type PoolTransition =
  'open' | 'peerOpened' | 'close' | 'peerClosing' | 'peerClosed' | 'closeAcknowledged' | 'peerBroke' | 'fail';

/** Every legal transition of a pool; an entry that is missing is an illegal one. */
export const poolTransitions: TransitionTable<PoolState, PoolTransition> = {
  beforeOpen: { open: 'opening', close: 'closed', fail: 'broken' },
  opening: {
    peerOpened: 'opened',
    close: 'closing',
    peerClosing: 'ending',
    peerClosed: 'closed',
    peerBroke: 'broken',
    fail: 'broken',
  },
  opened: {
    close: 'closing',
    peerClosing: 'ending',
    peerClosed: 'closed',
    peerBroke: 'broken',
    fail: 'broken',
  },
  closing: {
    close: 'closing',
    peerOpened: 'closing',
    peerClosing: 'closing',
    peerClosed: 'closing',
    closeAcknowledged: 'closed',
    peerBroke: 'broken',
    fail: 'broken',
  },
  ending: {
    close: 'ending',
    peerClosing: 'ending',
    peerClosed: 'closed',
    peerBroke: 'broken',
    fail: 'broken',
  },
  closed: { close: 'closed', peerClosed: 'closed', fail: 'closed' },
  broken: {
    close: 'broken',
    peerClosing: 'broken',
    peerClosed: 'broken',
    peerBroke: 'broken',
    fail: 'broken',
  },
};

/**
 * The states of a pipeline as its client sees it. PowerShell's own (NotStarted, Running, Stopping …) are not
 * enough: what may be sent next depends on which acknowledgement has come.
 *
 * - `creating`: Command or CREATE_PIPELINE is not acknowledged yet; `stopPending`: the same, and a stop is wanted
 * - `stopping`: Signal is to be sent; `signalled`: it was
 * - `finished`: the final state has come and Close is to be sent; `closing`: it was
 * - `abandoned`, `closingEarly`: the same, of a pipeline whose final state has not come
 */
export type ClientPipelineState =
  | 'queued'
  | 'creating'
  | 'stopPending'
  | 'running'
  | 'stopping'
  | 'signalled'
  | 'finished'
  | 'closing'
  | 'abandoned'
  | 'closingEarly'
  | 'closed';

/** What can happen to a pipeline. */
export type ClientPipelineTransition =
  | 'commandSent'
  | 'created'
  | 'stop'
  | 'signalSent'
  | 'peerFinished'
  | 'abandon'
  | 'closeSent'
  | 'closeAcknowledged'
  | 'poolEnded';

/** Every legal transition of a pipeline; an entry that is missing is an illegal one. */
export const pipelineTransitions: TransitionTable<ClientPipelineState, ClientPipelineTransition> = {
  queued: { commandSent: 'creating', stop: 'closed', abandon: 'closed', poolEnded: 'closed' },
  creating: {
    created: 'running',
    stop: 'stopPending',
    peerFinished: 'finished',
    abandon: 'abandoned',
    poolEnded: 'closed',
  },
  stopPending: {
    created: 'stopping',
    stop: 'stopPending',
    peerFinished: 'finished',
    abandon: 'abandoned',
    poolEnded: 'closed',
  },
  running: { stop: 'stopping', peerFinished: 'finished', abandon: 'abandoned', poolEnded: 'closed' },
  stopping: {
    stop: 'stopping',
    signalSent: 'signalled',
    peerFinished: 'finished',
    abandon: 'abandoned',
    poolEnded: 'closed',
  },
  signalled: { stop: 'signalled', peerFinished: 'finished', abandon: 'abandoned', poolEnded: 'closed' },
  finished: {
    stop: 'finished',
    abandon: 'finished',
    closeSent: 'closing',
    poolEnded: 'closed',
  },
  abandoned: {
    stop: 'abandoned',
    peerFinished: 'finished',
    abandon: 'abandoned',
    closeSent: 'closingEarly',
    poolEnded: 'closed',
  },
  closingEarly: {
    stop: 'closingEarly',
    peerFinished: 'closing',
    abandon: 'closingEarly',
    closeAcknowledged: 'closed',
    poolEnded: 'closed',
  },
  closing: { stop: 'closing', abandon: 'closing', closeAcknowledged: 'closed', poolEnded: 'closed' },
  closed: { stop: 'closed', abandon: 'closed', poolEnded: 'closed' },
};

/** State, then transition, then the state after it. */
export type TransitionTable<State extends string, Transition extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Transition, State>>>>
>;

/** The state after a transition that we make. One that the table does not have is our fault. */
export function nextState<State extends string, Transition extends string>(
  table: TransitionTable<State, Transition>,
  state: State,
  transition: Transition,
): State {
  const next: State | undefined = table[state][transition];
  if (next !== undefined) return next;
  throw new LocalProtocolError('TRANSITION_ILLEGAL', `${transition} is not possible while ${state}`);
}

/** The state after a transition that the peer makes. One that the table does not have is the peer's fault. */
export function nextPeerState<State extends string, Transition extends string>(
  table: TransitionTable<State, Transition>,
  state: State,
  transition: Transition,
): State {
  const next: State | undefined = table[state][transition];
  if (next !== undefined) return next;
  throw new RemoteProtocolError('TRANSITION_ILLEGAL', `${transition} came while ${state}`);
}

/** RUNSPACEPOOL_STATE: RunspaceState by number (MS-PSRP 2.2.3.4). */
export const runspaceStates = [
  'beforeOpen',
  'opening',
  'opened',
  'closed',
  'closing',
  'broken',
  'disconnecting',
  'disconnected',
  'connecting',
] as const;
/** A runspace's state as its server tells it. */
export type RunspaceState = (typeof runspaceStates)[number];

/** What the server's word on its state is to the pool; undefined: nothing. */
export const peerStates: Readonly<Record<RunspaceState, PoolTransition | undefined>> = {
  opened: 'peerOpened',
  closing: 'peerClosing',
  closed: 'peerClosed',
  broken: 'peerBroke',
  beforeOpen: undefined,
  opening: undefined,
  disconnecting: undefined,
  disconnected: undefined,
  connecting: undefined,
};

/** PIPELINE_STATE: PSInvocationState by number (MS-PSRP 2.2.3.5). */
export const invocationStates = [
  'notStarted',
  'running',
  'stopping',
  'stopped',
  'completed',
  'failed',
  'disconnected',
] as const;
/** A pipeline's state as its server tells it. */
export type InvocationState = (typeof invocationStates)[number];

/** Whether a pipeline never leaves this state. */
export function isFinalState(state: InvocationState): state is 'stopped' | 'completed' | 'failed' {
  return state === 'stopped' || state === 'completed' || state === 'failed';
}
