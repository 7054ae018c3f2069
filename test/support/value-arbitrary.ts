import * as fc from 'fast-check';
import type {
  DictionaryValue,
  EnumValue,
  IntegerType,
  ListValue,
  ObjectValue,
  Property,
  Value,
} from '../../src/core/value';
import { defaultTypeNames } from '../../src/psrp/clixml/type-names';

/** Text of any UTF-16 units, lone surrogates, control characters and things that look like escapes among them. */
const anyText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { arbitrary: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), weight: 2 },
      { arbitrary: fc.string({ unit: 'binary', maxLength: 8 }), weight: 2 },
      {
        arbitrary: fc.constantFrom(
          '_x0041_',
          '_x',
          '_X0000_',
          '_x0001F600_',
          '_x000',
          '\r\n',
          ' ',
          ']]>',
          '&amp;',
          '\ufeff',
          '\uffff',
          '<S>',
          '\ud83d',
        ),
        weight: 1,
      },
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

const name = anyText.map((text) => (text === '' ? 'N' : text));
const typeNames = fc.oneof(
  fc.array(name, { maxLength: 3 }),
  fc.constantFrom(
    ['System.Management.Automation.PSCustomObject', 'System.Object'],
    ['Deserialized.System.Object[]', 'Deserialized.System.Array', 'Deserialized.System.Object'],
    [],
  ),
);

const integerBits: Readonly<Record<IntegerType, readonly [bits: number, isSigned: boolean]>> = {
  int8: [8, true],
  uint8: [8, false],
  int16: [16, true],
  uint16: [16, false],
  int32: [32, true],
  uint32: [32, false],
  int64: [64, true],
  uint64: [64, false],
};

/** An integer of one of the eight kinds. */
const anyInteger: fc.Arbitrary<EnumValue['value']> = fc.oneof(
  ...(['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32'] as const).map((type) =>
    within(type).map((value) => ({ type, value: Number(value) })),
  ),
  ...(['int64', 'uint64'] as const).map((type) => within(type).map((value) => ({ type, value }))),
);

function within(type: IntegerType): fc.Arbitrary<bigint> {
  const [bits, isSigned] = integerBits[type];
  const size = 2n ** BigInt(bits);
  return fc.bigInt(isSigned ? { min: -size / 2n, max: size / 2n - 1n } : { min: 0n, max: size - 1n });
}

const decimal = fc
  .record({
    digits: fc.bigInt({ min: 0n, max: 2n ** 96n - 1n }),
    scale: fc.nat(28),
    isNegative: fc.boolean(),
  })
  .map(({ digits, scale, isNegative }) => {
    const padded = String(digits).padStart(scale + 1, '0');
    const point = padded.length - scale;
    const plain = scale === 0 ? padded : `${padded.slice(0, point)}.${padded.slice(point)}`;
    return isNegative && digits !== 0n ? `-${plain}` : plain;
  });

const zone = fc.oneof(
  fc.constantFrom('', 'Z', '+00:00', '+14:00', '-14:00'),
  fc.tuple(fc.constantFrom('+', '-'), fc.nat(13), fc.nat(59)).map(([sign, hours, minutes]) => {
    const text = `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
    return text === '00:00' ? '+00:00' : sign + text;
  }),
);
const dateTime = fc
  .tuple(
    fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    }),
    fc.nat(9_999_999),
    zone,
  )
  .map(([date, ticks, offset]) => {
    const fraction = ticks === 0 ? '' : `.${String(ticks).padStart(7, '0').replace(/0+$/, '')}`;
    return date.toISOString().slice(0, 19) + fraction + offset;
  });

const xmlDocument = fc.constantFrom(
  '<a/>',
  '<?xml version="1.0"?><a b="&lt;"><!-- c -->text<c>\u00e9</c><![CDATA[<x>]]></a>',
  '<a xmlns="urn:x">\r\n\t_x0041_</a>\n',
);

/** Everything that one element's text can say. */
const anyPrimitive: fc.Arbitrary<Value> = fc.oneof(
  fc.boolean().map((value): Value => ({ type: 'bool', value })),
  anyInteger,
  fc.float().map((value): Value => ({ type: 'single', value })),
  fc.double().map((value): Value => ({ type: 'double', value })),
  decimal.map((text): Value => ({ type: 'decimal', text })),
  anyText.map((value): Value => ({ type: 'string', value })),
  fc.nat(0xffff).map((code): Value => ({ type: 'char', code })),
  fc.uint8Array({ maxLength: 20 }).map((value): Value => ({ type: 'bytes', value })),
  dateTime.map((text): Value => ({ type: 'dateTime', text })),
  within('int64').map((ticks): Value => ({ type: 'duration', ticks })),
  fc.uuid().map((text): Value => ({ type: 'guid', text })),
  fc
    .constantFrom('uri' as const, 'scriptBlock' as const)
    .chain((type) => anyText.map((text): Value => ({ type, text }))),
  fc
    .array(fc.nat(0x7fffffff), { minLength: 2, maxLength: 4 })
    .map((parts): Value => ({ type: 'version', text: parts.join('.') })),
  xmlDocument.map((text): Value => ({ type: 'xml', text })),
  fc.base64String({ maxLength: 24 }).map((sealed): Value => ({ type: 'secureString', sealed })),
);

const anyEnum: fc.Arbitrary<EnumValue> = fc.record({
  type: fc.constant('enum'),
  typeNames: name.map((first) => [first, 'System.Enum', 'System.ValueType', 'System.Object']),
  text: anyText,
  value: anyInteger,
});
const anyBigInteger = fc
  .bigInt({ min: -(2n ** 300n), max: 2n ** 300n })
  .map((value): Value => ({ type: 'bigInteger', value }));

const progressRecord: ObjectValue = {
  type: 'object',
  typeNames: ['System.Management.Automation.ProgressRecord', 'System.Object'],
  adapted: [
    { name: 'Activity', value: { type: 'string', value: 'copy' } },
    { name: 'ActivityId', value: { type: 'int32', value: 1 } },
    { name: 'CurrentOperation', value: { type: 'null' } },
    { name: 'ParentActivityId', value: { type: 'int32', value: -1 } },
    { name: 'PercentComplete', value: { type: 'int32', value: 100 } },
    {
      name: 'RecordType',
      value: {
        type: 'enum',
        typeNames: [
          'System.Management.Automation.ProgressRecordType',
          'System.Enum',
          'System.ValueType',
          'System.Object',
        ],
        text: 'Completed',
        value: { type: 'int32', value: 1 },
      },
    },
    { name: 'SecondsRemaining', value: { type: 'int32', value: -1 } },
    { name: 'StatusDescription', value: { type: 'string', value: '_x' } },
  ],
  extended: [],
};

const listTypes = ['list', 'enumerable', 'set', 'stack', 'queue'] as const;
const maxDepth = 4;

const { tree } = fc.letrec<{
  tree: Value;
  list: ListValue;
  dictionary: DictionaryValue;
  object: ObjectValue;
  property: Property;
  memberSet: ObjectValue;
}>((tie) => ({
  tree: fc.oneof(
    { maxDepth, depthSize: 'small', withCrossShrink: true },
    { arbitrary: fc.constant<Value>({ type: 'null' }), weight: 2 },
    { arbitrary: anyPrimitive, weight: 6 },
    { arbitrary: anyEnum, weight: 1 },
    { arbitrary: anyBigInteger, weight: 1 },
    { arbitrary: fc.constant(progressRecord), weight: 1 },
    { arbitrary: tie('list'), weight: 3 },
    { arbitrary: tie('dictionary'), weight: 2 },
    { arbitrary: tie('object'), weight: 4 },
  ),
  list: fc.record({ type: fc.constantFrom(...listTypes), items: fc.array(tie('tree'), { maxLength: 5 }) }),
  dictionary: fc.record({
    type: fc.constant('dictionary'),
    entries: fc.array(fc.tuple(tie('tree').map(asKey), tie('tree')), { maxLength: 4 }),
  }),
  object: fc
    .record(
      {
        type: fc.constant('object' as const),
        typeNames,
        text: anyText,
        base: tie('tree'),
        adapted: fc.array(fc.record({ name, value: tie('tree') }), { maxLength: 3 }),
        extended: fc.array(tie('property'), { maxLength: 3 }),
      },
      { requiredKeys: ['type', 'typeNames', 'adapted', 'extended'], noNullPrototype: true },
    )
    .map(canonical),
  property: fc.oneof(
    { maxDepth, withCrossShrink: true },
    { arbitrary: fc.record({ name, value: tie('tree') }), weight: 4 },
    {
      arbitrary: fc.record({ name, value: tie('memberSet'), isMemberSet: fc.constant(true as const) }),
      weight: 1,
    },
  ),
  memberSet: fc.record({
    type: fc.constant('object'),
    typeNames: fc.constant([]),
    adapted: fc.constant([]),
    extended: fc.array(tie('property'), { maxLength: 3 }),
  }),
}));

function asKey(value: Value): Value {
  return value.type === 'null' ? { type: 'string', value: '' } : value;
}

/** An object that no other kind of value says better: core/value.ts has the rules. */
function canonical(object: ObjectValue): ObjectValue {
  const { base, ...rest } = object;
  if (base === undefined || base.type === 'null') return rest;
  if (base.type === 'set' || !('items' in base || 'entries' in base)) return object;
  const isBare = object.text === undefined && object.adapted.length === 0 && object.extended.length === 0;
  const isDefault = String(object.typeNames) === String(defaultTypeNames[base.type]);
  return isBare && isDefault ? { ...object, text: 'not bare' } : object;
}

/**
 * Every kind of canonical value, with `reference`s to objects and containers that come before them or around them.
 * Writing one as CLIXML and reading it again gives the same value.
 */
export const anyValue: fc.Arbitrary<Value> = fc
  .tuple(tree, fc.array(fc.nat(), { maxLength: 12 }))
  .map(([value, choices]) => withReferences(value, choices));

/** Turns nulls into references, as the choices say: each picks one of the targets so far, or leaves its null. */
function withReferences(value: Value, choices: readonly number[]): Value {
  const copy = structuredClone(value) as Open<Value>;
  const targets: OpenTarget[] = [];
  let next = 0;
  plant(copy, 'anywhere');
  return copy;

  function plant(node: Open<Value>, place: Place): void {
    if (isTarget(node, place)) targets.push(node);
    if ('items' in node) node.items.forEach((item, index) => (node.items[index] = planted(item)));
    if ('entries' in node) {
      for (const entry of node.entries) {
        entry[0] = planted(entry[0]);
        entry[1] = planted(entry[1]);
      }
    }
    if (node.type !== 'object') return;
    if (node.base !== undefined) plant(node.base, 'base');
    if (isProgress(node)) return;
    for (const property of [...node.adapted, ...node.extended]) {
      if (property.isMemberSet === true) plant(property.value, 'memberSet');
      else property.value = planted(property.value);
    }
  }

  function planted(node: Open<Value>): Open<Value> {
    const choice = node.type === 'null' ? choices[next++] : undefined;
    const target = choice === undefined ? undefined : targets[choice % (targets.length + 1)];
    if (target === undefined) {
      plant(node, 'anywhere');
      return node;
    }
    target.referenceId ??= targets.filter((candidate) => candidate.referenceId !== undefined).length * 3;
    return { type: 'reference', referenceId: target.referenceId };
  }
}

type Place = 'anywhere' | 'base' | 'memberSet';
type Open<T> = T extends Uint8Array | string | number | bigint | boolean | undefined
  ? T
  : T extends readonly [infer Key, infer Entry]
    ? [Open<Key>, Open<Entry>]
    : T extends readonly (infer Item)[]
      ? Open<Item>[]
      : { -readonly [Key in keyof T]: Open<T[Key]> };
type OpenTarget = Open<ListValue | DictionaryValue | ObjectValue>;

/** The container that is another object's base is that object; a member set and a progress record have no id. */
function isTarget(node: Open<Value>, place: Place): node is OpenTarget {
  if (node.type === 'object') return place !== 'memberSet' && !isProgress(node);
  return ('items' in node || 'entries' in node) && (place === 'anywhere' || node.type === 'set');
}

function isProgress(node: Open<ObjectValue>): boolean {
  return node.typeNames[0] === progressRecord.typeNames[0] && node.extended.length === 0;
}
