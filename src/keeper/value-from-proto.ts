import { RunspaceError } from '../core/error';
import type { IntegerType, Property, Value } from '../core/value';
import {
  List_Kind,
  type Dictionary as ProtoDictionary,
  type EnumValue as ProtoEnumValue,
  type List as ProtoList,
  type ObjectValue as ProtoObject,
  type Property as ProtoProperty,
  type Value as ProtoValue,
} from '../gen/runspace/v1/value';
import {
  bigIntegerOf,
  dateTimeOf,
  decimalOf,
  guidOf,
  integerOf,
  utf16Of,
  versionOf,
} from './scalar-from-proto';
import type { Secrets } from './secrets';

/** Where secrets become secure strings again. */
type TakesSecrets = Pick<Secrets, 'take'>;

/** Twice PowerShell's own limit of 50 objects, since an object and what it wraps are two levels here. */
const deepestValue = 100;

/**
 * A caller's value for an engine. A value without any kind is null. Throws INVALID_ARGUMENT that names the place,
 * `path` being the name of the whole: a number out of range, a bad date, a missing key, a reference to nothing,
 * a secret that this session does not have.
 */
export function valueFromProto(value: ProtoValue | undefined, path: string, secrets: TakesSecrets): Value {
  return readValue(value, { path, depth: 0, secrets, known: new Set() });
}

/** Where in the caller's value we are. */
interface Place {
  readonly path: string;
  readonly depth: number;
  readonly secrets: TakesSecrets;
  /** Reference ids of the containers met so far; one set for the whole value. */
  readonly known: Set<number>;
}

function readValue(value: ProtoValue | undefined, place: Place): Value {
  const { path } = place;
  if (value === undefined)
    throw invalid(path, 'a value is missing here; for null send a Value of kind `null`');
  if (place.depth > deepestValue) throw invalid(path, `nested deeper than ${deepestValue} levels`);
  const kind = value.kind;
  if (kind === undefined) return { type: 'null' };
  switch (kind.$case) {
    case 'null':
      return { type: 'null' };
    case 'bool':
      return { type: 'bool', value: kind.value };
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
      return { type: kind.$case, value: integerOf(kind.$case, kind.value, path) };
    case 'int64':
    case 'uint64':
      return { type: kind.$case, value: kind.value };
    case 'bigInteger':
      return { type: 'bigInteger', value: bigIntegerOf(kind.value, path) };
    case 'single':
    case 'double':
      return { type: kind.$case, value: kind.value };
    case 'decimal':
      return { type: 'decimal', text: decimalOf(kind.value, path) };
    case 'string':
      return { type: 'string', value: kind.value };
    case 'stringUtf16':
      return { type: 'string', value: utf16Of(kind.value, path) };
    case 'char':
      return { type: 'char', code: integerOf('char', kind.value, path) };
    case 'bytes':
      return { type: 'bytes', value: kind.value };
    case 'dateTime':
      return { type: 'dateTime', text: dateTimeOf(kind.value, path) };
    case 'durationTicks':
      return { type: 'duration', ticks: kind.value };
    case 'guid':
      return { type: 'guid', text: guidOf(kind.value, path) };
    case 'version':
      return { type: 'version', text: versionOf(kind.value, path) };
    case 'uri':
    case 'xml':
    case 'scriptBlock':
      return { type: kind.$case, text: kind.value };
    case 'secureString':
      return place.secrets.take(kind.value, path);
    case 'enum':
      return readEnum(kind.value, place);
    case 'list':
      return readList(kind.value, place);
    case 'dictionary':
      return readDictionary(kind.value, place);
    case 'object':
      return readObject(kind.value, place);
    case 'reference':
      return readReference(kind.value, place);
  }
}

function readEnum(value: ProtoEnumValue, place: Place): Value {
  const number = readValue(value.value, inside(place, '.value'));
  if (!isInteger(number)) throw invalid(place.path, 'the value of an enum must be of an integer kind');
  return { type: 'enum', typeNames: value.typeNames, text: value.text, value: number };
}

function isInteger(value: Value): value is Extract<Value, { type: IntegerType }> {
  return /^u?int\d+$/.test(value.type);
}

function readList(list: ProtoList, place: Place): Value {
  const type = listTypeOf(list.kind, place.path);
  const referenceId = readReferenceId(list.referenceId, place);
  const items = list.items.map((item, index) => readValue(item, inside(place, `[${index}]`)));
  return { type, items, ...referenceId };
}

function listTypeOf(kind: List_Kind, path: string): 'list' | 'enumerable' | 'set' | 'stack' | 'queue' {
  switch (kind) {
    case List_Kind.KIND_UNSPECIFIED:
    case List_Kind.KIND_LIST:
      return 'list';
    case List_Kind.KIND_ENUMERABLE:
      return 'enumerable';
    case List_Kind.KIND_SET:
      return 'set';
    case List_Kind.KIND_STACK:
      return 'stack';
    case List_Kind.KIND_QUEUE:
      return 'queue';
  }
  // A number off the wire that this version has no name for.
  throw invalid(path, `list kind ${String(kind)} is unknown`);
}

function readDictionary(dictionary: ProtoDictionary, place: Place): Value {
  const referenceId = readReferenceId(dictionary.referenceId, place);
  const entries = dictionary.entries.map(({ key, value }, index) => {
    const entry = `.entries[${index}]`;
    return [
      readValue(key, inside(place, `${entry}.key`)),
      readValue(value, inside(place, `${entry}.value`)),
    ] as const;
  });
  return { type: 'dictionary', entries, ...referenceId };
}

function readObject(object: ProtoObject, place: Place): Value {
  const referenceId = readReferenceId(object.referenceId, place);
  return {
    type: 'object',
    typeNames: object.typeNames,
    ...(object.text === undefined ? {} : { text: object.text }),
    ...(object.base === undefined ? {} : { base: readBase(object.base, inside(place, '.base')) }),
    adapted: object.adapted.map((property) => readProperty(property, place)),
    extended: object.extended.map((property) => readProperty(property, place)),
    ...referenceId,
  };
}

function readBase(value: ProtoValue, place: Place): Value {
  const base = readValue(value, place);
  if (base.type === 'object')
    throw invalid(place.path, 'a base value is a primitive or a container, not an object');
  return base;
}

function readProperty(property: ProtoProperty, place: Place): Property {
  const here = inside(place, `.${property.name}`);
  const value = readValue(property.value, here);
  if (!property.isMemberSet) return { name: property.name, value };
  if (value.type !== 'object') throw invalid(here.path, 'a member set must be an object');
  return { name: property.name, value, isMemberSet: true };
}

function readReference(referenceId: number, place: Place): Value {
  if (place.known.has(referenceId)) return { type: 'reference', referenceId };
  throw invalid(place.path, `reference ${referenceId} names nothing that came before it`);
}

/** Registers a container before its content, so that what is inside can refer to it. */
function readReferenceId(referenceId: number, place: Place): { readonly referenceId?: number } {
  if (referenceId === 0) return {};
  if (place.known.has(referenceId)) throw invalid(place.path, `reference id ${referenceId} is used twice`);
  place.known.add(referenceId);
  return { referenceId };
}

function inside(place: Place, step: string): Place {
  return { ...place, path: place.path + step, depth: place.depth + 1 };
}

/** The error of a value that can't be taken, naming where it stands. */
function invalid(path: string, why: string): RunspaceError {
  return new RunspaceError('INVALID_ARGUMENT', `${path}: ${why}`, { facts: { path } });
}
