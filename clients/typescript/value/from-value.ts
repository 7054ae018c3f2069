import {
  List_Kind,
  type Dictionary,
  type List,
  type ObjectValue,
  type Value,
} from '../gen/runspace/v1/value';
import { Secret } from './secret';

/**
 * The natural JavaScript value: numbers for integers up to 32 bits and floating point, bigint for 64 bits and more,
 * Date for dates (to the millisecond; a date without a zone is taken as local), milliseconds for time spans, text for
 * decimals, GUIDs, URIs, versions, XML, script blocks, characters and enum members, arrays, Sets, and for dictionaries
 * plain objects where all keys are text, else Maps. An object with properties becomes a plain object of them (added
 * properties win over the type's own), one that only wraps a value becomes that value, and one with nothing but text
 * becomes the text. A secure string stays opaque: a `Secret`. What the value says twice becomes one object.
 *
 * What this leaves out (type names, widths, kinds) is in the `Value` itself.
 */
export function fromValue(value: Value | undefined): unknown {
  return natural(value, new Map());
}

type Known = Map<number, unknown>;

function natural(value: Value | undefined, known: Known): unknown {
  const kind = value?.kind;
  if (kind === undefined) return null;
  switch (kind.$case) {
    case 'null':
      return null;
    case 'bool':
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
    case 'int64':
    case 'uint64':
    case 'single':
    case 'double':
    case 'decimal':
    case 'string':
    case 'bytes':
    case 'guid':
    case 'uri':
    case 'version':
    case 'xml':
    case 'scriptBlock':
      return kind.value;
    case 'bigInteger':
      return BigInt(kind.value);
    case 'stringUtf16':
      return Buffer.from(kind.value).toString('utf16le');
    case 'char':
      return String.fromCharCode(kind.value);
    case 'dateTime':
      return new Date(kind.value.text.replace(/(\.\d{3})\d+/, '$1'));
    case 'durationTicks':
      return Number(kind.value) / 1e4;
    case 'secureString':
      return new Secret(kind.value.secretId);
    case 'enum':
      return kind.value.text;
    case 'list':
      return naturalList(kind.value, known);
    case 'dictionary':
      return naturalDictionary(kind.value, known);
    case 'object':
      return naturalObject(kind.value, known);
    case 'reference':
      return known.get(kind.value);
  }
}

function remember<Made>(known: Known, referenceId: number, made: Made): Made {
  if (referenceId !== 0) known.set(referenceId, made);
  return made;
}

function naturalList(list: List, known: Known): unknown {
  if (list.kind === List_Kind.KIND_SET) {
    const set = remember(known, list.referenceId, new Set<unknown>());
    for (const item of list.items) set.add(natural(item, known));
    return set;
  }
  const array = remember<unknown[]>(known, list.referenceId, []);
  for (const item of list.items) array.push(natural(item, known));
  return array;
}

function naturalDictionary(dictionary: Dictionary, known: Known): unknown {
  if (!dictionary.entries.every(({ key }) => key?.kind?.$case === 'string')) {
    const map = remember(known, dictionary.referenceId, new Map<unknown, unknown>());
    for (const { key, value } of dictionary.entries) map.set(natural(key, known), natural(value, known));
    return map;
  }
  const made = remember<Record<string, unknown>>(known, dictionary.referenceId, {});
  for (const { key, value } of dictionary.entries)
    set(made, String(natural(key, known)), natural(value, known));
  return made;
}

function naturalObject(object: ObjectValue, known: Known): unknown {
  const properties = [...object.adapted, ...object.extended];
  if (object.base !== undefined) return remember(known, object.referenceId, natural(object.base, known));
  if (properties.length === 0 && object.text !== undefined) return object.text;
  const made = remember<Record<string, unknown>>(known, object.referenceId, {});
  for (const { name, value } of properties) set(made, name, natural(value, known));
  return made;
}

/** Not by assignment: a property may be called `__proto__`. */
function set(made: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true });
}
