import type { Clock } from '../core/clock';
import { toError, type Problem } from '../core/error';
import type { KeeperId } from '../core/ids';
import type { Log } from '../core/log';
import type { KeeperClient } from '../keeper/client';
import type { KeeperOwner, KeeperPool } from './keeper-pool';
import type { Lifecycle } from './lifecycle';
import type { StoredSession } from './stored-session';
import type { Session } from './session';

/** A keeper that the state folder names. */
export interface FoundKeeper {
  readonly id: KeeperId;
  readonly owner: KeeperOwner;
  /** Connects to it; rejects when it is gone, or does not answer in time. */
  connect(): Promise<KeeperClient>;
  /** Whether its process runs. */
  isAlive(): boolean;
}

/** What recovery reads and rebuilds. */
export interface Recovery {
  readonly log: Log;
  readonly clock: Clock;
  readonly stored: readonly StoredSession[];
  readonly keepers: readonly FoundKeeper[];
  readonly pool: KeeperPool;
  readonly lifecycle: Lifecycle;
  /** Aborts when the daemon ends. */
  readonly ending: AbortSignal;
}

/** How long a keeper that runs and does not answer is left alone before it is tried again. */
const tryAgainMs = 1_000;

/**
 * Brings back what a former daemon left: sessions from their files, keepers from their sockets, and the one matched to
 * the other. One broken entry never stops the rest.
 *
 * Where a daemon can have died, and what is done about it:
 * - between a session's file and its keeper's answer: the session is Opening and no keeper knows it: it is broken;
 * - between a keeper's start and its file: the keeper finds no session and leaves by itself;
 * - while a session closed, or its records were deleted: that is done again, from the start;
 * - while the keeper died too: its sessions are broken, and another keeper takes over what they wrote.
 *
 * A keeper that runs and does not answer (it is starved, or stopped) is tried until it answers or dies; its sessions are
 * what they were meanwhile.
 */
export async function recover(recovery: Recovery): Promise<void> {
  const sessions = recovery.stored.map((stored) => recovery.lifecycle.restore(stored));
  const outcomes = await Promise.all(recovery.keepers.map((keeper) => join(keeper, recovery)));
  const silent = recovery.keepers.filter((_keeper, index) => outcomes[index] === 'silent');
  const silentIds = new Set<KeeperId | undefined>(silent.map(({ id }) => id));
  for (const session of sessions) if (!silentIds.has(session.stored.keeperId)) settle(session, recovery);
  for (const keeper of silent) {
    const held = sessions.filter(({ stored }) => stored.keeperId === keeper.id);
    void joinLater(keeper, held, recovery);
  }
}

async function join(keeper: FoundKeeper, { pool, log }: Recovery): Promise<'joined' | 'dead' | 'silent'> {
  try {
    await pool.join(await keeper.connect(), keeper.owner);
    return 'joined';
  } catch (error) {
    const outcome = keeper.isAlive() ? 'silent' : 'dead';
    log.warn('keeper not found again', { keeper: keeper.id, outcome, why: toError(error).message });
    return outcome;
  }
}

async function joinLater(keeper: FoundKeeper, held: readonly Session[], recovery: Recovery): Promise<void> {
  const { clock, ending } = recovery;
  do {
    await new Promise<void>((resolve) => clock.after(tryAgainMs, resolve));
    if (ending.aborted) return;
  } while ((await join(keeper, recovery)) === 'silent');
  for (const session of held) settle(session, recovery);
}

/** Makes of a session what its keeper, if it has one, says of it. */
function settle(session: Session, { lifecycle, pool, log }: Recovery): void {
  const { state, keeperId, problem } = session.stored;
  const isRemoved = problem?.code === 'REMOVED';
  if (state === 'closed' && !isRemoved) return;
  session.settleAfterRestart();
  const isHeld = keeperId !== undefined && pool.get(keeperId) !== undefined;
  if (problem !== undefined && (isRemoved || state === 'closing')) {
    const ending = isRemoved ? lifecycle.remove(session, problem) : lifecycle.close(session, problem);
    ending.catch((error: unknown) => {
      log.error('session not closed', error, { session: session.id });
    });
  } else if (isHeld && !isKnown(pool, keeperId, session) && state !== 'broken') {
    if (session.stored.farSession !== undefined) lifecycle.loseKeeper(keeperId, [session.id]);
    else session.loseRunspace(interrupted(session));
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
