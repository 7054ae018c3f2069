import { checkLimits } from '../configuration/limits';
import type { Clock } from '../core/clock';
import { RunspaceError, type Problem } from '../core/error';
import type { ClientId } from '../core/ids';
import type { KeptSession } from '../core/kept-session';
import type { Log } from '../core/log';
import { nextSessionState, type SessionEvent } from '../core/session-state';
import {
  atTime,
  freeConnection,
  otherClient,
  withLease,
  withoutStream,
  withStream,
  type Connection,
} from './connection';
import type { Timed } from './deadlines';
import { haltClock, restartClock, resumeClock } from './idle-clock';
import { completeOptions, type ChosenOptions } from './options';
import type { StoredSession } from './stored-session';
import { viewFor, type SessionView } from './view';

/** What a session needs from around it. */
export interface SessionSurroundings {
  readonly clock: Clock;
  readonly log: Log;
  /** Writes session.json; called after each change of what is stored. */
  save(session: StoredSession): void;
  /** Called after each change of anything that listings show. */
  changed(session: Session): void;
  /** Adds a record to the session's own records. */
  record(
    session: Session,
    event: { readonly name: string; readonly problem?: Problem; readonly client?: ClientId },
  ): void;
}

/**
 * A durable, named handle on a runspace: who owns it, its state, who is connected, how long it may idle. All changes of
 * its state go through `apply` and the table in core/session-state.ts.
 */
export class Session {
  readonly #surroundings: SessionSurroundings;
  #stored: StoredSession;
  #connection: Connection;
  #kept: KeptSession | undefined;
  #activeAt: number;
  #savedState: StoredSession['state'];
  /** Only commands hold the connection: each is on record itself, and their coming and going is not. */
  #isPassing = false;
  /** Ends the streams of whoever is connected, when another client takes over. */
  readonly #evictions = new Map<AbortController, ClientId>();

  constructor(stored: StoredSession, surroundings: SessionSurroundings) {
    this.#stored = stored;
    this.#savedState = stored.state;
    this.#surroundings = surroundings;
    this.#activeAt = surroundings.clock.now();
    this.#connection =
      stored.lease === undefined
        ? freeConnection
        : withLease(freeConnection, stored.lease.client, stored.lease.until);
  }

  get id() {
    return this.#stored.id;
  }

  get number() {
    return this.#stored.number;
  }

  get name() {
    return this.#stored.name;
  }

  get owner() {
    return this.#stored.owner;
  }

  get state() {
    return this.#stored.state;
  }

  /** Whether there is a runspace in which commands can run, whoever is connected. */
  get isOpen(): boolean {
    return this.state === 'opened' || this.state === 'disconnected';
  }

  /** What is on disk. */
  get stored(): StoredSession {
    return this.#stored;
  }

  /** What the keeper said last. */
  get kept(): KeptSession | undefined {
    return this.#kept;
  }

  /** Who is connected now. */
  get connection(): Connection {
    return atTime(this.#connection, this.#surroundings.clock.now());
  }

  /** What the clocks look at. */
  get timed(): Timed {
    return { ...this.#stored, connection: this.#connection, activeAt: this.#activeAt };
  }

  /** State and availability for one client. */
  viewFor(viewer: ClientId): SessionView {
    return viewFor(viewer, {
      state: this.state,
      connection: this.connection,
      isRunning: () => this.#kept?.running !== undefined,
    });
  }

  /** Changes the state by the table. An event that the table does not know in this state is an error of ours. */
  apply(event: SessionEvent, why: { readonly problem?: Problem; readonly client?: ClientId } = {}): void {
    const from = this.state;
    const to = nextSessionState(from, event);
    if (to === undefined)
      throw new RunspaceError(
        'INTERNAL',
        `cannot apply ${event} to session "${this.name}", which is ${from}`,
      );
    const isOver = to === 'closed' || to === 'broken';
    this.#store({
      state: to,
      problem: this.#stored.problem ?? why.problem,
      endedAt: this.#stored.endedAt ?? (isOver ? this.#surroundings.clock.now() : undefined),
    });
    if (isOver) this.#end();
    if (from === to) return;
    const isPassing = this.#isPassing && (to === 'opened' || to === 'disconnected');
    if (!isPassing) this.#note({ event, from, to }, why);
    this.#surroundings.changed(this);
  }

  #note(
    { event, from, to }: { readonly event: SessionEvent; readonly from: string; readonly to: string },
    why: { readonly problem?: Problem; readonly client?: ClientId },
  ): void {
    this.#surroundings.log.info('session state', {
      session: this.id,
      event,
      from,
      to,
      reason: why.problem?.code,
    });
    this.#surroundings.record(this, { name: to, ...why });
  }

  /** Takes in what the keeper says; the state follows the runspace's. */
  takeKept(kept: KeptSession): void {
    const before = this.#kept;
    this.#kept = kept;
    // A keeper that has only the records of it does not know what engine they came from.
    if (kept.runspaceId !== '')
      this.#store({ runspaceId: kept.runspaceId, engineVersion: kept.engineVersion });
    this.#followRunspace(kept);
    if ((before?.ownerReaders ?? 0) !== kept.ownerReaders) this.#settleIdleClock();
    this.#surroundings.changed(this);
  }

  /** The keeper, and with it the engine, is gone. */
  loseRunspace(problem: Problem): void {
    this.#kept = undefined;
    if (nextSessionState(this.state, 'runspaceLost') !== undefined) this.apply('runspaceLost', { problem });
    this.#surroundings.changed(this);
  }

  /** Chooses the keeper; undefined: none holds it now. */
  setKeeper(keeperId: StoredSession['keeperId']): void {
    this.#store({ keeperId });
  }

  /** It is at another daemon, by this id, with this engine. */
  setFarSession(farSession: string, engine: string): void {
    this.#store({ farSession, engine });
  }

  /** Replaces the reason of its end: a session that ended by itself is removed later. */
  setProblem(problem: Problem): void {
    this.#store({ problem });
    this.#surroundings.changed(this);
  }

  /** Names it. */
  rename(name: string): void {
    this.#store({ name });
    this.#surroundings.changed(this);
  }

  /** Changes its options, within the limits of its configuration. Error: OPTION_OUT_OF_RANGE. */
  setOptions(chosen: ChosenOptions): void {
    if (this.#stored.configuration !== undefined) checkLimits(chosen, this.#stored.configuration);
    this.#store({ options: completeOptions(chosen, this.#stored.options) });
    this.#surroundings.changed(this);
  }

  /** Connects a client until a time, or renews its lease. */
  connect(client: ClientId, leaseUntil: number): void {
    this.#reconnect(withLease(this.connection, client, leaseUntil), client, 'lasting');
  }

  /**
   * Connects a client for as long as a stream of its lives, that of one command or a lasting one. The stream ends when
   * `signal` aborts (another client took over, the session is over; the reason is a RunspaceError); disposing says that
   * the stream has ended.
   */
  holdByStream(
    client: ClientId,
    stream: 'command' | 'lasting',
  ): Disposable & { readonly signal: AbortSignal } {
    this.#reconnect(withStream(this.connection, client), client, stream);
    const eviction = new AbortController();
    this.#evictions.set(eviction, client);
    return {
      signal: eviction.signal,
      [Symbol.dispose]: () => {
        if (!this.#evictions.delete(eviction)) return;
        this.#leave(withoutStream(this.#connection, client), client);
      },
    };
  }

  /** Ends the connection, whoever holds it. */
  disconnect(): void {
    const { connection } = this;
    if (connection.is === 'free') return;
    this.#evict((client) => client === connection.client, disconnected(this));
    this.#leave(freeConnection, connection.client);
  }

  /** After a restart of the daemon: streams are gone, and what they held with them. */
  settleAfterRestart(): void {
    if (this.connection.is === 'free' && this.state === 'opened') this.apply('clientDisconnected');
    this.#settleIdleClock();
  }

  /** A lease may have ended by now. */
  settleLease(): void {
    if (this.#connection.is === 'held') this.#leave(this.connection, this.#connection.client);
  }

  /** A command started, got input or an answer: the idle clock starts anew. */
  noteActivity(): void {
    const now = this.#surroundings.clock.now();
    this.#activeAt = now;
    this.#store({ idle: restartClock(this.#stored.idle, now) });
  }

  /** Writes what is due to the disk: times of activity are kept in memory until then. */
  save(): void {
    this.#savedState = this.state;
    this.#surroundings.save(this.#stored);
  }

  #reconnect(connection: Connection, client: ClientId, how: 'command' | 'lasting'): void {
    const former = otherClient(this.connection, client);
    if (former !== undefined) this.#evict((other) => other === former, takenOver(this, client));
    this.#connection = connection;
    this.noteActivity();
    this.#settleIdleClock();
    const wasOpened = this.state === 'opened';
    const wasPassing = this.#isPassing;
    this.#isPassing = how === 'command' && (!wasOpened || wasPassing);
    this.apply('clientConnected', { client });
    if (wasPassing && !this.#isPassing)
      this.#note({ event: 'clientConnected', from: 'disconnected', to: 'opened' }, { client });
    if (wasOpened && former !== undefined) this.#surroundings.record(this, { name: 'takenOver', client });
    this.#saveLease();
    this.#surroundings.changed(this);
  }

  #leave(connection: Connection, client: ClientId): void {
    const wasHeld = this.#connection.is === 'held';
    this.#connection = connection;
    this.#saveLease();
    if (!wasHeld || connection.is === 'held') return;
    this.#settleIdleClock();
    if (nextSessionState(this.state, 'clientDisconnected') !== undefined)
      this.apply('clientDisconnected', { client });
    this.#isPassing = false;
    this.#surroundings.changed(this);
  }

  #end(): void {
    this.#evict(() => true, sessionOver(this));
    this.#connection = freeConnection;
    this.#saveLease();
  }

  #evict(isMeant: (client: ClientId) => boolean, error: RunspaceError): void {
    for (const [eviction, client] of [...this.#evictions]) {
      if (!isMeant(client)) continue;
      this.#evictions.delete(eviction);
      eviction.abort(error);
    }
  }

  #followRunspace(kept: KeptSession): void {
    const why = kept.problem === undefined ? {} : { problem: kept.problem };
    switch (kept.runspace) {
      case 'opening':
      case 'closing':
        return;
      case 'opened':
        if (this.state === 'opening') this.apply('runspaceOpened');
        return;
      case 'broken':
        if (nextSessionState(this.state, 'runspaceLost') !== undefined && this.state !== 'closing')
          this.apply('runspaceLost', why);
        return;
      case 'closed':
        if (nextSessionState(this.state, 'runspaceClosed') !== undefined && this.state !== 'closing')
          this.apply('runspaceClosed', why);
        return;
    }
  }

  #settleIdleClock(): void {
    const now = this.#surroundings.clock.now();
    const isHeld = this.connection.is === 'held' || (this.#kept?.ownerReaders ?? 0) > 0;
    this.#store({ idle: isHeld ? haltClock(this.#stored.idle, now) : resumeClock(this.#stored.idle, now) });
  }

  #saveLease(): void {
    const { connection } = this;
    const lease =
      connection.is === 'held' && connection.leaseUntil !== undefined
        ? { client: connection.client, until: connection.leaseUntil }
        : undefined;
    this.#store({ lease });
  }

  #store(change: Partial<StoredSession>): void {
    const before = this.#stored;
    this.#stored = { ...before, ...change };
    const changed = (Object.keys(change) as (keyof StoredSession)[]).filter(
      (name) => JSON.stringify(before[name]) !== JSON.stringify(this.#stored[name]),
    );
    if (
      changed.some((name) => name !== 'idle' && !(name === 'state' && this.#isStoredWellEnough(before.state)))
    ) {
      this.save();
    }
  }

  /**
   * Commands come and go with streams, and must not cost a write each. The idle clock and the end of a connection by
   * stream are saved by the table now and then: a daemon that dies before finds the session connected on disk, with
   * its idle clock standing still, and lets the clock run from its restart on. So no session ever ends too early.
   */
  #isStoredWellEnough(before: StoredSession['state']): boolean {
    const wasLeft = before === 'opened' && this.state === 'disconnected';
    return wasLeft || (this.state === 'opened' && this.#savedState === 'opened');
  }
}

function takenOver(session: Session, client: ClientId): RunspaceError {
  return new RunspaceError(
    'CONNECTED_ELSEWHERE',
    `client ${client} took over session "${session.name}"; connect again with take_over to take it back`,
    { facts: { session: session.name, client } },
  );
}

function disconnected(session: Session): RunspaceError {
  return new RunspaceError(
    'CONNECTED_ELSEWHERE',
    `session "${session.name}" was disconnected by another call`,
    {
      facts: { session: session.name },
    },
  );
}

function sessionOver(session: Session): RunspaceError {
  const problem = session.stored.problem;
  return new RunspaceError(
    session.state === 'broken' ? 'SESSION_BROKEN' : 'SESSION_CLOSED',
    `session "${session.name}" is ${session.state}${problem === undefined ? '' : `: ${problem.message}`}`,
    { facts: { session: session.name } },
  );
}
