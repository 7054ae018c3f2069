import { toError, type Problem } from '../core/error';
import type { KeeperId, Principal } from '../core/ids';
import type { Log } from '../core/log';
import type { KeeperClient } from '../keeper/client';
import type { KeeperPool } from './keeper-pool';
import type { Lifecycle } from './lifecycle';
import type { StoredSession } from './stored-session';
import type { Session } from './session';

/** A keeper that the state folder names. */
export interface FoundKeeper {
  readonly id: KeeperId;
  readonly owner: Principal;
  /** Connects to it; rejects when it is gone. */
  connect(): Promise<KeeperClient>;
}

/** What recovery reads and rebuilds. */
export interface Recovery {
  readonly log: Log;
  readonly stored: readonly StoredSession[];
  readonly keepers: readonly FoundKeeper[];
  readonly pool: KeeperPool;
  readonly lifecycle: Lifecycle;
}

/**
 * Brings back what a former daemon left: sessions from their files, keepers from their sockets, and the one matched to
 * the other. One broken entry never stops the rest.
 *
 * Where a daemon can have died, and what is done about it:
 * - between a session's file and its keeper's answer: the session is Opening and no keeper knows it: it is broken;
 * - between a keeper's start and its file: the keeper finds no session and leaves by itself;
 * - while a session closed, or its records were deleted: that is done again, from the start;
 * - while the keeper died too: its sessions are broken, and another keeper takes over what they wrote.
 */
export async function recover(recovery: Recovery): Promise<void> {
  const sessions = recovery.stored.map((stored) => recovery.lifecycle.restore(stored));
  const found = await Promise.all(recovery.keepers.map((keeper) => join(keeper, recovery)));
  const alive = new Set(found.filter((id) => id !== undefined));
  for (const session of sessions) settle(session, { ...recovery, alive });
}

async function join(keeper: FoundKeeper, { pool, log }: Recovery): Promise<KeeperId | undefined> {
  try {
    await pool.join(await keeper.connect(), keeper.owner);
    return keeper.id;
  } catch (error) {
    log.warn('keeper not found again', { keeper: keeper.id, why: toError(error).message });
    return undefined;
  }
}

function settle(
  session: Session,
  { lifecycle, pool, alive, log }: Recovery & { alive: ReadonlySet<KeeperId> },
): void {
  const { state, keeperId, problem } = session.stored;
  const isRemoved = problem?.code === 'REMOVED';
  if (state === 'closed' && !isRemoved) return;
  session.settleAfterRestart();
  const isHeld = keeperId !== undefined && alive.has(keeperId);
  if (problem !== undefined && (isRemoved || state === 'closing')) {
    const ending = isRemoved ? lifecycle.remove(session, problem) : lifecycle.close(session, problem);
    ending.catch((error: unknown) => {
      log.error('session not closed', error, { session: session.id });
    });
  } else if (isHeld && !isKnown(pool, keeperId, session) && state !== 'broken') {
    session.loseRunspace(interrupted(session));
  } else if (!isHeld && state !== 'broken') {
    if (keeperId === undefined) session.loseRunspace(interrupted(session));
    else lifecycle.loseKeeper(keeperId, [session.id]);
  }
}

function isKnown(pool: KeeperPool, keeperId: KeeperId, session: Session): boolean {
  return pool
    .all()
    .some(({ client, sessions }) => client.keeperId === keeperId && sessions.includes(session.id));
}

function interrupted(session: Session): Problem {
  return {
    code: 'KEEPER_LOST',
    message: `the daemon ended while session "${session.name}" was being opened; open a new one`,
    facts: { session: session.name },
  };
}
