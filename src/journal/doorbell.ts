/** Wakes everyone who waits for the next change. Waiting costs nothing while nobody does. */
export class Doorbell {
  #waiting: PromiseWithResolvers | undefined;

  /** Resolves at the next ring. */
  wait(): Promise<void> {
    this.#waiting ??= promiseWithResolvers();
    return this.#waiting.promise;
  }

  ring(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve();
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function promiseWithResolvers(): PromiseWithResolvers {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
