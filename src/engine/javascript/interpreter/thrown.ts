import { inspect, types } from 'node:util';
import type { ErrorReport } from '../../script/message';
import { toWire } from './to-wire';

/** Whatever was thrown, for the error stream. Never throws itself. */
export function describeThrown(thrown: unknown, run: number): ErrorReport {
  const isError = types.isNativeError(thrown);
  const type = typeOf(thrown);
  const code = isError ? read(thrown, 'code') : undefined;
  return {
    is: 'error',
    run,
    message: isError ? shown(read(thrown, 'message')) : shown(thrown),
    type,
    errorId: typeof code === 'string' ? code : type,
    category: type === 'SyntaxError' ? 'ParserError' : 'OperationStopped',
    stack: isError ? framesOf(shown(read(thrown, 'stack'))) : '',
    value: toWireOrText(thrown),
  };
}

/** An error's value is beside its message: a large one is left to its text. */
const maximumValueLength = 256 * 1024;

function toWireOrText(thrown: unknown): ErrorReport['value'] {
  try {
    return toWire(thrown, maximumValueLength);
  } catch {
    return shown(thrown);
  }
}

function typeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return typeof thrown;
  const constructor = read(thrown, 'constructor');
  const name: unknown = typeof constructor === 'function' ? constructor.name : undefined;
  return typeof name === 'string' && name !== '' ? name : 'Object';
}

/** The frames alone. */
function framesOf(stack: string): string {
  const lines = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return lines.map((line) => line.trim()).join('\n');
}

function read(object: object, name: string): unknown {
  try {
    return Reflect.get(object, name);
  } catch {
    return undefined;
  }
}

function shown(value: unknown): string {
  try {
    return typeof value === 'string' ? value : inspect(value, { depth: 1 });
  } catch {
    return '[unreadable]';
  }
}
