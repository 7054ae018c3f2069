import type { Clock } from '../core/clock';
import type { Problem } from '../core/error';
import type { SessionId } from '../core/ids';
import type { Log } from '../core/log';
import { deadlinesOf, dueAt, type Due } from './deadlines';
import type { Lifecycle } from './lifecycle';
import type { Session } from './session';
import type { SessionTable } from './table';

/** How long a closed session is remembered, so that callers learn why it ended. */
const closedKeptMs = 7 * 24 * 60 * 60 * 1000;
/** Times of activity are written to the disk this often. */
const saveEveryMs = 60_000;

/**
 * Applies the sessions' clocks: leases, idle timeouts, lifetimes. One timer for all sessions, set to the earliest
 * deadline, looked at again after each change.
 */
export class Timekeeper implements Disposable {
  readonly #around: { clock: Clock; log: Log; table: SessionTable; lifecycle: Lifecycle };
  readonly #stopping = new AbortController();
  #cancelTimer: () => void = () => undefined;
  #timerAt = Infinity;
  /** Sessions that are being ended: their deadlines are dealt with. */
  readonly #ending = new Set<SessionId>();
  #savedAt: number;

  constructor(around: { clock: Clock; log: Log; table: SessionTable; lifecycle: Lifecycle }) {
    this.#around = around;
    this.#savedAt = around.clock.now();
  }

  /** Applies what is overdue, then whatever becomes due. */
  async run(): Promise<void> {
    const changes = this.#around.table.changes(this.#stopping.signal);
    this.#tick();
    for await (const id of changes) {
      const session = this.#around.table.get(id);
      if (session !== undefined && !this.#ending.has(id)) this.#wakeBy(nextDeadline(session));
    }
  }

  [Symbol.dispose](): void {
    this.#stopping.abort();
    this.#cancelTimer();
    for (const session of this.#around.table.all()) if (session.state !== 'closed') session.save();
  }

  #tick(): void {
    const { clock, table } = this.#around;
    const now = clock.now();
    this.#timerAt = Infinity;
    for (const session of table.all()) {
      if (this.#ending.has(session.id)) continue;
      for (const due of dueOf(session, now)) this.#act(session, due);
      if (!this.#ending.has(session.id)) this.#wakeBy(nextDeadline(session));
    }
    if (now - this.#savedAt >= saveEveryMs) {
      this.#savedAt = now;
      for (const session of table.all()) if (session.isOpen) session.save();
    }
    this.#wakeBy(now + saveEveryMs);
  }

  #wakeBy(at: number): void {
    if (at >= this.#timerAt || this.#stopping.signal.aborted) return;
    this.#cancelTimer();
    this.#timerAt = at;
    const { clock } = this.#around;
    this.#cancelTimer = clock.after(at - clock.now(), () => {
      this.#tick();
    });
  }

  #act(session: Session, due: Due | 'forgotten'): void {
    switch (due) {
      case 'leaseEnded':
        session.settleLease();
        return;
      case 'idleTimeout':
      case 'connectedIdleTimeout':
      case 'lifetimeEnded':
        this.#attempt(session, this.#around.lifecycle.close(session, endReason(session, due)));
        return;
      case 'forgotten':
        this.#attempt(session, this.#around.lifecycle.forget(session));
        return;
    }
  }

  #attempt(session: Session, ending: Promise<void>): void {
    this.#ending.add(session.id);
    ending
      .catch((error: unknown) => {
        this.#around.log.error('session not ended', error, { session: session.id });
      })
      .finally(() => {
        this.#ending.delete(session.id);
        this.#wakeBy(Math.max(nextDeadline(session), this.#around.clock.now() + 1_000));
      });
  }
}

function dueOf(session: Session, now: number): readonly (Due | 'forgotten')[] {
  if (session.isOpen) return dueAt(session.timed, now);
  return forgottenAt(session) <= now ? ['forgotten'] : [];
}

function nextDeadline(session: Session): number {
  return session.isOpen ? Math.min(...deadlinesOf(session.timed).map(([, at]) => at)) : forgottenAt(session);
}

function forgottenAt(session: Session): number {
  const { state, endedAt } = session.stored;
  return state === 'closed' && endedAt !== undefined ? endedAt + closedKeptMs : Infinity;
}

function endReason(session: Session, due: 'idleTimeout' | 'connectedIdleTimeout' | 'lifetimeEnded'): Problem {
  const { options } = session.stored;
  const facts = { session: session.name };
  switch (due) {
    case 'idleTimeout':
      return {
        code: 'IDLE_TIMEOUT',
        message: `it was idle for its idle timeout of ${inSeconds(options.idleTimeoutMs)} with no client connected`,
        facts: { ...facts, option: 'IdleTimeout' },
      };
    case 'connectedIdleTimeout':
      return {
        code: 'IDLE_TIMEOUT',
        message: `its client did nothing for the connected idle timeout of ${inSeconds(options.connectedIdleTimeoutMs)}`,
        facts: { ...facts, option: 'ConnectedIdleTimeout' },
      };
    case 'lifetimeEnded':
      return {
        code: 'LIFETIME_ENDED',
        message: `its lifetime of ${inSeconds(options.lifetimeMs)} ended`,
        facts: { ...facts, option: 'Lifetime' },
      };
  }
}

function inSeconds(ms: number | undefined): string {
  return `${String((ms ?? 0) / 1000)} s`;
}
