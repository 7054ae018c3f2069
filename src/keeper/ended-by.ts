/** What ends a sequence from outside. */
export interface OutsideEnd<T> {
  readonly signal: AbortSignal;
  /** The last item, once the signal has aborted. */
  readonly last: () => T;
}

/**
 * The items of `source`; when `end.signal` aborts while an item is awaited, one last item of ours. A signal, since it
 * lives longer than the source and a listener can be taken off again; reactions on a promise stay.
 */
export async function* endedBy<T>(source: AsyncIterable<T>, end: OutsideEnd<T>): AsyncGenerator<T> {
  const { signal, last } = end;
  const items = source[Symbol.asyncIterator]();
  let wake = (): void => undefined;
  const abort = (): void => {
    wake();
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    while (!signal.aborted) {
      const result = await new Promise<IteratorResult<T> | undefined>((resolve, reject) => {
        wake = () => {
          resolve(undefined);
        };
        items.next().then(resolve, reject);
      });
      if (result?.done === true) return;
      if (result !== undefined) yield result.value;
    }
    yield last();
  } finally {
    signal.removeEventListener('abort', abort);
    // A source that never answers is not waited for; what it still says is nobody's.
    items.return?.().catch(() => undefined);
  }
}
