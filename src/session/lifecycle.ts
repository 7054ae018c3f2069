import { isRestricting } from '../configuration/configuration';
import { checkCallersVariables } from '../configuration/environment';
import { optionsFor } from '../configuration/limits';
import { checkSessionQuotas, type CountedSession } from '../configuration/quotas';
import { toError, type Problem, type RunspaceError } from '../core/error';
import type { ClientId, SessionId } from '../core/ids';
import type { KeptSession } from '../core/kept-session';
import { targetName } from '../core/target';
import type { KeeperClient } from '../keeper/client';
import { fromSessionOptions } from '../keeper/session-terms';
import { toProblem } from '../status/problem';
import { checkEnvironment } from './environment';
import { FarSessions } from './far-sessions';
import { startedClock } from './idle-clock';
import { checkSessionName } from './name';
import { Session, type SessionSurroundings } from './session';
import type { LifecycleSurroundings } from './lifecycle-surroundings';
import { delegatedBy, keptConfiguration, type EngineProgram, type NewSession } from './new-session';
import { keeperLost, notRunning, problemOf, removed, unanswered } from './session-problem';
import { labels, openRequest } from './open-request';
import type { StoredSession } from './stored-session';

/** Opens, closes, adopts and forgets sessions: everything for which a keeper is needed. */
export class Lifecycle {
  readonly #around: LifecycleSurroundings;
  readonly #openings = new Map<SessionId, Promise<void>>();
  readonly #adoptions = new Map<SessionId, Promise<KeeperClient>>();
  readonly #closings = new Map<SessionId, Promise<void>>();
  readonly #far: FarSessions;

  constructor(around: LifecycleSurroundings) {
    this.#around = around;
    this.#far = new FarSessions({
      ...around,
      kept: (session, kept) => {
        if (!isClosed(session)) session.takeKept(kept);
      },
      failed: (session, problem) => {
        if (isOpening(session)) session.loseRunspace(problem);
      },
    });
  }

  /** Ends the connections to other daemons. */
  leave(): void {
    this.#far.close();
  }

  /**
   * Refuses what can't be opened. Errors: SESSION_NAME_TAKEN, INVALID_ARGUMENT, OPTION_OUT_OF_RANGE, ENGINE_NOT_FOUND,
   * QUOTA_EXCEEDED.
   */
  check(wanted: NewSession): void {
    const { configuration } = wanted;
    checkEnvironment(wanted.environment);
    checkCallersVariables(wanted.environment, configuration);
    optionsFor(wanted.options, configuration);
    this.#findEngine(wanted);
    checkSessionQuotas(configuration, wanted.owner, this.#openSessions());
    if (wanted.name === '') return;
    checkSessionName(wanted.name);
    this.#around.table.checkNameFree(wanted.owner, wanted.name);
  }

  /** Records the intent of a checked new session and begins to open it. */
  async create(wanted: NewSession): Promise<Session> {
    const { table, clock } = this.#around;
    const engine = this.#findEngine(wanted);
    const options = optionsFor(wanted.options, wanted.configuration);
    const { number, name } = table.takeNumber(wanted.owner);
    const now = clock.now();
    const session = this.restore({
      id: wanted.id,
      number,
      name: wanted.name === '' ? name : wanted.name,
      owner: wanted.owner,
      engine: engine.engine,
      target: targetName(wanted.place),
      place: wanted.place,
      options,
      configuration: keptConfiguration(wanted),
      state: 'opening',
      problem: undefined,
      keeperId: undefined,
      farSession: undefined,
      runspaceId: '',
      engineVersion: '',
      createdAt: now,
      endedAt: undefined,
      idle: startedClock(now),
      lease: undefined,
    });
    try {
      await this.#around.save(session.stored);
    } catch (error) {
      table.remove(session);
      throw error;
    }
    const opening = this.#open(session, wanted, engine).finally(() => this.#openings.delete(session.id));
    this.#openings.set(session.id, opening);
    return session;
  }

  /** A session as it was stored, in the table. */
  restore(stored: StoredSession): Session {
    const { table, clock, log } = this.#around;
    const surroundings: SessionSurroundings = {
      clock,
      log,
      save: (changed) => {
        this.#around.save(changed).catch((error: unknown) => {
          log.error('session not saved', error, { session: changed.id });
        });
      },
      changed: (session) => {
        table.noteChange(session);
      },
      record: (session, event) => {
        this.#record(session, event);
      },
    };
    const session = new Session(stored, surroundings);
    table.add(session);
    return session;
  }

  /** Resolves when the session is no longer opening; its state says how that went. */
  async opened(session: Session, signal: AbortSignal): Promise<void> {
    if (session.state !== 'opening') return;
    const watching = new AbortController();
    const changes = this.#around.table.changes(AbortSignal.any([signal, watching.signal]));
    try {
      for await (const id of changes) {
        if (id === session.id && !isOpening(session)) break;
      }
    } finally {
      watching.abort();
    }
    signal.throwIfAborted();
  }

  /** The keeper of an open session. Errors: SESSION_BROKEN, SESSION_CLOSED, EXPIRED, RECOVERING. */
  async running(session: Session, signal: AbortSignal): Promise<KeeperClient> {
    await this.opened(session, signal);
    const keeper = this.#keeperOf(session);
    if (!session.isOpen) throw notRunning(session);
    if (keeper === undefined) throw this.#silent(session);
    return keeper;
  }

  /** A keeper that can hand out the session's records, whatever state the session is in. Errors: EXPIRED, RECOVERING. */
  async readable(session: Session, signal: AbortSignal): Promise<KeeperClient> {
    if (session.stored.problem?.code === 'REMOVED') throw notRunning(session);
    const keeper = this.#keeperOf(session);
    if (keeper !== undefined) return keeper;
    if (session.state === 'opening') {
      await this.opened(session, signal);
      return this.readable(session, signal);
    }
    if (session.isOpen || (session.stored.farSession !== undefined && !isClosed(session)))
      throw this.#silent(session);
    return this.#adopt(session);
  }

  /** Resolves when the session is on disk as it is now; where the disk takes nothing that is logged, and no more. */
  async saved(session: Session): Promise<void> {
    try {
      await this.#around.save(session.stored);
    } catch (error) {
      this.#around.log.error('session not saved', error, { session: session.id });
    }
  }

  /** Tells the keeper, if there is one, of changed options and names. */
  async configure(session: Session): Promise<void> {
    await this.#openings.get(session.id); // Until then its keeper does not know it.
    const { sessionId, sessionName } = labels(session);
    await this.#keeperOf(session)?.configureSession({
      sessionId,
      sessionName,
      options: fromSessionOptions(session.stored.options),
    });
  }

  /** Ends a session for good, for this reason; what runs in it is stopped. Idempotent. */
  close(session: Session, problem: Problem): Promise<void> {
    if (session.state === 'closed') return Promise.resolve();
    const underWay = this.#closings.get(session.id);
    if (underWay !== undefined) return underWay;
    const closing = this.#close(session, problem).finally(() => this.#closings.delete(session.id));
    this.#closings.set(session.id, closing);
    return closing;
  }

  /** Ends a session and deletes its records. Idempotent; what a daemon that died left undone the next one does. */
  async remove(session: Session, problem: Problem): Promise<void> {
    session.setProblem(problem);
    await this.close(session, problem);
    await this.#letGo(session, problem);
    await this.#around.erase(session.id, 'records');
  }

  /** Forgets a closed session altogether. */
  async forget(session: Session): Promise<void> {
    await this.#letGo(session, removed(session));
    await this.#around.save(session.stored); // Saves come in order: none is left that would write after the end.
    this.#around.table.remove(session);
    await this.#around.erase(session.id, 'everything');
  }

  /** A keeper says how a session is. */
  take(keeper: KeeperClient, kept: KeptSession): void {
    const adoption = this.#adoptions.get(kept.sessionId);
    if (adoption !== undefined) {
      // Whose it is stands only when the adoption is answered.
      const again = (): void => {
        this.take(keeper, kept);
      };
      void adoption.then(again, again);
      return;
    }
    const session = this.#around.table.get(kept.sessionId);
    // A daemon that died may not have written down who took the session over. Two keepers never have the same one.
    if (session !== undefined && !isClosed(session) && this.#keeperOf(session) === undefined)
      session.setKeeper(keeper.keeperId);
    if (session === undefined || session.stored.keeperId !== keeper.keeperId) {
      void keeper.forgetSession({ sessionId: kept.sessionId }).catch((error: unknown) => {
        this.#around.log.warn('stray session not forgotten', {
          session: kept.sessionId,
          why: toError(error).message,
        });
      });
      return;
    }
    if (this.#far.take(session, keeper, kept)) return;
    session.takeKept(kept);
    if (session.state === 'broken' && (kept.runspace === 'opening' || kept.runspace === 'opened'))
      this.#closeUnwanted(keeper, session);
  }

  /** The keeper of these sessions is gone: they are broken, and another keeper takes over what they wrote. */
  loseKeeper(keeperId: string, sessions: readonly SessionId[]): void {
    for (const id of sessions) {
      const session = this.#around.table.get(id);
      if (session?.stored.keeperId !== keeperId || session.state === 'closed') continue;
      if (session.stored.farSession !== undefined && session.state !== 'broken') {
        void this.#far.wayAnew(session);
        continue;
      }
      session.loseRunspace(keeperLost(session));
      if (isClosed(session)) continue;
      void this.#adopt(session).catch((error: unknown) => {
        this.#around.log.error('session not adopted', error, { session: id });
      });
    }
  }

  /** The daemon that asked for this engine died, and the next one gave the session up before its keeper knew of it. */
  #closeUnwanted(keeper: KeeperClient, session: Session): void {
    const problem = session.stored.problem ?? keeperLost(session);
    keeper.closeSession({ sessionId: session.id, problem: toProblem(problem) }).catch((error: unknown) => {
      this.#around.log.warn('engine not ended', { session: session.id, why: toError(error).message });
    });
  }

  #silent(session: Session): RunspaceError {
    return session.stored.farSession === undefined ? unanswered(session) : this.#far.unreachable(session);
  }

  #keeperOf(session: Session): KeeperClient | undefined {
    const { keeperId, farSession } = session.stored;
    if (farSession !== undefined) return this.#far.client(session.id);
    return keeperId === undefined ? undefined : this.#around.keepers().get(keeperId);
  }

  /** A caller's PATH must not choose the program of an engine that keeps its callers in bounds. */
  #findEngine({ configuration, environment, place }: NewSession): EngineProgram {
    // What another place has shows when it is opened there.
    if (place.is !== 'local') {
      const { engine, enginePath, targetEnginePath } = configuration;
      return { engine, program: targetEnginePath === '' ? enginePath : targetEnginePath };
    }
    const callerPath = isRestricting(configuration) ? undefined : environment['PATH'];
    return this.#around.findEngine(configuration.engine, { path: configuration.enginePath, callerPath });
  }

  #openSessions(): readonly CountedSession[] {
    return this.#around.table
      .all()
      .filter(({ state }) => state !== 'closed' && state !== 'broken')
      .map(({ owner, stored }) => ({ owner, configuration: stored.configuration?.name }));
  }

  async #open(session: Session, wanted: NewSession, engine: EngineProgram): Promise<void> {
    try {
      const start = this.#around.startOf(wanted);
      const keeper = await this.#around.keepers().place(session.id, {
        principal: session.owner,
        user: start.user?.name ?? '',
      });
      session.setKeeper(keeper.keeperId);
      // The file says where the session is before there is an engine.
      await this.#around.save(session.stored);
      if (!isOpening(session)) return; // It was removed meanwhile.
      const { preparedByDefault } = this.#around;
      const request = openRequest(session, { wanted, engine, start, preparedByDefault });
      const configuration = wanted.isConfigurationNamed ? wanted.configuration.name : '';
      const there = wanted.place.is === 'daemon' ? wanted.there : { configuration };
      const named = { name: session.name, delegatedToken: delegatedBy(wanted) };
      this.#far.expect(session.id, { ...request, ...named, ...there });
      await keeper.openSession(request);
    } catch (error) {
      this.#around.log.error('session not opened', error, { session: session.id });
      if (isOpening(session)) session.loseRunspace(problemOf(error));
    }
  }

  async #close(session: Session, problem: Problem): Promise<void> {
    const wasBroken = session.state === 'broken';
    if (session.state !== 'closing') session.apply('closeRequested', { problem });
    await this.saved(session); // What is to end is on disk as such before its engine is gone.
    await this.#letGo(session, problem);
    if (!wasBroken && session.state === 'closing') session.apply('runspaceClosed', { problem });
  }

  /** Its keeper ends what is left of it and forgets it. */
  async #letGo(session: Session, problem: Problem): Promise<void> {
    // What is being opened or adopted can be ended only when its keeper has it.
    await Promise.allSettled([this.#openings.get(session.id), this.#adoptions.get(session.id)]);
    const keeper = this.#keeperOf(session);
    try {
      if (keeper !== undefined) {
        await keeper.closeSession({ sessionId: session.id, problem: toProblem(problem) });
        await keeper.forgetSession({ sessionId: session.id });
      }
    } catch (error) {
      // The keeper is going or gone, and its engines with it: the session is over all the same.
      this.#around.log.warn('session closed without its keeper', {
        session: session.id,
        why: toError(error).message,
      });
    }
    this.#far.forget(session.id);
    this.#around.keepers().release(session.id);
    session.setKeeper(undefined);
  }

  #adopt(session: Session): Promise<KeeperClient> {
    const underWay = this.#adoptions.get(session.id);
    if (underWay !== undefined) return underWay;
    const adoption = this.#adoptNow(session).finally(() => this.#adoptions.delete(session.id));
    this.#adoptions.set(session.id, adoption);
    return adoption;
  }

  async #adoptNow(session: Session): Promise<KeeperClient> {
    const former = session.stored.keeperId;
    // Its engine is gone: what it wrote needs no user.
    const keeper = await this.#around.keepers().place(session.id, { principal: session.owner, user: '' });
    try {
      await keeper.adoptSession({
        ...labels(session),
        formerKeeperId: former ?? '',
        options: { ...fromSessionOptions(session.stored.options) },
        problem: toProblem(keeperLost(session)),
      });
    } catch (error) {
      this.#around.keepers().release(session.id);
      throw error;
    }
    session.setKeeper(keeper.keeperId);
    return keeper;
  }

  #record(session: Session, event: { name: string; problem?: Problem; client?: ClientId }): void {
    const { keeperId } = session.stored;
    const keeper = keeperId === undefined ? undefined : this.#around.keepers().get(keeperId);
    if (keeper === undefined) return;
    const problem = event.problem === undefined ? undefined : toProblem(event.problem);
    const request = {
      sessionId: session.id,
      event: { event: event.name, problem, clientId: event.client ?? '' },
    };
    void keeper.appendSessionRecord(request).catch((error: unknown) => {
      this.#around.log.debug('session record lost', { session: session.id, why: toError(error).message });
    });
  }
}

function isOpening(session: Session): boolean {
  return session.state === 'opening';
}

function isClosed(session: Session): boolean {
  return session.state === 'closed';
}
