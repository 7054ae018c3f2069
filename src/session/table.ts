import { RunspaceError } from '../core/error';
import type { Principal, SessionId } from '../core/ids';
import { Feed } from './feed';
import { findByReference, isPattern } from './name';
import type { Session } from './session';

/** All sessions that the daemon knows, closed ones included until they are forgotten. */
export class SessionTable {
  readonly #sessions = new Map<SessionId, Session>();
  readonly #feed = new Feed<SessionId>();
  #lastNumber = 0;

  add(session: Session): void {
    this.#sessions.set(session.id, session);
    this.#lastNumber = Math.max(this.#lastNumber, session.number);
    this.noteChange(session);
  }

  remove(session: Session): void {
    this.#sessions.delete(session.id);
    this.noteChange(session);
  }

  get(id: SessionId): Session | undefined {
    return this.#sessions.get(id);
  }

  /** All of them, by number. */
  all(): readonly Session[] {
    return [...this.#sessions.values()].sort((a, b) => a.number - b.number);
  }

  /**
   * The number of the next session, with the name it gets when its owner gives none; a number whose name the owner has
   * given to another session is passed over. Numbers are not used again while any later session is known.
   */
  takeNumber(owner: Principal): { readonly number: number; readonly name: string } {
    const taken = new Set(this.#living(owner).map(({ name }) => name.toLowerCase()));
    let name: string;
    do {
      this.#lastNumber += 1;
      name = `Runspace${String(this.#lastNumber)}`;
    } while (taken.has(name.toLowerCase()));
    return { number: this.#lastNumber, name };
  }

  /** Tells those who watch. */
  noteChange(session: Session): void {
    this.#feed.push(session.id);
  }

  /** Ids of sessions that changed, the same id once however often it changed since; ends when the signal aborts. */
  changes(signal: AbortSignal): AsyncIterable<SessionId> {
    return this.#feed.subscribe(signal);
  }

  /** Refuses a name that another living session of the same owner has. */
  checkNameFree(owner: Principal, name: string): void {
    const holder = this.#living(owner).find((session) => session.name.toLowerCase() === name.toLowerCase());
    if (holder !== undefined)
      throw new RunspaceError(
        'SESSION_NAME_TAKEN',
        `you have a session named "${holder.name}" already (number ${String(holder.number)}); choose another name, or remove it first`,
        { facts: { session: holder.name, id: holder.id } },
      );
  }

  /**
   * The one session that a reference means; living ones come before closed ones.
   * Errors: SESSION_NOT_FOUND, SESSION_AMBIGUOUS with the candidates.
   */
  resolve(owner: Principal, reference: string): Session {
    const found = this.find(owner, reference);
    const [session, ...others] = found;
    if (session === undefined) throw notFound(reference);
    if (others.length === 0) return session;
    const candidates = found.map((each) => `${each.name} (${String(each.number)}, ${each.id})`).join(', ');
    throw new RunspaceError(
      'SESSION_AMBIGUOUS',
      `"${reference}" means ${String(found.length)} sessions: ${candidates}; name one of them`,
      { facts: { session: reference, candidates } },
    );
  }

  /** All sessions that a reference means: living ones, or, when there is none, closed ones. */
  find(owner: Principal, reference: string): readonly Session[] {
    const living = findByReference(this.#living(owner), reference);
    if (living.length > 0 || isPattern(reference)) return living;
    const closed = this.all().filter((session) => session.owner === owner && session.state === 'closed');
    return findByReference(closed, reference).slice(-1);
  }

  #living(owner: Principal): readonly Session[] {
    return this.all().filter((session) => session.owner === owner && session.state !== 'closed');
  }
}

/** The error for a reference that means nothing. */
export function notFound(reference: string): RunspaceError {
  return new RunspaceError(
    'SESSION_NOT_FOUND',
    reference === ''
      ? 'no session is named; name one by its name, number or id'
      : `there is no session "${reference}"; list yours (runspace ls), or make it (runspace new ${reference})`,
    { facts: { session: reference, fully_qualified_error_id: 'RemoteRunspaceNotAvailableForSpecifiedName' } },
  );
}
