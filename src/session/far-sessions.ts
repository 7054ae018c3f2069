import { RunspaceError, toError, type ErrorCode, type Problem } from '../core/error';
import type { SessionId } from '../core/ids';
import type { KeptSession, Tunnel } from '../core/kept-session';
import type { KeeperClient } from '../keeper/client';
import { tunnelAddress } from '../remote/far-link';
import type { FarSessionParts } from '../remote/far-parts';
import { FarSession, type WantedFar } from '../remote/far-session';
import type { LifecycleSurroundings } from './lifecycle-surroundings';
import { wayRequest } from './open-request';
import type { Session } from './session';
import { problemOf } from './session-problem';

/** What this needs from around it. */
export interface FarSurroundings extends Pick<
  LifecycleSurroundings,
  'clock' | 'log' | 'newId' | 'keepers' | 'save' | 'erase'
> {
  /** A session there says how it is. */
  kept(session: Session, kept: KeptSession): void;
  /** The session was not made, for this reason. */
  failed(session: Session, problem: Problem): void;
}

interface Followed {
  readonly far: FarSession;
  readonly holder: KeeperClient;
  readonly socketPath: string;
}

/** Why there is no way to a session. */
interface Blocked {
  readonly problem: Problem;
  readonly since: number;
  /** Nothing but a person changes that: it is tried again only when somebody asks. */
  readonly isForPeople: boolean;
}

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
const notBeforeMs = 10_000;
/** Failed logins, made again and again, would lock an account. */
const forPeople: readonly ErrorCode[] = [
  'AUTHENTICATION_FAILED',
  'HOST_KEY_UNKNOWN',
  'HOST_KEY_CHANGED',
  'HOST_KEY_REVOKED',
  'KEY_FILE_UNUSABLE',
  'HOST_CALL_UNANSWERED',
  'ACCESS_DENIED',
  'CERTIFICATE_UNTRUSTED',
  'CERTIFICATE_NAME_MISMATCH',
  'CERTIFICATE_REVOKED',
  'CERTIFICATE_NOT_FOUND',
  'REDIRECTED',
  'APPLICATION_NOT_FOUND',
];

/**
 * Sessions that are at the daemon of the machine they were opened at. Their keeper here holds the way there; when that
 * is gone, with its keeper or with this whole machine, another is asked for, for as long as there is the session.
 */
export class FarSessions {
  readonly #around: FarSurroundings;
  /** What those that are being opened are to be. */
  readonly #wanted = new Map<SessionId, WantedFar>();
  readonly #making = new Set<SessionId>();
  readonly #followed = new Map<SessionId, Followed>();
  readonly #blocked = new Map<SessionId, Blocked>();
  readonly #pauses = new Map<SessionId, number>();
  /** A way is being asked for. */
  readonly #underWay = new Set<SessionId>();

  constructor(around: FarSurroundings) {
    this.#around = around;
  }

  /** A session may turn out to be at another daemon: then it is made there so. */
  expect(session: SessionId, wanted: WantedFar): void {
    this.#wanted.set(session, wanted);
  }

  /** Who speaks for a session that is there; undefined: there is no way to it now. */
  client(session: SessionId): KeeperClient | undefined {
    return this.#followed.get(session)?.far.client;
  }

  /** Takes in what a keeper says of the way to a session; false: the session is the keeper's own. */
  take(session: Session, holder: KeeperClient, kept: KeptSession): boolean {
    if (kept.tunnel !== undefined) this.#lead(session, holder, kept.tunnel);
    else if (session.stored.farSession === undefined) return false;
    else if (kept.runspace === 'broken') this.#block(session, holder, kept.problem);
    return true;
  }

  /** Asks for a way to a session that is there, since the keeper that held it is gone. */
  async wayAnew(session: Session): Promise<void> {
    const { keepers, save, erase, log } = this.#around;
    this.drop(session.id);
    this.#underWay.add(session.id);
    try {
      const keeper = await keepers().place(session.id, { principal: session.owner, user: '' });
      session.setKeeper(keeper.keeperId);
      await save(session.stored);
      await erase(session.id, 'records'); // Its own events; those of its commands are over there.
      await keeper.openSession(wayRequest(session));
    } catch (error) {
      log.error('no way to a far session', error, { session: session.id });
      this.#underWay.delete(session.id);
    }
  }

  /** Why nobody can speak for a session that is there; asks for a way where that was given up. */
  unreachable(session: Session): RunspaceError {
    const { target } = session.stored;
    const facts = { session: session.name, target };
    const blocked = this.#blocked.get(session.id);
    if (blocked === undefined && !this.#underWay.has(session.id)) void this.wayAnew(session);
    if (blocked === undefined || !blocked.isForPeople) {
      const why = blocked === undefined ? '' : ` (${blocked.problem.message})`;
      const message = `session "${session.name}" goes on at ${target}, which is being reached again${why}; try again`;
      return new RunspaceError('RECOVERING', message, { facts });
    }
    if (this.#around.clock.now() - blocked.since > notBeforeMs) this.#again(session);
    const message = `session "${session.name}" goes on at ${target}, and can't be reached from here: ${blocked.problem.message}`;
    return new RunspaceError(blocked.problem.code, message, {
      facts: { ...blocked.problem.facts, ...facts },
    });
  }

  /** There is no way to it any more. */
  drop(session: SessionId): void {
    this.#followed.get(session)?.far[Symbol.dispose]();
    this.#followed.delete(session);
  }

  /** It is over. */
  forget(session: SessionId): void {
    this.#wanted.delete(session);
    this.#blocked.delete(session);
    this.#pauses.delete(session);
    this.#underWay.delete(session);
    this.drop(session);
  }

  /** Ends the connections; the sessions go on. */
  close(): void {
    for (const session of [...this.#followed.keys()]) this.drop(session);
  }

  #lead(session: Session, holder: KeeperClient, tunnel: Tunnel): void {
    const { socketPath } = tunnel;
    const followed = this.#followed.get(session.id);
    const isKnown = followed?.holder === holder && followed.socketPath === socketPath;
    if (isKnown || this.#making.has(session.id)) return;
    this.#underWay.delete(session.id);
    this.drop(session.id);
    this.#blocked.delete(session.id);
    this.#pauses.delete(session.id);
    const parts: FarSessionParts = {
      sessionId: session.id,
      labels: () => ({ sessionName: session.name, target: session.stored.target }),
      holder,
      address: tunnelAddress(tunnel, session.stored.target),
      kept: (kept) => this.#around.kept(session, kept),
      shutOut: (problem) => {
        this.#block(session, holder, problem);
      },
      log: this.#around.log,
      newId: () => this.#around.newId(),
    };
    void this.#follow(session, parts, socketPath);
  }

  async #follow(session: Session, parts: FarSessionParts, socketPath: string): Promise<void> {
    this.#making.add(session.id);
    try {
      const farId = session.stored.farSession ?? (await this.#make(session, parts));
      const far = FarSession.follow(parts, farId);
      this.#followed.set(session.id, { far, holder: parts.holder, socketPath });
    } catch (error) {
      this.#around.log.warn('far session not made', { session: session.id, why: toError(error).message });
      const { target } = session.stored;
      const { code, message, facts } = problemOf(error);
      this.#around.failed(session, { code, message: `${target}: ${message}`, facts: { ...facts, target } });
    } finally {
      this.#making.delete(session.id);
      this.#wanted.delete(session.id);
    }
  }

  async #make(session: Session, parts: FarSessionParts): Promise<string> {
    const wanted = this.#wanted.get(session.id);
    if (wanted === undefined)
      throw new RunspaceError(
        'KEEPER_LOST',
        'the daemon ended while the session was being opened; open a new one',
      );
    const made = await FarSession.create(parts, wanted);
    session.setFarSession(made.id, made.engine);
    return made.id;
  }

  #block(session: Session, holder: KeeperClient, problem: Problem | undefined): void {
    const { clock } = this.#around;
    const why = problem ?? { code: 'LINK_LOST', message: 'there is no way to it', facts: {} };
    const isForPeople = forPeople.includes(why.code);
    this.drop(session.id);
    this.#underWay.delete(session.id);
    this.#blocked.set(session.id, { problem: why, since: clock.now(), isForPeople });
    this.#around.log.warn('far session out of reach', { session: session.id, why: why.message });
    void holder.forgetSession({ sessionId: session.id }).catch((error: unknown) => {
      this.#around.log.debug('way not forgotten', { session: session.id, why: toError(error).message });
    });
    if (isForPeople) return;
    const pauseMs = this.#pauses.get(session.id) ?? firstPauseMs;
    this.#pauses.set(session.id, Math.min(pauseMs * 2, longestPauseMs));
    clock.after(pauseMs, () => {
      if (this.#blocked.has(session.id)) this.#again(session);
    });
  }

  #again(session: Session): void {
    const blocked = this.#blocked.get(session.id);
    if (blocked !== undefined)
      this.#blocked.set(session.id, { ...blocked, since: this.#around.clock.now(), isForPeople: false });
    this.#around.keepers().release(session.id);
    void this.wayAnew(session);
  }
}
