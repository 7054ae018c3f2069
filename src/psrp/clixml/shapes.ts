import type { DictionaryValue, ListValue, ObjectValue, Property, Value } from '../../core/value';
import {
  areEnumTypeNames,
  areSameNames,
  bigIntegerTypeNames,
  defaultTypeNames,
  mostBigIntegerDigits,
} from './type-names';
import { isInteger } from './primitives';

/** What was found inside of one `<Obj>`. */
export interface ObjectParts {
  typeNames: readonly string[];
  text: string | undefined;
  base: Value | undefined;
  adapted: Property[];
  readonly extended: Property[];
}

/** Where an `<Obj>` stands, and the id by which a `<Ref>` has named it so far. */
export interface ObjectPlace {
  readonly place: 'anywhere' | 'base';
  readonly referenceId: number | undefined;
}

const bigIntegerText = /^(?:0|-?[1-9][0-9]*)$/;

/** The one value that an `<Obj>` of these parts stands for, by the rules in core/value.ts. */
export function canonicalObject(parts: ObjectParts, { place, referenceId }: ObjectPlace): Value {
  const { typeNames, text, base, adapted, extended } = parts;
  if (adapted.length === 0 && extended.length === 0) {
    const plain = plainValue(parts, { place, referenceId });
    if (plain !== undefined) return plain;
  }
  const object: Mutable<ObjectValue> = { type: 'object', typeNames, adapted, extended };
  if (text !== undefined) object.text = text;
  if (base !== undefined) object.base = base;
  if (referenceId !== undefined) object.referenceId = referenceId;
  return object;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A bare container, an enum or a big integer: what needs no object around it. */
function plainValue(parts: ObjectParts, { place, referenceId }: ObjectPlace): Value | undefined {
  const { typeNames, text, base } = parts;
  if (text === undefined) {
    const container = bareContainer(typeNames, base, place);
    return container === undefined || referenceId === undefined ? container : { ...container, referenceId };
  }
  if (referenceId !== undefined) return undefined;
  if (base === undefined) return bigIntegerOf(typeNames, text);
  return isInteger(base) && areEnumTypeNames(typeNames)
    ? { type: 'enum', typeNames, text, value: base }
    : undefined;
}

/** The base of another object keeps its own `object` around a container; only a set is written so in any place. */
function bareContainer(
  typeNames: readonly string[],
  base: Value | undefined,
  place: ObjectPlace['place'],
): ListValue | DictionaryValue | undefined {
  if (base === undefined || !('items' in base || 'entries' in base)) return undefined;
  if (base.type === 'enumerable' && areSameNames(typeNames, defaultTypeNames.set)) return asSet(base);
  return place === 'anywhere' && areSameNames(typeNames, defaultTypeNames[base.type]) ? base : undefined;
}

function asSet(base: ListValue): ListValue {
  return { type: 'set', items: base.items };
}

function bigIntegerOf(typeNames: readonly string[], text: string): Value | undefined {
  const isOne =
    areSameNames(typeNames, bigIntegerTypeNames) &&
    text.length <= mostBigIntegerDigits &&
    bigIntegerText.test(text);
  return isOne ? { type: 'bigInteger', value: BigInt(text) } : undefined;
}
