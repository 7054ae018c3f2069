import { invalidArgument } from '../error';
import { DateTime_Kind, List_Kind, type Value } from '../gen/runspace/v1/value';
import { Secret, secretValue } from './secret';

/** What a JavaScript program may hand over as a value. A `Value` itself is taken as it is. */
export type ValueInput = unknown;

/**
 * The value that a JavaScript one stands for: numbers become int32, int64 or double, bigints the smallest of int64,
 * uint64 and big integer that holds them, Dates a UTC date, Uint8Arrays bytes, arrays lists, Sets sets, Maps and plain
 * objects dictionaries (a PowerShell hashtable). Throws INVALID_ARGUMENT for functions, symbols, instances of other
 * classes, and for what contains itself.
 */
export function toValue(input: ValueInput): Value {
  return converted(input, new Set());
}

function converted(input: unknown, around: Set<object>): Value {
  switch (typeof input) {
    case 'undefined':
      return nullValue;
    case 'boolean':
      return { kind: { $case: 'bool', value: input } };
    case 'number':
      return numberValue(input);
    case 'bigint':
      return bigintValue(input);
    case 'string':
      return stringValue(input);
    case 'object':
      return input === null ? nullValue : nested(input, around);
    case 'symbol':
    case 'function':
      throw invalidArgument(`a ${typeof input} can't be sent as a value`);
  }
}

const nullValue: Value = { kind: { $case: 'null', value: {} } };

function numberValue(input: number): Value {
  if (!Number.isSafeInteger(input) || Object.is(input, -0))
    return { kind: { $case: 'double', value: input } };
  if (input === (input | 0)) return { kind: { $case: 'int32', value: input } };
  return { kind: { $case: 'int64', value: BigInt(input) } };
}

function bigintValue(input: bigint): Value {
  if (input === BigInt.asIntN(64, input)) return { kind: { $case: 'int64', value: input } };
  if (input === BigInt.asUintN(64, input)) return { kind: { $case: 'uint64', value: input } };
  return { kind: { $case: 'bigInteger', value: input.toString() } };
}

/** Text with lone surrogates travels as UTF-16, which a protobuf string can't hold. */
function stringValue(input: string): Value {
  if (isWellFormed(input)) return { kind: { $case: 'string', value: input } };
  return { kind: { $case: 'stringUtf16', value: Buffer.from(input, 'utf16le') } };
}

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function nested(input: object, around: Set<object>): Value {
  if (isValue(input)) return input;
  if (around.has(input)) throw invalidArgument("a value that contains itself can't be sent");
  around.add(input);
  const value = containerValue(input, around);
  around.delete(input);
  return value;
}

function containerValue(input: object, around: Set<object>): Value {
  if (Array.isArray(input)) return listValue(List_Kind.KIND_LIST, input, around);
  if (input instanceof Set) return listValue(List_Kind.KIND_SET, [...input], around);
  if (input instanceof Map) return dictionaryValue([...input], around);
  if (input instanceof Uint8Array) return { kind: { $case: 'bytes', value: input } };
  if (input instanceof URL) return { kind: { $case: 'uri', value: input.href } };
  if (input instanceof Date) return dateValue(input);
  if (input instanceof Secret) return secretValue(input);
  const prototype: unknown = Object.getPrototypeOf(input);
  if (prototype === null || isPlainPrototype(prototype))
    return dictionaryValue(Object.entries(input), around);
  const name = input.constructor.name;
  throw invalidArgument(
    `an instance of ${name} can't be sent as a value: send a plain object, Map, array or text`,
  );
}

/** Also the Object.prototype of another realm, which is the one prototype without one of its own. */
function isPlainPrototype(prototype: unknown): boolean {
  return typeof prototype === 'object' && prototype !== null && Object.getPrototypeOf(prototype) === null;
}

function listValue(kind: List_Kind, items: readonly unknown[], around: Set<object>): Value {
  const values = items.map((item) => converted(item, around));
  return { kind: { $case: 'list', value: { kind, items: values, referenceId: 0 } } };
}

function dictionaryValue(entries: readonly (readonly [unknown, unknown])[], around: Set<object>): Value {
  const converts = entries.map(([key, value]) => ({
    key: converted(key, around),
    value: converted(value, around),
  }));
  return { kind: { $case: 'dictionary', value: { entries: converts, referenceId: 0 } } };
}

function dateValue(input: Date): Value {
  if (Number.isNaN(input.getTime())) throw invalidArgument("an invalid Date can't be sent as a value");
  const text = input.toISOString();
  if (text.length !== 24) throw invalidArgument(`the date ${text} is outside the years 1 to 9999`);
  return {
    kind: { $case: 'dateTime', value: { text: text.replace(/\.?0+Z$/, 'Z'), kind: DateTime_Kind.KIND_UTC } },
  };
}

/** Whether this is a value already, as `Value` of the API has it. */
function isValue(input: object): input is Value {
  if (!('kind' in input) || Object.keys(input).length !== 1) return false;
  const { kind } = input;
  return typeof kind === 'object' && kind !== null && '$case' in kind && 'value' in kind;
}
