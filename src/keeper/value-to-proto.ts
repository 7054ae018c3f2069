import type { DictionaryValue, EnumValue, ListValue, ObjectValue, Property, Value } from '../core/value';
import {
  DateTime_Kind,
  List_Kind,
  type DateTime as ProtoDateTime,
  type Dictionary as ProtoDictionary,
  type EnumValue as ProtoEnumValue,
  type List as ProtoList,
  type ObjectValue as ProtoObject,
  type Property as ProtoProperty,
  type Value as ProtoValue,
} from '../gen/runspace/v1/value';
import type { Secrets } from './secrets';

type Kind = NonNullable<ProtoValue['kind']>;

/** A value of an engine as it is journalled and sent. Of a secure string only the id goes out. */
export function valueToProto(value: Value, secrets: Secrets): ProtoValue {
  return { kind: kindOf(value, secrets) };
}

function kindOf(value: Value, secrets: Secrets): Kind {
  switch (value.type) {
    case 'null':
      return { $case: 'null', value: {} };
    case 'bool':
      return { $case: 'bool', value: value.value };
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
    case 'double':
      return { $case: value.type, value: value.value };
    case 'single':
      return { $case: 'single', value: Math.fround(value.value) };
    case 'int64':
    case 'uint64':
      return { $case: value.type, value: value.value };
    case 'bigInteger':
      return { $case: 'bigInteger', value: value.value.toString() };
    case 'string':
      return stringKind(value.value);
    case 'char':
      return { $case: 'char', value: value.code };
    case 'bytes':
      return { $case: 'bytes', value: value.value };
    case 'dateTime':
      return { $case: 'dateTime', value: dateTimeToProto(value.text) };
    case 'duration':
      return { $case: 'durationTicks', value: value.ticks };
    case 'decimal':
    case 'guid':
    case 'uri':
    case 'version':
    case 'xml':
    case 'scriptBlock':
      return { $case: value.type, value: value.text };
    case 'secureString':
      return {
        $case: 'secureString',
        value: { secretId: secrets.seal(value), textUtf16: new Uint8Array() },
      };
    case 'enum':
      return { $case: 'enum', value: enumToProto(value, secrets) };
    case 'list':
    case 'enumerable':
    case 'set':
    case 'stack':
    case 'queue':
      return { $case: 'list', value: listToProto(value, secrets) };
    case 'dictionary':
      return { $case: 'dictionary', value: dictionaryToProto(value, secrets) };
    case 'object':
      return { $case: 'object', value: objectToProto(value, secrets) };
    case 'reference':
      return { $case: 'reference', value: value.referenceId };
  }
}

const loneSurrogate = /\p{Surrogate}/u;

function stringKind(text: string): Kind {
  if (!loneSurrogate.test(text)) return { $case: 'string', value: text };
  return { $case: 'stringUtf16', value: Buffer.from(text, 'utf16le') };
}

function dateTimeToProto(text: string): ProtoDateTime {
  if (text.endsWith('Z')) return { text, kind: DateTime_Kind.KIND_UTC };
  return { text, kind: /[+-]\d\d:\d\d$/.test(text) ? DateTime_Kind.KIND_LOCAL : DateTime_Kind.KIND_CLOCK };
}

function enumToProto(value: EnumValue, secrets: Secrets): ProtoEnumValue {
  return { typeNames: [...value.typeNames], text: value.text, value: valueToProto(value.value, secrets) };
}

const listKinds: Readonly<Record<ListValue['type'], List_Kind>> = {
  list: List_Kind.KIND_LIST,
  enumerable: List_Kind.KIND_ENUMERABLE,
  set: List_Kind.KIND_SET,
  stack: List_Kind.KIND_STACK,
  queue: List_Kind.KIND_QUEUE,
};

function listToProto(value: ListValue, secrets: Secrets): ProtoList {
  return {
    kind: listKinds[value.type],
    items: value.items.map((item) => valueToProto(item, secrets)),
    referenceId: value.referenceId ?? 0,
  };
}

function dictionaryToProto(value: DictionaryValue, secrets: Secrets): ProtoDictionary {
  const entries = value.entries.map(([key, each]) => ({
    key: valueToProto(key, secrets),
    value: valueToProto(each, secrets),
  }));
  return { entries, referenceId: value.referenceId ?? 0 };
}

function objectToProto(value: ObjectValue, secrets: Secrets): ProtoObject {
  return {
    typeNames: [...value.typeNames],
    text: value.text,
    base: value.base === undefined ? undefined : valueToProto(value.base, secrets),
    adapted: value.adapted.map((property) => propertyToProto(property, secrets)),
    extended: value.extended.map((property) => propertyToProto(property, secrets)),
    referenceId: value.referenceId ?? 0,
  };
}

function propertyToProto(property: Property, secrets: Secrets): ProtoProperty {
  return {
    name: property.name,
    value: valueToProto(property.value, secrets),
    isMemberSet: property.isMemberSet === true,
  };
}
