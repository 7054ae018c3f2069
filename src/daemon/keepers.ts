import { randomBytes, randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { toError } from '../core/error';
import { asKeeperId, asSessionId, isGuid, type KeeperId, type SessionId } from '../core/ids';
import type { Log, LogFacts } from '../core/log';
import { connectKeeper, type KeeperClient } from '../keeper/client';
import { endEngine, readEngineRecord, removeEngineRecord } from '../keeper/engine-record';
import { sessionFiles } from '../keeper/session-files';
import { spawnKeeper } from '../keeper/spawn';
import { toStoredKeeper, type StoredKeeper } from '../keeper/stored-keeper';
import type { KeeperOwner } from '../session/keeper-pool';
import type { FoundKeeper } from '../session/recover';
import { fileNames, folderNames, readJsonEntries } from '../store/json-file';
import { acquireLock } from '../store/lock';
import type { Containers } from '../transport/container/containers';
import { keeperSocketPath, tunnelPrefix } from '../store/runtime-folder';
import type { StateLayout } from '../store/state-layout';
import { productVersion } from './version';

/** What is needed to start and to find keepers. */
export interface KeeperPlaces {
  readonly layout: StateLayout;
  readonly runtimeFolder: string;
  readonly distFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: Log;
  readonly containers: Containers;
}

/** A keeper that is there answers within this time. */
const answerWithinMs = 10_000;

/** The keepers of a state folder, as processes and files. */
export class Keepers {
  readonly #places: KeeperPlaces;

  constructor(places: KeeperPlaces) {
    this.#places = places;
  }

  /** Starts a keeper and connects to it. Error: KEEPER_START_FAILED. */
  async spawn({ principal, user }: KeeperOwner): Promise<KeeperClient> {
    const { layout, runtimeFolder, distFolder, environment, log } = this.#places;
    const id = asKeeperId(randomUUID());
    const keeper: StoredKeeper = {
      id,
      owner: principal,
      user,
      nonce: randomBytes(32).toString('hex'),
      socketPath: keeperSocketPath(runtimeFolder, id),
      version: productVersion,
    };
    await spawnKeeper({ layout, keeper, entry: join(distFolder, 'lib', 'keeper.js'), environment });
    log.info('keeper started', { keeper: id });
    return connect(keeper);
  }

  /** Keepers that a former daemon started and that still run. What dead ones left behind is cleared away. */
  async found(): Promise<readonly FoundKeeper[]> {
    const { layout, log } = this.#places;
    const places = { folder: layout.keepersFolder, file: 'keeper.json' };
    const found: FoundKeeper[] = [];
    for (const { name, result } of await readJsonEntries(places, toStoredKeeper)) {
      if (result.is === 'broken') log.error('keeper file not read', result.error, { keeper: name });
      if (result.is !== 'read') continue;
      const keeper = result.value;
      const { id, owner: principal, user } = keeper;
      const isAlive = (): boolean => this.#isAlive(id);
      if (isAlive()) found.push({ id, owner: { principal, user }, connect: () => connect(keeper), isAlive });
      else await this.#clear(keeper);
    }
    return found;
  }

  /** Ends the engines whose keepers are dead: they would go on as orphans, burning the machine for nobody. */
  async endOrphans(): Promise<void> {
    const { layout } = this.#places;
    const alive = new Map<KeeperId, boolean>();
    const isAlive = (keeper: KeeperId): boolean => {
      const answer = alive.get(keeper) ?? this.#isAlive(keeper);
      alive.set(keeper, answer);
      return answer;
    };
    for (const name of await folderNames(layout.sessionsFolder))
      if (isGuid(name)) await this.#endOrphan(asSessionId(name), isAlive);
    for (const name of await folderNames(layout.keepersFolder))
      if (isGuid(name) && !isAlive(asKeeperId(name))) await this.#endPrepared(asKeeperId(name));
  }

  /** Ends what a dead keeper kept ready for sessions that never came. */
  async #endPrepared(keeper: KeeperId): Promise<void> {
    const folder = this.#places.layout.preparedEnginesFolder(keeper);
    for (const name of await fileNames(folder)) await this.#endEngineOf(join(folder, name), { keeper });
  }

  async #endOrphan(session: SessionId, isAlive: (keeper: KeeperId) => boolean): Promise<void> {
    const path = sessionFiles(this.#places.layout, session).engineRecord;
    const found = await readEngineRecord(path);
    if (found.is === 'read' && !isAlive(asKeeperId(found.value.keeperId)))
      await this.#endEngineOf(path, { session });
  }

  async #endEngineOf(path: string, whose: LogFacts): Promise<void> {
    const { log, containers } = this.#places;
    const found = await readEngineRecord(path);
    if (found.is !== 'read') return;
    try {
      const groups = await endEngine(found.value, containers);
      await removeEngineRecord(path);
      log.info('orphaned engine ended', { ...whose, groups });
    } catch (error) {
      // The next check tries again, and the others are not kept waiting.
      log.warn('orphaned engine not ended', { ...whose, why: toError(error).message });
    }
  }

  /** A keeper holds its lock for its life. */
  #isAlive(keeper: KeeperId): boolean {
    try {
      const result = acquireLock(this.#places.layout.keeperLock(keeper));
      if (result.is === 'held') return true;
      result.lock[Symbol.dispose]();
      return false;
    } catch (error) {
      this.#places.log.debug('keeper has no lock', { keeper, why: toError(error).message });
      return false; // Its folder is gone.
    }
  }

  async #clear(keeper: StoredKeeper): Promise<void> {
    await this.#endPrepared(keeper.id);
    await rm(keeper.socketPath, { force: true });
    for (const tunnel of await tunnelsOf(keeper)) await rm(tunnel, { force: true });
    await rm(this.#places.layout.keeperFolder(keeper.id), { recursive: true, force: true });
    this.#places.log.info('dead keeper cleared away', { keeper: keeper.id });
  }
}

/** A keeper that was killed leaves its tunnels' sockets behind. */
async function tunnelsOf({ socketPath, id }: StoredKeeper): Promise<readonly string[]> {
  const folder = dirname(socketPath);
  const names = await readdir(folder);
  return names.filter((name) => name.startsWith(tunnelPrefix(id))).map((name) => join(folder, name));
}

function connect({ socketPath, nonce, id }: StoredKeeper): Promise<KeeperClient> {
  return connectKeeper({ socketPath, nonce, keeperId: id }, AbortSignal.timeout(answerWithinMs));
}
