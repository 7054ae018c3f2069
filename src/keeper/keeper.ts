import { join } from 'node:path';
import { RunspaceError, toError } from '../core/error';
import type {
  AdoptSessionRequest,
  ConfigureSessionRequest,
  KeptSession,
  OpenSessionRequest,
  WatchResponse,
} from '../gen/runspace/keeper/v1/keeper';
import { makeOneFolder } from '../store/folder';
import { EnginePool } from './engine-pool';
import { abandonedMs, emptyGraceMs, housekeepingMs, mostSessions } from './limits';
import { adoptSession, openSession, type SessionSurroundings } from './open-session';
import type { SessionHost } from './session-host';
import { WatchHub } from './watch-hub';

/** What a keeper needs from around it. */
export interface KeeperParts extends Omit<SessionSurroundings, 'changed' | 'enginePool'> {
  /** Called once, when the keeper has nothing to live for any more. */
  readonly leave: (why: string) => void;
}

/** All sessions of one keeper process, and how long it lives. It decides nothing about rights. */
export class Keeper {
  readonly #parts: KeeperParts;
  readonly #sessions = new Map<string, SessionHost>();
  /** Sessions that are being opened or adopted. */
  readonly #coming = new Map<string, Promise<SessionHost>>();
  readonly #hub: WatchHub;
  readonly #enginePool: EnginePool;
  #lastAdoption: Promise<unknown> = Promise.resolve();
  #watchedAt: number;
  #usedAt: number;
  #isLeaving = false;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#watchedAt = parts.clock.now();
    this.#usedAt = parts.clock.now();
    this.#hub = new WatchHub({
      ids: () => [...this.#sessions.keys()],
      kept: (id) => this.#sessions.get(id)?.kept(),
      prepared: () => this.#enginePool.facts,
    });
    this.#enginePool = enginePoolOf(parts, () => this.#hub.poolChanged());
    this.#housekeepLater();
    this.#leaveWhenEmptyLater();
  }

  /** A session that this keeper has. Error: SESSION_NOT_FOUND. */
  session(id: string): SessionHost {
    const session = this.#sessions.get(id);
    if (session !== undefined) return session;
    throw new RunspaceError('SESSION_NOT_FOUND', `keeper ${this.#parts.keeperId} has no session ${id}`, {
      facts: { session: id },
    });
  }

  /** Begins to open a session; one that is there already stays as it is. Errors: those of openSession, QUOTA_EXCEEDED, SHUTTING_DOWN. */
  async open(request: OpenSessionRequest): Promise<void> {
    await this.#add(request.sessionId, () => openSession(request, this.#surroundings()));
  }

  /** Takes a session over from a dead keeper; one that is there already stays as it is. Errors: those of adoptSession. */
  async adopt(request: AdoptSessionRequest): Promise<KeptSession> {
    const session = await this.#add(request.sessionId, () => this.#inTurn(request));
    return session.kept();
  }

  /** Ends a session's engine. Errors: SESSION_NOT_FOUND. */
  async close(id: string, problem: RunspaceError): Promise<void> {
    await this.session(id).close(problem);
  }

  /** Lets go of a session; an open one is closed first. One that is not there is forgotten already. */
  async forget(id: string): Promise<void> {
    const session = (await this.#coming.get(id)) ?? this.#sessions.get(id);
    if (session === undefined) return;
    await session.close(new RunspaceError('REMOVED', 'the session was removed'));
    // Of two who forget it at once the second finds it gone.
    if (!this.#sessions.delete(id)) return;
    this.#usedAt = this.#parts.clock.now();
    await session.forget();
    this.#hub.changed(id);
    this.#leaveWhenEmptyLater();
  }

  /** New limits for a session. Error: SESSION_NOT_FOUND. */
  configure({ sessionId, sessionName, options }: ConfigureSessionRequest): void {
    this.session(sessionId).configure(sessionName, options);
  }

  /** Sessions as they are, then every change. */
  async *watch(signal: AbortSignal): AsyncGenerator<WatchResponse> {
    // What is being opened belongs to the picture: to its daemon a session that is missing is lost.
    await Promise.allSettled(this.#coming.values());
    try {
      yield* this.#hub.events(signal);
    } finally {
      this.#watchedAt = this.#parts.clock.now();
    }
  }

  /** Ends every session's engine, for this reason. */
  async closeAll(problem: RunspaceError): Promise<void> {
    await Promise.allSettled(this.#coming.values());
    await Promise.allSettled([...this.#sessions.values()].map((session) => session.close(problem)));
  }

  /** Prepares the end of the process. Error: SESSION_BUSY where there are open sessions that are not to be ended. */
  async shutDown(sessions: 'end' | 'keep'): Promise<void> {
    const open = [...this.#sessions.values()].filter(hasEngine);
    if (sessions === 'keep' && open.length > 0) {
      const message = `keeper ${this.#parts.keeperId} has ${open.length} open sessions; end them first, or with it`;
      throw new RunspaceError('SESSION_BUSY', message, { facts: { sessions: String(open.length) } });
    }
    this.#isLeaving = true;
    await this.#enginePool.close();
    await this.closeAll(new RunspaceError('SHUTTING_DOWN', 'the session was ended together with the daemon'));
  }

  /** One adoption at a time: each holds the lock of the dead keeper, which has left many sessions as a rule. */
  #inTurn(request: AdoptSessionRequest): Promise<SessionHost> {
    const adoption = this.#lastAdoption.then(() => adoptSession(request, this.#surroundings()));
    this.#lastAdoption = adoption.catch(() => undefined);
    return adoption;
  }

  #surroundings(): SessionSurroundings {
    const changed = (id: string): void => {
      if (this.#sessions.has(id)) this.#hub.changed(id);
    };
    return { ...this.#parts, enginePool: this.#enginePool, changed };
  }

  async #add(id: string, make: () => Promise<SessionHost>): Promise<SessionHost> {
    const known = this.#coming.get(id) ?? this.#sessions.get(id);
    if (known !== undefined) return known;
    this.#requireRoom();
    const making = make().finally(() => this.#coming.delete(id));
    this.#coming.set(id, making);
    const session = await making;
    this.#sessions.set(id, session);
    this.#hub.changed(id);
    return session;
  }

  #requireRoom(): void {
    const { keeperId } = this.#parts;
    if (this.#isLeaving) throw new RunspaceError('SHUTTING_DOWN', `keeper ${keeperId} is leaving`);
    if (this.#sessions.size + this.#coming.size < mostSessions) return;
    throw new RunspaceError(
      'QUOTA_EXCEEDED',
      `keeper ${keeperId} has ${mostSessions} sessions; use another keeper`,
      {
        facts: { limit: String(mostSessions) },
      },
    );
  }

  #housekeepLater(): void {
    this.#parts.clock.after(housekeepingMs, () => {
      void this.#housekeep();
      this.#housekeepLater();
    });
  }

  async #housekeep(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    try {
      await Promise.all(sessions.map((session) => session.housekeep()));
    } catch (thrown) {
      this.#parts.log.warn('housekeeping failed', { why: toError(thrown).message });
    }
    if (this.#hub.watchers > 0 || this.#parts.clock.now() - this.#watchedAt < abandonedMs) return;
    const problem = new RunspaceError('IDLE_TIMEOUT', 'no daemon asked for this session for 24 hours');
    await Promise.all(sessions.filter(({ isIdle }) => isIdle).map((session) => session.close(problem)));
    // Nothing is lost by leaving: another keeper can take the records over.
    if (!sessions.some(hasEngine)) this.#leave('no daemon for 24 hours');
  }

  #leaveWhenEmptyLater(): void {
    const { clock } = this.#parts;
    clock.after(emptyGraceMs, () => {
      if (this.#sessions.size + this.#coming.size > 0) return;
      if (clock.now() - this.#usedAt >= emptyGraceMs) this.#leave('no sessions');
      else this.#leaveWhenEmptyLater();
    });
  }

  #leave(why: string): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#parts.leave(why);
  }
}

function enginePoolOf({ layout, keeperId, clock, log }: KeeperParts, changed: () => void): EnginePool {
  const folder = layout.preparedEnginesFolder(keeperId);
  const recordFile = (nonce: string): string => {
    makeOneFolder(folder);
    return join(folder, `${nonce}.json`);
  };
  return new EnginePool({ place: { keeperId, recordFile }, clock, log, changed });
}

function hasEngine({ state }: SessionHost): boolean {
  return state === 'opening' || state === 'opened' || state === 'closing';
}
