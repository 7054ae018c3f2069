import { setImmediate } from 'node:timers/promises';

/** Resolves after everybody else who is ready had a turn, I/O included. */
export async function nextTurn(): Promise<void> {
  await setImmediate();
}

/** Whether the promise settles without waiting for more than what is there now: within one turn of the event loop. */
export async function isReadyThisTurn(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, setImmediate(false)]);
}
