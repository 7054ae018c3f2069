import type { ClientId } from '../core/ids';
import type { Availability, SessionState } from '../core/session-state';
import { otherClient, type Connection } from './connection';

/** A session's state and availability as one client sees them. */
export interface SessionView {
  readonly state: SessionState;
  readonly availability: Availability;
}

/**
 * State and availability for the one who looks, as PowerShell shows them (parity P31): one's own connection is Opened
 * with Available or Busy, another's is Disconnected with Busy, and a free session is Disconnected with None.
 */
export function viewFor(
  viewer: ClientId,
  session: { state: SessionState; connection: Connection; isRunning: () => boolean },
): SessionView {
  const { state, connection } = session;
  switch (state) {
    case 'opened':
      if (otherClient(connection, viewer) !== undefined)
        return { state: 'disconnected', availability: 'busy' };
      return { state, availability: session.isRunning() ? 'busy' : 'available' };
    case 'opening':
    case 'disconnected':
    case 'closing':
    case 'closed':
    case 'broken':
      return { state, availability: 'none' };
  }
}
