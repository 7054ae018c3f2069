/**
 * Tells any number of watchers which things changed. A slow watcher misses nothing and costs little: each thing waits
 * for it at most once.
 */
export class Feed<T> {
  readonly #subscribers = new Set<Subscriber<T>>();

  push(thing: T): void {
    for (const subscriber of this.#subscribers) {
      subscriber.waiting.add(thing);
      subscriber.wake();
    }
  }

  /** What changes from now on (from this call, not from the first step); ends when the signal aborts. */
  subscribe(signal: AbortSignal): AsyncIterable<T> {
    const subscriber: Subscriber<T> = { waiting: new Set(), wake: () => undefined };
    this.#subscribers.add(subscriber);
    const leave = () => {
      this.#subscribers.delete(subscriber);
      subscriber.wake();
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    return changesOf(subscriber, signal, leave);
  }
}

interface Subscriber<T> {
  readonly waiting: Set<T>;
  wake: () => void;
}

async function* changesOf<T>(
  subscriber: Subscriber<T>,
  signal: AbortSignal,
  leave: () => void,
): AsyncGenerator<T> {
  try {
    while (!signal.aborted) {
      const [next] = subscriber.waiting;
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          subscriber.wake = resolve;
        });
      } else {
        subscriber.waiting.delete(next);
        yield next;
      }
    }
  } finally {
    signal.removeEventListener('abort', leave);
    leave();
  }
}
