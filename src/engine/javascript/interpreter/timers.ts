/**
 * Timers that a stopped command has set never fire: else `for (;;) { await delay(100); … }` would go on after its stop.
 * They are not cleared, they fire in vain; so no list of them need be kept.
 */
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';

/** The command that has set a timer. */
export interface TimerOwner {
  readonly isStopped: () => boolean;
  /** Calls the timer's callback in the command's name. */
  readonly act: (callback: () => unknown) => unknown;
}

/** Called whenever a timer is set; undefined: by no command. */
type FindOwner = () => TimerOwner | undefined;

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

const names = ['setTimeout', 'setInterval', 'setImmediate'] as const;

/** Replaces node's timers: the global ones and those of its modules. */
export function gateTimers(findOwner: FindOwner): void {
  for (const name of names) {
    const gated = gatedTimer(timers[name] as AnyFunction, findOwner);
    replace(globalThis, name, gated);
    replace(timers, name, gated);
  }
  replace(timersPromises, 'setTimeout', gatedPromise(timersPromises.setTimeout as AnyFunction, findOwner));
  replace(
    timersPromises,
    'setImmediate',
    gatedPromise(timersPromises.setImmediate as AnyFunction, findOwner),
  );
  replace(timersPromises, 'setInterval', gatedIterable(timersPromises.setInterval as AnyFunction, findOwner));
  const { scheduler } = timersPromises;
  replace(scheduler, 'wait', gatedPromise(scheduler.wait.bind(scheduler) as AnyFunction, findOwner));
  syncBuiltinESMExports();
}

function gatedTimer(original: AnyFunction, findOwner: FindOwner): AnyFunction {
  const gated: AnyFunction = function (callback, ...rest) {
    return original(
      typeof callback === 'function' ? gatedCallback(callback as AnyFunction, findOwner) : callback,
      ...rest,
    );
  };
  const promised: unknown = Reflect.get(original, promisify.custom);
  if (typeof promised === 'function')
    Object.defineProperty(gated, promisify.custom, {
      value: gatedPromise(promised as AnyFunction, findOwner),
    });
  return Object.defineProperty(gated, 'name', { value: original.name });
}

function gatedCallback(callback: AnyFunction, findOwner: FindOwner): AnyFunction {
  const owner = findOwner();
  if (owner === undefined) return callback;
  return function (...args) {
    if (!owner.isStopped()) return owner.act(() => callback.apply(this, args));
    // An interval: `this` is its timer.
    clearInterval(this as NodeJS.Timeout);
    return undefined;
  };
}

function gatedPromise(original: AnyFunction, findOwner: FindOwner): AnyFunction {
  return (...args) => gate(original(...args) as Promise<unknown>, findOwner());
}

function gatedIterable(original: AnyFunction, findOwner: FindOwner): AnyFunction {
  return (...args) => {
    const owner = findOwner();
    const ticks = original(...args) as AsyncGenerator;
    const next = ticks.next.bind(ticks);
    return Object.assign(ticks, { next: () => gate(next(), owner) });
  };
}

/** After a stop the promise is never settled. */
function gate(promise: Promise<unknown>, owner: TimerOwner | undefined): Promise<unknown> {
  if (owner === undefined) return promise;
  return new Promise((resolve, reject) => {
    promise.then(
      (value) => {
        if (!owner.isStopped()) resolve(value);
      },
      (thrown: unknown) => {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- it is handed on as it is
        if (!owner.isStopped()) reject(thrown);
      },
    );
  });
}

function replace(owner: object, name: string, value: AnyFunction): void {
  Object.defineProperty(owner, name, { value, writable: true, enumerable: true, configurable: true });
}
