import { RunspaceError } from '../../core/error';
import type { InterpreterExited } from './message';

/** A JSON text from the far side, field by field: anything that is not as agreed is ENGINE_PROTOCOL_ERROR. */
export class ReceivedMessage {
  readonly #fields: object;
  readonly is: string;

  constructor(bytes: Uint8Array) {
    this.#fields = parsed(bytes);
    this.is = this.text('is');
  }

  text(name: string): string {
    const value = this.field(name);
    if (typeof value !== 'string') throw wrong(name);
    return value;
  }

  integer(name: string): number {
    const value = this.field(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw wrong(name);
    return value;
  }

  oneOf<const Choice extends string | number>(name: string, choices: readonly Choice[]): Choice {
    const value = this.field(name);
    const choice = choices.find((one) => one === value);
    if (choice === undefined) throw wrong(name);
    return choice;
  }

  integers(name: string): readonly number[] {
    const value: unknown = this.field(name);
    if (!Array.isArray(value)) throw wrong(name);
    return value.filter((item): item is number => Number.isSafeInteger(item));
  }

  texts(name: string): readonly string[] {
    const value: unknown = this.field(name);
    if (!Array.isArray(value)) throw wrong(name);
    return value.filter((item): item is string => typeof item === 'string');
  }

  /** The field as it is; undefined where there is none. */
  field(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? Reflect.get(this.#fields, name) : undefined;
  }

  has(name: string): boolean {
    return this.field(name) !== undefined;
  }
}

/** The runner's word that the interpreter is gone. */
export function toInterpreterExited(message: ReceivedMessage): InterpreterExited {
  return {
    is: 'exited',
    code: message.has('code') ? message.integer('code') : undefined,
    signal: message.has('signal') ? message.text('signal') : undefined,
    why: message.has('why') ? message.text('why') : undefined,
  };
}

function parsed(bytes: Uint8Array): object {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch (cause) {
    throw new RunspaceError('ENGINE_PROTOCOL_ERROR', 'the interpreter sent a message that is no JSON', {
      cause,
    });
  }
  if (typeof value !== 'object' || value === null)
    throw new RunspaceError('ENGINE_PROTOCOL_ERROR', 'the interpreter sent a message that is no object');
  return value;
}

function wrong(name: string): RunspaceError {
  return new RunspaceError(
    'ENGINE_PROTOCOL_ERROR',
    `the interpreter sent a message whose ${name} is not as agreed`,
  );
}
