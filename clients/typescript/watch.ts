import type { Api } from './api';
import { reopening } from './backoff';
import { streamEnded } from './error';
import type { Session as SessionInfo, WatchSessionsResponse } from './gen/runspace/v1/session';
import { methods } from './methods';

/** What a watcher hears. */
export type WatchEvent =
  | { readonly is: 'session'; readonly session: SessionInfo }
  /** All sessions have been told once; what follows are changes. */
  | { readonly is: 'ready' }
  | { readonly is: 'removed'; readonly sessionId: string };

/** Sessions and their changes, from stream to stream: after a loss all are told again, and those gone meanwhile. */
export async function* watchedEvents(
  api: Api,
  options: { readonly sessions?: readonly string[]; readonly signal?: AbortSignal },
): AsyncGenerator<WatchEvent, void, undefined> {
  const request = { clientId: api.clientId, sessions: [...(options.sessions ?? [])] };
  const known = new KnownSessions();
  const open = async function* () {
    known.beginAgain();
    yield* api.serverStream(methods.watchSessions, request, options.signal);
    throw streamEnded(); // Watching has no end.
  };
  for await (const { event } of reopening(api.backoff(options.signal), open)) yield* known.take(event);
}

/** Which sessions the watcher has been told of. */
class KnownSessions {
  readonly #told = new Set<string>();
  #seen = new Set<string>();
  #isReady = false;

  beginAgain(): void {
    this.#seen = new Set();
  }

  take(event: WatchSessionsResponse['event']): readonly WatchEvent[] {
    switch (event?.$case) {
      case 'session':
        this.#told.add(event.value.id);
        this.#seen.add(event.value.id);
        return [{ is: 'session', session: event.value }];
      case 'ready':
        return [...this.#goneMeanwhile(), ...this.#readyOnce()];
      case 'removedSessionId':
        this.#told.delete(event.value);
        return [{ is: 'removed', sessionId: event.value }];
      case 'heartbeat':
      case undefined:
        return [];
    }
  }

  #goneMeanwhile(): readonly WatchEvent[] {
    const gone = [...this.#told].filter((id) => !this.#seen.has(id));
    for (const id of gone) this.#told.delete(id);
    return gone.map((sessionId) => ({ is: 'removed', sessionId }));
  }

  #readyOnce(): readonly WatchEvent[] {
    if (this.#isReady) return [];
    this.#isReady = true;
    return [{ is: 'ready' }];
  }
}
