import type { Problem } from './error';
import type { SessionId } from './ids';
import type { HostCallPolicy } from './session-options';

/** A session as its keeper has it. */
export interface KeptSession {
  readonly sessionId: SessionId;
  readonly runspace: 'opening' | 'opened' | 'closing' | 'closed' | 'broken';
  /** Why the runspace is closed or broken. */
  readonly problem: Problem | undefined;
  readonly runspaceId: string;
  readonly engineVersion: string;
  /** What the engine can do; undefined: the keeper is too old to tell. */
  readonly abilities: readonly string[] | undefined;
  /** Process id of the engine on this machine; 0: none. */
  readonly enginePid: number;
  readonly running: RunningPipeline | undefined;
  /** Commands that wait for their turn. */
  readonly queued: number;
  /** Streams of reader `owner` that are open now. */
  readonly ownerReaders: number;
  /** Host calls of the session itself that wait for an answer, oldest first. */
  readonly hostCalls: readonly WaitingHostCall[];
  /** The way to the daemon that has the session; undefined: its engine is the keeper's own. */
  readonly tunnel: Tunnel | undefined;
}

/** A socket of this machine that leads to a daemon of another. */
export interface Tunnel {
  readonly socketPath: string;
  /** The version of that daemon. */
  readonly version: string;
  /** What calls over it carry as `authorization`; empty: nothing. */
  readonly authorization: string;
}

/** A host call that waits for an answer. */
export interface WaitingHostCall {
  readonly callId: bigint;
  /** The call as the API has it, encoded: it is passed through. */
  readonly encoded: Uint8Array;
}

/** The command that runs, as listings show it. */
export interface RunningPipeline {
  readonly id: string;
  /** The script's beginning. */
  readonly command: string;
  /** What it waits for, as the API numbers it; 0: nothing. */
  readonly waiting: number;
  /** Its host calls that wait for an answer, oldest first. */
  readonly hostCalls: readonly WaitingHostCall[];
  /** What becomes of them while nobody is connected; undefined: as the session's option says. */
  readonly hostCallPolicy: HostCallPolicy | undefined;
}
