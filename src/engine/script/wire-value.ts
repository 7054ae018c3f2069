import { RunspaceError } from '../../core/error';
import type {
  DictionaryValue,
  EnumValue,
  IntegerType,
  ListValue,
  ObjectValue,
  Property,
  Value,
} from '../../core/value';

/**
 * A `Value` as JSON between engine and interpreter. What JSON has stands for itself: null, booleans, strings,
 * lists; a bare number is an int32. All else is an object whose `t` names the type.
 */
export type WireValue = null | boolean | number | string | readonly WireValue[] | TaggedWireValue;

/** Short keys, since there are many of them: t type, v value, n type names, s text, b base, a adapted, e extended, r reference id. */
export interface TaggedWireValue {
  readonly t: string;
  readonly v?: unknown;
  readonly n?: readonly string[];
  readonly s?: string;
  readonly b?: WireValue;
  readonly a?: readonly WireProperty[];
  readonly e?: readonly WireProperty[];
  readonly r?: number;
}

type WireProperty = readonly [name: string, value: WireValue, isMemberSet?: 1];

/** Interpreters cut deeper objects off; what is deeper still is no value. */
const maximumDepth = 200;

/** A value as it travels to an interpreter. */
export function toWire(value: Value): WireValue {
  switch (value.type) {
    case 'null':
      return null;
    case 'bool':
    case 'string':
    case 'int32':
      return value.value;
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
    case 'uint32':
      return { t: value.type, v: value.value };
    case 'int64':
    case 'uint64':
    case 'bigInteger':
      return { t: value.type, v: value.value.toString() };
    case 'single':
    case 'double':
      return { t: value.type, v: toWireNumber(value.value) };
    case 'char':
      return { t: 'char', v: value.code };
    case 'bytes':
      return { t: 'bytes', v: base64Of(value.value) };
    case 'decimal':
    case 'dateTime':
    case 'guid':
    case 'uri':
    case 'version':
    case 'xml':
    case 'scriptBlock':
      return { t: value.type, v: value.text };
    case 'duration':
      return { t: 'duration', v: value.ticks.toString() };
    case 'secureString':
      return { t: 'secureString', v: value.sealed };
    case 'enum':
      return { t: 'enum', n: value.typeNames, s: value.text, b: toWire(value.value) };
    case 'list':
    case 'enumerable':
    case 'set':
    case 'stack':
    case 'queue':
      return toWireList(value);
    case 'dictionary':
      return {
        t: 'dictionary',
        v: value.entries.map(([key, item]) => [toWire(key), toWire(item)]),
        ...referenceIdOf(value.referenceId),
      };
    case 'object':
      return toWireObject(value);
    case 'reference':
      return { t: 'reference', v: value.referenceId };
  }
}

function toWireList(value: ListValue): WireValue {
  const items = value.items.map(toWire);
  if (value.type === 'list' && value.referenceId === undefined) return items;
  return { t: value.type, v: items, ...referenceIdOf(value.referenceId) };
}

function toWireObject(value: ObjectValue): WireValue {
  return {
    t: 'object',
    n: value.typeNames,
    ...(value.text === undefined ? {} : { s: value.text }),
    ...(value.base === undefined ? {} : { b: toWire(value.base) }),
    ...(value.adapted.length === 0 ? {} : { a: value.adapted.map(toWireProperty) }),
    ...(value.extended.length === 0 ? {} : { e: value.extended.map(toWireProperty) }),
    ...referenceIdOf(value.referenceId),
  };
}

function toWireProperty({ name, value, isMemberSet }: Property): WireProperty {
  return isMemberSet ? [name, toWire(value), 1] : [name, toWire(value)];
}

function referenceIdOf(referenceId: number | undefined): { readonly r?: number } {
  return referenceId === undefined ? {} : { r: referenceId };
}

/** JSON has neither infinities nor a negative zero. */
function toWireNumber(value: number): number | string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** A value as it came from an interpreter; anything else is ENGINE_PROTOCOL_ERROR. */
export function fromWire(wire: unknown, depth = 0): Value {
  if (depth > maximumDepth) throw malformed(`nested deeper than ${maximumDepth}`);
  if (wire === null) return { type: 'null' };
  if (typeof wire === 'string') return { type: 'string', value: wire };
  if (typeof wire === 'boolean') return { type: 'bool', value: wire };
  if (typeof wire === 'number') return { type: 'int32', value: integerIn(wire, integerRanges.int32) };
  if (Array.isArray(wire)) return { type: 'list', items: itemsFrom(wire, depth) };
  if (typeof wire === 'object') return fromTagged(wire, depth);
  throw malformed(`a ${typeof wire}`);
}

type NarrowInteger = Exclude<IntegerType, 'int64' | 'uint64'>;

const integerRanges: Readonly<Record<NarrowInteger, readonly [least: number, most: number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32_768, 32_767],
  uint16: [0, 65_535],
  int32: [-2_147_483_648, 2_147_483_647],
  uint32: [0, 4_294_967_295],
};

function isNarrowInteger(type: string): type is NarrowInteger {
  return Object.hasOwn(integerRanges, type);
}

function fromTagged(tagged: object, depth: number): Value {
  const type: unknown = Reflect.get(tagged, 't');
  const value: unknown = Reflect.get(tagged, 'v');
  if (typeof type !== 'string') throw malformed('an object without a type');
  if (isNarrowInteger(type)) return { type, value: integerIn(value, integerRanges[type]) };
  switch (type) {
    case 'int64':
      return { type, value: bigIntIn(value, [-(2n ** 63n), 2n ** 63n - 1n]) };
    case 'uint64':
      return { type, value: bigIntIn(value, [0n, 2n ** 64n - 1n]) };
    case 'bigInteger':
      return { type, value: bigIntFrom(value) };
    case 'single':
    case 'double':
      return { type, value: numberFrom(value) };
    case 'char':
      return { type, code: integerIn(value, integerRanges.uint16) };
    case 'bytes':
      return { type, value: bytesFrom(value) };
    case 'decimal':
    case 'dateTime':
    case 'guid':
    case 'uri':
    case 'version':
    case 'xml':
    case 'scriptBlock':
      return { type, text: textFrom(value) };
    case 'duration':
      return { type, ticks: bigIntIn(value, [-(2n ** 63n), 2n ** 63n - 1n]) };
    case 'secureString':
      return { type, sealed: textFrom(value) };
    case 'enum':
      return enumFrom(tagged, depth);
    case 'list':
    case 'enumerable':
    case 'set':
    case 'stack':
    case 'queue':
      return { type, items: itemsFrom(value, depth), ...fromReferenceId(tagged) };
    case 'dictionary':
      return dictionaryFrom(tagged, depth);
    case 'object':
      return objectFrom(tagged, depth);
    case 'reference':
      return { type, referenceId: integerIn(value, integerRanges.uint32) };
    default:
      throw malformed(`a value of type ${type.slice(0, 40)}`);
  }
}

function enumFrom(tagged: object, depth: number): EnumValue {
  const value = fromWire(Reflect.get(tagged, 'b'), depth + 1);
  if (!isInteger(value)) throw malformed('an enum without a number');
  const typeNames = listFrom(Reflect.get(tagged, 'n')).map(textFrom);
  return { type: 'enum', typeNames, text: textFrom(Reflect.get(tagged, 's')), value };
}

function isInteger(value: Value): value is EnumValue['value'] {
  return isNarrowInteger(value.type) || value.type === 'int64' || value.type === 'uint64';
}

function dictionaryFrom(tagged: object, depth: number): DictionaryValue {
  const entries = listFrom(Reflect.get(tagged, 'v')).map((entry): readonly [Value, Value] => {
    const [key, value] = listFrom(entry);
    return [fromWire(key, depth + 1), fromWire(value, depth + 1)];
  });
  return { type: 'dictionary', entries, ...fromReferenceId(tagged) };
}

function objectFrom(tagged: object, depth: number): ObjectValue {
  const text: unknown = Reflect.get(tagged, 's');
  const base: unknown = Reflect.get(tagged, 'b');
  return {
    type: 'object',
    typeNames: listFrom(Reflect.get(tagged, 'n') ?? []).map(textFrom),
    ...(text === undefined ? {} : { text: textFrom(text) }),
    ...(base === undefined ? {} : { base: fromWire(base, depth + 1) }),
    adapted: propertiesFrom(Reflect.get(tagged, 'a'), depth),
    extended: propertiesFrom(Reflect.get(tagged, 'e'), depth),
    ...fromReferenceId(tagged),
  };
}

function propertiesFrom(wire: unknown, depth: number): Property[] {
  return listFrom(wire ?? []).map((property) => {
    const [name, value, isMemberSet] = listFrom(property);
    return {
      name: textFrom(name),
      value: fromWire(value, depth + 1),
      ...(isMemberSet === undefined ? {} : { isMemberSet: true as const }),
    };
  });
}

function itemsFrom(wire: unknown, depth: number): Value[] {
  return listFrom(wire).map((item) => fromWire(item, depth + 1));
}

function fromReferenceId(tagged: object): { readonly referenceId?: number } {
  const referenceId: unknown = Reflect.get(tagged, 'r');
  return referenceId === undefined ? {} : { referenceId: integerIn(referenceId, integerRanges.uint32) };
}

function listFrom(wire: unknown): readonly unknown[] {
  if (!Array.isArray(wire)) throw malformed('no list where one belongs');
  return wire;
}

function textFrom(wire: unknown): string {
  if (typeof wire !== 'string') throw malformed('no text where one belongs');
  return wire;
}

function bytesFrom(wire: unknown): Uint8Array {
  const { buffer, byteOffset, byteLength } = Buffer.from(textFrom(wire), 'base64');
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function integerIn(wire: unknown, [least, most]: readonly [number, number]): number {
  if (typeof wire !== 'number' || !Number.isInteger(wire) || wire < least || wire > most)
    throw malformed('a number out of its range');
  return wire;
}

function bigIntIn(wire: unknown, [least, most]: readonly [bigint, bigint]): bigint {
  const value = bigIntFrom(wire);
  if (value < least || value > most) throw malformed('a number out of its range');
  return value;
}

function bigIntFrom(wire: unknown): bigint {
  if (typeof wire !== 'string' || !/^-?\d+$/.test(wire)) throw malformed('no integer where one belongs');
  return BigInt(wire);
}

function numberFrom(wire: unknown): number {
  if (typeof wire === 'number') return wire;
  if (wire === '-0' || wire === 'NaN' || wire === 'Infinity' || wire === '-Infinity') return Number(wire);
  throw malformed('no number where one belongs');
}

function malformed(what: string): RunspaceError {
  return new RunspaceError('ENGINE_PROTOCOL_ERROR', `the interpreter sent ${what} as a value`);
}
