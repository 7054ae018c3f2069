/** Resets whose request ids are still known. */
const mostKnown = 100;

/**
 * The resets of one session: one at a time, each request once. They are known here, not in the daemon, since a daemon
 * that dies in the middle doesn't know whether a reset took place; when the keeper dies, the runspace is gone too.
 */
export class Resets {
  readonly #done = new Set<string>();
  #underWay: Promise<void> | undefined;

  /** Whether one is under way. */
  get isActive(): boolean {
    return this.#underWay !== undefined;
  }

  /** Resets unless this request did before; who asks while a reset is under way shares it. */
  async once(requestId: string, reset: () => Promise<void>): Promise<void> {
    if (this.#done.has(requestId)) return;
    this.#underWay ??= reset().finally(() => {
      this.#underWay = undefined;
    });
    await this.#underWay;
    this.#done.add(requestId);
    for (const oldest of this.#done) if (this.#done.size > mostKnown) this.#done.delete(oldest);
  }
}
