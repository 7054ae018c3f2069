import type { EnumValue, IntegerType, ListValue, ObjectValue, Property, Value } from '../../core/value';
import { isInteger } from './primitives';

type TextualValue = Extract<
  Value,
  { type: 'uri' | 'version' | 'xml' | 'scriptBlock' } | { type: 'guid' } | { type: 'dateTime' }
>;

/**
 * The value of a property, its name in any case as PowerShell has it; notes (`extended`) win over `adapted`, and of
 * two with one name the last. Undefined where the value is no object or has no such property.
 */
export function propertyOf(value: Value | undefined, name: string): Value | undefined {
  if (value?.type !== 'object') return undefined;
  const wanted = name.toLowerCase();
  const isWanted = (property: Property): boolean =>
    property.name === name || property.name.toLowerCase() === wanted;
  return (value.extended.findLast(isWanted) ?? value.adapted.findLast(isWanted))?.value;
}

/** The value of a dictionary's entry with a string key: that very key, else one that differs by case only. */
export function entryOf(value: Value | undefined, key: string): Value | undefined {
  const entries = entriesOf(value);
  if (entries === undefined) return undefined;
  const wanted = key.toLowerCase();
  const found =
    entries.find(([candidate]) => textOf(candidate) === key) ??
    entries.find(([candidate]) => textOf(candidate)?.toLowerCase() === wanted);
  return found?.[1];
}

/** The text of a string-like value (string, uri, version, xml, script block, guid, date), wrapped or bare. */
export function textOf(value: Value | undefined): string | undefined {
  const bare = unwrapped(value);
  if (bare?.type === 'string') return bare.value;
  return bare !== undefined && isTextual(bare) ? bare.text : undefined;
}

/** An integer or enum as a number; undefined for any other value and beyond 2^53, where `bigintOf` still is exact. */
export function integerOf(value: Value | undefined): number | undefined {
  const exact = bigintOf(value);
  if (exact === undefined) return undefined;
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** An integer or enum of any width, wrapped or bare; undefined for any other value. */
export function bigintOf(value: Value | undefined): bigint | undefined {
  const bare = unwrapped(value);
  if (bare?.type === 'enum') return BigInt(bare.value.value);
  if (bare?.type === 'bigInteger') return bare.value;
  return bare !== undefined && isInteger(bare) ? BigInt(bare.value) : undefined;
}

/** A boolean, wrapped or bare; undefined for any other value. */
export function boolOf(value: Value | undefined): boolean | undefined {
  const bare = unwrapped(value);
  return bare?.type === 'bool' ? bare.value : undefined;
}

/** The items of a list, enumerable, set, stack or queue, wrapped or bare; undefined for any other value. */
export function itemsOf(value: Value | undefined): readonly Value[] | undefined {
  const bare = unwrapped(value);
  return bare !== undefined && 'items' in bare ? bare.items : undefined;
}

/** The entries of a dictionary, wrapped or bare; undefined for any other value. */
export function entriesOf(value: Value | undefined): readonly (readonly [Value, Value])[] | undefined {
  const bare = unwrapped(value);
  return bare?.type === 'dictionary' ? bare.entries : undefined;
}

const textualTypes: ReadonlySet<Value['type']> = new Set([
  'uri',
  'version',
  'xml',
  'scriptBlock',
  'guid',
  'dateTime',
]);

function isTextual(value: Value): value is TextualValue {
  return textualTypes.has(value.type);
}

/** Whether a value is null, or there is none. */
export function isNull(value: Value | undefined): boolean {
  return value === undefined || value.type === 'null';
}

/** The value inside an object that only adds type names or properties to it; any other value as it is. */
function unwrapped(value: Value | undefined): Value | undefined {
  let inner = value;
  while (inner?.type === 'object' && inner.base !== undefined) inner = inner.base;
  return inner;
}

/** An object of notes only, without type names: what almost every PSRP message is. Undefined members are left out. */
export function propertyBag(members: Readonly<Record<string, Value | undefined>>): ObjectValue {
  const extended: Property[] = [];
  for (const [name, value] of Object.entries(members)) {
    if (value !== undefined) extended.push({ name, value });
  }
  return { type: 'object', typeNames: [], adapted: [], extended };
}

/** A 32-bit integer. */
export function int32Value(value: number): Value {
  return { type: 'int32', value };
}

/** A 64-bit integer. */
export function int64Value(value: bigint): Value {
  return { type: 'int64', value };
}

/** A boolean. */
export function boolValue(value: boolean): Value {
  return { type: 'bool', value };
}

/** An array. */
export function listValue(items: readonly Value[]): ListValue {
  return { type: 'list', items };
}

/** A member of a .NET enum of 32 bits, by the enum's full name, the member's text and its number. */
export function enumValue(typeName: string, text: string, value: number): EnumValue {
  return {
    type: 'enum',
    typeNames: [typeName, 'System.Enum', 'System.ValueType', 'System.Object'],
    text,
    value: { type: 'int32' satisfies IntegerType, value },
  };
}
