import type { KeptSession, WatchResponse } from '../gen/runspace/keeper/v1/keeper';
import { Doorbell } from './doorbell';
import { nextTurn } from './turn';

/** The sessions as they are now. */
export interface WatchedSessions {
  /** All ids. */
  ids(): readonly string[];
  /** Undefined: the session is gone. */
  kept(id: string): KeptSession | undefined;
  /** Of the engines that are kept ready. */
  prepared(): { readonly ready: number; readonly hits: number; readonly misses: number };
}

/**
 * Tells watchers of changes. A watcher has the ids of what has changed since it last looked, never the changes: a slow
 * one misses states in between, not the last one, and its memory is bounded by the number of sessions.
 */
export class WatchHub {
  readonly #sessions: WatchedSessions;
  readonly #watchers = new Set<Watcher>();

  constructor(sessions: WatchedSessions) {
    this.#sessions = sessions;
  }

  /** Streams that are open: a daemon holds one. */
  get watchers(): number {
    return this.#watchers.size;
  }

  /** A session is not as it was, or gone. */
  changed(id: string): void {
    for (const { ids, doorbell } of this.#watchers) {
      ids.add(id);
      doorbell.ring();
    }
  }

  /** The engines that are kept ready are not as they were. */
  poolChanged(): void {
    for (const watcher of this.#watchers) {
      watcher.isPoolNews = true;
      watcher.doorbell.ring();
    }
  }

  /** All sessions, the end of the snapshot, then changes until the signal aborts; then it throws the signal's reason. */
  async *events(signal: AbortSignal): AsyncGenerator<WatchResponse> {
    const isPoolNews = Object.values(this.#sessions.prepared()).some((count) => count > 0);
    const watcher: Watcher = { ids: new Set(), isPoolNews, doorbell: new Doorbell() };
    this.#watchers.add(watcher);
    try {
      for (const id of this.#sessions.ids()) watcher.ids.add(id);
      yield* this.#drain(watcher);
      yield { event: { $case: 'snapshotEnd', value: {} } };
      for (;;) {
        if (watcher.ids.size === 0 && !watcher.isPoolNews) await watcher.doorbell.wait(signal);
        signal.throwIfAborted();
        // Several changes of one turn are one.
        await nextTurn();
        yield* this.#drain(watcher);
      }
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  *#drain(watcher: Watcher): Generator<WatchResponse> {
    const { ids } = watcher;
    for (const id of ids) {
      ids.delete(id);
      const value = this.#sessions.kept(id);
      if (value === undefined) yield { event: { $case: 'forgottenSessionId', value: id } };
      else yield { event: { $case: 'session', value } };
    }
    if (!watcher.isPoolNews) return;
    watcher.isPoolNews = false;
    const { ready, hits, misses } = this.#sessions.prepared();
    yield {
      event: { $case: 'preparedEngines', value: { ready, hits: BigInt(hits), misses: BigInt(misses) } },
    };
  }
}

interface Watcher {
  readonly ids: Set<string>;
  isPoolNews: boolean;
  readonly doorbell: Doorbell;
}
