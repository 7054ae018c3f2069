import type { RunspaceClient } from '../typescript';
import { toError } from '../typescript/error';

/** This client's connection to a session, for as long as it is not disposed. */
export class Presence implements Disposable {
  readonly #leave: AbortController;
  #loss: Error | undefined;

  private constructor(leave: AbortController) {
    this.#leave = leave;
  }

  /** Connects. Rejects where another client is connected or the session is over. */
  static async begin(
    client: RunspaceClient,
    session: string,
    { takeOver }: { readonly takeOver: boolean },
  ): Promise<Presence> {
    const leave = new AbortController();
    const events = client.sessions.attach(session, { takeOver, signal: leave.signal });
    await events.next(); // The first snapshot: the daemon holds the connection now.
    const presence = new Presence(leave);
    void presence.#follow(events);
    return presence;
  }

  /** Why the connection is gone: another client took over, the session was removed. */
  get loss(): Error | undefined {
    return this.#loss;
  }

  [Symbol.dispose](): void {
    this.#leave.abort();
  }

  async #follow(events: AsyncIterable<unknown>): Promise<void> {
    try {
      const iterator = events[Symbol.asyncIterator]();
      while ((await iterator.next()).done !== true);
    } catch (error) {
      if (!this.#leave.signal.aborted) this.#loss = toError(error);
    }
  }
}
