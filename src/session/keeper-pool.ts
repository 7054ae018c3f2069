import { toError } from '../core/error';
import type { KeeperId, Principal, SessionId } from '../core/ids';
import type { KeptSession } from '../core/kept-session';
import type { Log } from '../core/log';
import type { KeeperClient } from '../keeper/client';
import { toKeptSession } from '../keeper/session-terms';

/** Whose engines a keeper holds: those of one principal that run as one user. */
export interface KeeperOwner {
  readonly principal: Principal;
  /** The user that its engines run as; empty: the daemon's own. */
  readonly user: string;
}

/** What the pool needs from around it. */
export interface KeeperSurroundings {
  readonly log: Log;
  /** The product version; only keepers of the same one get new sessions. */
  readonly version: string;
  /** Starts a keeper and connects to it. */
  spawn(owner: KeeperOwner): Promise<KeeperClient>;
  /** A keeper says how a session of its is. */
  kept(keeper: KeeperClient, session: KeptSession): void;
  /** A keeper is gone, and with it the engines of these sessions. */
  lost(keeperId: KeeperId, sessions: readonly SessionId[], why: Error): void;
}

interface Member {
  readonly client: KeeperClient;
  readonly owner: KeeperOwner;
  /** Sessions that it holds, or is about to. */
  readonly sessions: Set<SessionId>;
  prepared: PreparedFacts;
}

/** A keeper's engines that are kept ready, and how many sessions got one or went without. */
export interface PreparedFacts {
  readonly ready: number;
  readonly hits: number;
  readonly misses: number;
}

const nonePrepared: PreparedFacts = { ready: 0, hits: 0, misses: 0 };

/** Most sessions of one keeper: its loss loses those and nothing else. */
const mostSessions = 50;

/** The keepers that the daemon is connected to. */
export class KeeperPool {
  readonly #surroundings: KeeperSurroundings;
  readonly #members = new Map<KeeperId, Member>();
  readonly #spawning = new Map<string, Promise<KeeperClient>>();
  readonly #closing = new AbortController();

  constructor(surroundings: KeeperSurroundings) {
    this.#surroundings = surroundings;
  }

  get(id: KeeperId): KeeperClient | undefined {
    return this.#members.get(id)?.client;
  }

  /** Every keeper with the sessions it holds. */
  all(): readonly {
    readonly client: KeeperClient;
    readonly sessions: readonly SessionId[];
    readonly prepared: PreparedFacts;
  }[] {
    return [...this.#members.values()].map(({ client, sessions, prepared }) => ({
      client,
      sessions: [...sessions],
      prepared,
    }));
  }

  /** Takes in a running keeper; resolves when it has said how all its sessions are. */
  join(client: KeeperClient, owner: KeeperOwner): Promise<void> {
    const member: Member = { client, owner, sessions: new Set(), prepared: nonePrepared };
    this.#members.set(client.keeperId, member);
    void client.lost.then((why) => {
      this.#lose(member, why);
    });
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        reject(error);
        if (!this.#closing.signal.aborted) this.#lose(member, error);
      };
      this.#watch(member, resolve).then(
        () => {
          fail(new Error('the keeper watches its sessions no more'));
        },
        (error: unknown) => {
          fail(toError(error));
        },
      );
    });
  }

  /** A keeper with room for one more session of this owner, started if there is none; the place is taken at once. */
  async place(session: SessionId, owner: KeeperOwner): Promise<KeeperClient> {
    const member = this.#withRoom(owner) ?? (await this.#spawned(owner));
    member.sessions.add(session);
    return member.client;
  }

  /** A keeper does not hold a session any more. */
  release(session: SessionId): void {
    for (const { sessions } of this.#members.values()) sessions.delete(session);
  }

  /** Ends the connections; the keepers run on. */
  close(): void {
    this.#closing.abort();
    for (const { client } of this.#members.values()) client.close();
  }

  #withRoom(owner: KeeperOwner): Member | undefined {
    const { version } = this.#surroundings;
    return [...this.#members.values()].find(
      (member) =>
        keyOf(member.owner) === keyOf(owner) &&
        member.client.hello.version === version &&
        member.sessions.size < mostSessions,
    );
  }

  /** One start at a time per owner: those who come meanwhile share its keeper, or start the next one. */
  async #spawned(owner: KeeperOwner): Promise<Member> {
    const underWay = this.#spawning.get(keyOf(owner));
    if (underWay !== undefined) {
      await underWay.catch(() => undefined); // Its own caller gets the error; this one tries for itself.
      return this.#withRoom(owner) ?? this.#spawned(owner);
    }
    const spawning = this.#spawnAndJoin(owner);
    this.#spawning.set(keyOf(owner), spawning);
    try {
      const client = await spawning;
      return this.#members.get(client.keeperId) ?? (await this.#spawned(owner));
    } finally {
      this.#spawning.delete(keyOf(owner));
    }
  }

  async #spawnAndJoin(owner: KeeperOwner): Promise<KeeperClient> {
    const client = await this.#surroundings.spawn(owner);
    await this.join(client, owner);
    return client;
  }

  async #watch(member: Member, ready: () => void): Promise<void> {
    for await (const { event } of member.client.watch(this.#closing.signal)) {
      switch (event?.$case) {
        case 'session': {
          const kept = toKeptSession(event.value);
          member.sessions.add(kept.sessionId);
          this.#surroundings.kept(member.client, kept);
          break;
        }
        case 'snapshotEnd':
          ready();
          break;
        case 'preparedEngines': {
          const { ready, hits, misses } = event.value;
          member.prepared = { ready, hits: Number(hits), misses: Number(misses) };
          break;
        }
        case 'forgottenSessionId':
        case undefined:
          break;
      }
    }
  }

  #lose(member: Member, why: Error): void {
    const { keeperId } = member.client;
    if (this.#closing.signal.aborted || this.#members.get(keeperId) !== member) return;
    this.#members.delete(keeperId);
    member.client.close();
    this.#surroundings.log.warn('keeper lost', { keeper: keeperId, sessions: member.sessions.size });
    this.#surroundings.lost(keeperId, [...member.sessions], why);
  }
}

function keyOf({ principal, user }: KeeperOwner): string {
  return `${principal}\n${user}`;
}
