/** The states of a session, as its owner's listing shows them. */
export type SessionState = 'opening' | 'disconnected' | 'opened' | 'closing' | 'closed' | 'broken';

/** What can happen to a session. */
export type SessionEvent =
  | 'runspaceOpened'
  | 'clientConnected'
  | 'clientDisconnected'
  | 'closeRequested'
  | 'runspaceClosed'
  | 'runspaceLost';

/** Every legal transition; an entry that is missing is an illegal one. docs/states.md is drawn from this table. */
export const sessionTransitions: Readonly<
  Record<SessionState, Readonly<Partial<Record<SessionEvent, SessionState>>>>
> = {
  opening: { runspaceOpened: 'disconnected', closeRequested: 'closing', runspaceLost: 'broken' },
  disconnected: {
    clientConnected: 'opened',
    clientDisconnected: 'disconnected',
    closeRequested: 'closing',
    runspaceLost: 'broken',
    runspaceClosed: 'broken',
  },
  opened: {
    clientConnected: 'opened',
    clientDisconnected: 'disconnected',
    closeRequested: 'closing',
    runspaceLost: 'broken',
    runspaceClosed: 'broken',
  },
  closing: { clientDisconnected: 'closing', runspaceClosed: 'closed', runspaceLost: 'closed' },
  broken: { clientDisconnected: 'broken', closeRequested: 'closed' },
  closed: {},
};

/** The state after `event`, or undefined where the table has no such transition. */
export function nextSessionState(state: SessionState, event: SessionEvent): SessionState | undefined {
  return sessionTransitions[state][event];
}

/** PowerShell's RunspaceAvailability. */
export type Availability = 'none' | 'available' | 'availableForNestedCommand' | 'busy' | 'remoteDebug';
