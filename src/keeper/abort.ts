import { setMaxListeners } from 'node:events';

/** Why a signal aborted, as an error that can be thrown. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new DOMException('the call was cancelled', 'AbortError');
}

/** A signal that aborts with the first of several; disposal takes it off them again. */
export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Joins signals, some of which live long: unlike `AbortSignal.any` nothing of it stays on them after disposal.
 */
export function linkSignals(...signals: readonly AbortSignal[]): LinkedSignal {
  const linked = new AbortController();
  const aborts = signals.map((signal) => ({ signal, abort: () => linked.abort(signal.reason) }));
  setMaxListeners(0, ...signals); // However many readers a pipeline has, each listens.
  for (const { signal, abort } of aborts) {
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }
  return {
    signal: linked.signal,
    [Symbol.dispose]: () => {
      for (const { signal, abort } of aborts) signal.removeEventListener('abort', abort);
    },
  };
}
