import type { Problem } from './error';
import type { SessionId } from './ids';

/** A session as its keeper has it. */
export interface KeptSession {
  readonly sessionId: SessionId;
  readonly runspace: 'opening' | 'opened' | 'closing' | 'closed' | 'broken';
  /** Why the runspace is closed or broken. */
  readonly problem: Problem | undefined;
  readonly runspaceId: string;
  readonly engineVersion: string;
  /** Process id of the engine on this machine; 0: none. */
  readonly enginePid: number;
  readonly running: RunningPipeline | undefined;
  /** Commands that wait for their turn. */
  readonly queued: number;
  /** Streams of reader `owner` that are open now. */
  readonly ownerReaders: number;
}

/** The command that runs, as listings show it. */
export interface RunningPipeline {
  readonly id: string;
  /** The script's beginning. */
  readonly command: string;
  /** What it waits for, as the API numbers it; 0: nothing. */
  readonly waiting: number;
}
