import type { Clock } from '../core/clock';

const everyMs = 15_000;

/** Sends a sign of life every 15 s until it is disposed. A stream that can't take one is about to end by itself. */
export function startHeartbeat(clock: Clock, send: () => Promise<void>): Disposable {
  let cancel: () => void = () => undefined;
  const beat = (): void => {
    cancel = clock.after(everyMs, () => {
      send().then(beat, () => undefined);
    });
  };
  beat();
  return {
    [Symbol.dispose]: () => {
      cancel();
    },
  };
}
