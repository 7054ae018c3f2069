import type { Clock } from '../core/clock';
import type { SessionId } from '../core/ids';
import type { Log } from '../core/log';
import type { KeeperPool } from './keeper-pool';
import type { EngineProgram, EngineStart, NewSession } from './new-session';
import type { StoredSession } from './stored-session';
import type { SessionTable } from './table';

/** What the life of sessions needs from around it. */
export interface LifecycleSurroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly table: SessionTable;
  /** Set right after construction, since the pool reports to the lifecycle. */
  readonly keepers: () => KeeperPool;
  /**
   * The engine of this name, found on the caller's PATH or the daemon's, or at `path` where that is not empty.
   * Errors: ENGINE_NOT_FOUND, INVALID_ARGUMENT.
   */
  findEngine(
    name: string,
    where: { readonly path: string; readonly callerPath: string | undefined },
  ): EngineProgram;
  /** How an engine is started for a new session: its environment, folder and user. Error: CONFIGURATION_INVALID. */
  startOf(wanted: NewSession): EngineStart;
  /** Engines that are kept ready for sessions like one that was opened, where its configuration does not say how many. */
  readonly preparedByDefault: number;
  /** A new random GUID. */
  newId(): string;
  /** Writes session.json. Rejects when that fails. */
  save(session: StoredSession): Promise<void>;
  /** Deletes what is on disk of a session: its records, or all of it. */
  erase(session: SessionId, what: 'records' | 'everything'): Promise<void>;
}
