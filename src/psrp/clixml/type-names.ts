import type { DictionaryValue, ListValue } from '../../core/value';

/** The kinds of container that stand alone. */
export type ContainerType = ListValue['type'] | DictionaryValue['type'];

/**
 * The type names with which a bare container travels. One that arrives with exactly these, no text and no property is
 * read as the bare container; with any others it is the `base` of an object.
 */
export const defaultTypeNames: Readonly<Record<ContainerType, readonly string[]>> = {
  list: ['System.Object[]', 'System.Array', 'System.Object'],
  dictionary: ['System.Collections.Hashtable', 'System.Object'],
  stack: ['System.Collections.Stack', 'System.Object'],
  queue: ['System.Collections.Queue', 'System.Object'],
  enumerable: ['System.Collections.IEnumerable', 'System.Object'],
  set: ['System.Collections.Generic.HashSet`1[System.Object]', 'System.Object'],
};

/** The type names of a `bigInteger`, which travels as an object with nothing but its digits as text. */
export const bigIntegerTypeNames: readonly string[] = [
  'System.Numerics.BigInteger',
  'System.ValueType',
  'System.Object',
];

/** An integer of more digits than this stays an object with its text: turning digits to numbers takes too long. */
export const mostBigIntegerDigits = 10_000;

const enumTypeNames: ReadonlySet<string> = new Set(['System.Enum', 'Deserialized.System.Enum']);

/** Whether type names are those of an enum, on this side of the wire or the other. */
export function areEnumTypeNames(names: readonly string[]): boolean {
  return names.some((name) => enumTypeNames.has(name));
}

/** Whether two lists hold the same names in the same order. */
export function areSameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, index) => name === right[index]);
}
