import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock';
import { RunspaceError } from '../core/error';
import { asSessionId, type Principal, type SessionId } from '../core/ids';

/** A call that changes something, as its repetition is recognised. */
export interface Request {
  readonly principal: Principal;
  /** The caller's request id. */
  readonly id: string;
  /** Keyed digest of the method and what was asked for, credentials left out. */
  readonly fingerprint: string;
}

/** Where remembered requests are kept across restarts. */
export interface RequestStore {
  append(entry: unknown): void;
  rewrite(entries: readonly unknown[]): void;
}

interface Remembered {
  readonly key: string;
  readonly fingerprint: string;
  readonly session: string;
  readonly at: number;
}

const keptMs = 24 * 60 * 60 * 1000;
const mostRequests = 10_000;
const longestId = 128;

/** Remembers for 24 hours, and for the newest 10 000 at most, which request did what to which session. */
export class RequestLog {
  readonly #remembered: LRUCache<string, Remembered>;
  readonly #store: RequestStore;
  readonly #clock: Clock;
  /** Lines of the store since it was last written anew. */
  #appended = 0;

  constructor(store: RequestStore, entries: readonly unknown[], clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#remembered = new LRUCache({ max: mostRequests, ttl: keptMs, ttlResolution: 0, perf: clock });
    for (const entry of entries)
      if (isRemembered(entry)) this.#remembered.set(entry.key, entry, { start: entry.at });
    this.#rewrite();
  }

  /**
   * The session that the same request was done to before, or undefined when it is new.
   * Errors: INVALID_ARGUMENT without an id, REQUEST_ID_REUSED where the id came with something else.
   */
  recall(request: Request): SessionId | undefined {
    checkRequestId(request.id);
    const before = this.#remembered.peek(keyOf(request));
    if (before === undefined) return undefined;
    if (before.fingerprint !== request.fingerprint)
      throw new RunspaceError(
        'REQUEST_ID_REUSED',
        `request id "${request.id}" was already used for something else; make a new id for each new call`,
        { facts: { request_id: request.id } },
      );
    return asSessionId(before.session);
  }

  /** Remembers what a request was done to: a session, by its id, or something else that is named otherwise. */
  remember(request: Request, subject: string): void {
    const entry = {
      key: keyOf(request),
      fingerprint: request.fingerprint,
      session: subject,
      at: this.#clock.now(),
    };
    this.#remembered.set(entry.key, entry);
    this.#store.append(entry);
    this.#appended += 1;
    if (this.#appended > mostRequests) this.#rewrite();
  }

  /** Writes anew what is still remembered, oldest first. */
  #rewrite(): void {
    this.#remembered.purgeStale();
    this.#store.rewrite([...this.#remembered.rvalues()]);
    this.#appended = 0;
  }
}

/** Refuses request ids that are missing or over-long. */
export function checkRequestId(id: string): void {
  if (id === '' || id.length > longestId)
    throw new RunspaceError(
      'INVALID_ARGUMENT',
      id === ''
        ? 'request_id is missing; send a new random text (a GUID) with each new call, and the same one when you repeat it'
        : `request_id has ${String(id.length)} characters; the most is ${String(longestId)}`,
      { facts: { field: 'request_id' } },
    );
}

function keyOf(request: Request): string {
  return `${request.principal}\n${request.id}`;
}

function isRemembered(entry: unknown): entry is Remembered {
  if (typeof entry !== 'object' || entry === null) return false;
  const { key, fingerprint, session, at } = entry as Record<string, unknown>;
  return (
    typeof key === 'string' &&
    typeof fingerprint === 'string' &&
    typeof session === 'string' &&
    typeof at === 'number'
  );
}
