import type { Problem } from '../core/error';
import type { SessionId } from '../core/ids';
import type { KeptSession } from '../core/kept-session';
import type { Log } from '../core/log';
import type { KeeperClient } from '../keeper/client';
import type { FarAddress } from './far-link';

/** What a session at another daemon needs. */
export interface FarSessionParts {
  readonly sessionId: SessionId;
  /** Its name here, and where it is called to be: its records say so. */
  readonly labels: () => { readonly sessionName: string; readonly target: string };
  /** The keeper that has the way there, and the session's own records. */
  readonly holder: KeeperClient;
  readonly address: FarAddress;
  /** Called after each change of the session there. */
  readonly kept: (kept: KeptSession) => void;
  /** Called when the daemon there lets nobody in any more who shows what this side has; the session there goes on. */
  readonly shutOut: (problem: Problem) => void;
  readonly log: Log;
  readonly newId: () => string;
}
