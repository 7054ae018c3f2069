/**
 * Timers that a stopped command has set never fire: else `for (;;) { await delay(100); … }` would go on after its stop.
 * They are not cleared, they fire in vain; so no list of them need be kept.
 */
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';

/** Whether the command that was running when this was made has been stopped. */
export type StopCheck = () => boolean;

/** Called whenever a timer is set; undefined: no command is running. */
type NewCheck = () => StopCheck | undefined;

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

const names = ['setTimeout', 'setInterval', 'setImmediate'] as const;

/** Replaces node's timers: the global ones and those of its modules. */
export function gateTimers(newCheck: NewCheck): void {
  for (const name of names) {
    const gated = gatedTimer(timers[name] as AnyFunction, newCheck);
    replace(globalThis, name, gated);
    replace(timers, name, gated);
  }
  replace(timersPromises, 'setTimeout', gatedPromise(timersPromises.setTimeout as AnyFunction, newCheck));
  replace(timersPromises, 'setImmediate', gatedPromise(timersPromises.setImmediate as AnyFunction, newCheck));
  replace(timersPromises, 'setInterval', gatedIterable(timersPromises.setInterval as AnyFunction, newCheck));
  const { scheduler } = timersPromises;
  replace(scheduler, 'wait', gatedPromise(scheduler.wait.bind(scheduler) as AnyFunction, newCheck));
  syncBuiltinESMExports();
}

function gatedTimer(original: AnyFunction, newCheck: NewCheck): AnyFunction {
  const gated: AnyFunction = function (callback, ...rest) {
    return original(
      typeof callback === 'function' ? gatedCallback(callback as AnyFunction, newCheck) : callback,
      ...rest,
    );
  };
  const promised: unknown = Reflect.get(original, promisify.custom);
  if (typeof promised === 'function')
    Object.defineProperty(gated, promisify.custom, {
      value: gatedPromise(promised as AnyFunction, newCheck),
    });
  return Object.defineProperty(gated, 'name', { value: original.name });
}

function gatedCallback(callback: AnyFunction, newCheck: NewCheck): AnyFunction {
  const isStopped = newCheck();
  if (isStopped === undefined) return callback;
  return function (...args) {
    if (!isStopped()) return callback.apply(this, args);
    // An interval: `this` is its timer.
    clearInterval(this as NodeJS.Timeout);
    return undefined;
  };
}

function gatedPromise(original: AnyFunction, newCheck: NewCheck): AnyFunction {
  return (...args) => gate(original(...args) as Promise<unknown>, newCheck());
}

function gatedIterable(original: AnyFunction, newCheck: NewCheck): AnyFunction {
  return (...args) => {
    const isStopped = newCheck();
    const ticks = original(...args) as AsyncGenerator;
    const next = ticks.next.bind(ticks);
    return Object.assign(ticks, { next: () => gate(next(), isStopped) });
  };
}

/** After a stop the promise is never settled. */
function gate(promise: Promise<unknown>, isStopped: StopCheck | undefined): Promise<unknown> {
  if (isStopped === undefined) return promise;
  return new Promise((resolve, reject) => {
    promise.then(
      (value) => {
        if (!isStopped()) resolve(value);
      },
      (thrown: unknown) => {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- it is handed on as it is
        if (!isStopped()) reject(thrown);
      },
    );
  });
}

function replace(owner: object, name: string, value: AnyFunction): void {
  Object.defineProperty(owner, name, { value, writable: true, enumerable: true, configurable: true });
}
