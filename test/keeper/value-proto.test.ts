import fc from 'fast-check';
import type { Value } from '../../src/core/value';
import { DateTime_Kind, List_Kind, Value as ProtoValue } from '../../src/gen/runspace/v1/value';
import { SealingKey } from '../../src/keeper/sealing-key';
import { Secrets } from '../../src/keeper/secrets';
import { valueFromProto } from '../../src/keeper/value-from-proto';
import { valueToProto } from '../../src/keeper/value-to-proto';

const wellFormed = fc.string({ unit: 'binary', maxLength: 8 });
const anyText = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 })
  .map((codes) => String.fromCharCode(...codes));
const integer = (
  type: 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32',
  min: number,
  max: number,
) => fc.integer({ min, max }).map((value) => ({ type, value }));
const integers = fc.oneof(
  integer('int8', -128, 127),
  integer('uint8', 0, 255),
  integer('int16', -32768, 32767),
  integer('uint16', 0, 65535),
  integer('int32', -(2 ** 31), 2 ** 31 - 1),
  integer('uint32', 0, 2 ** 32 - 1),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((value) => ({ type: 'int64' as const, value })),
  fc.bigInt(0n, 2n ** 64n - 1n).map((value) => ({ type: 'uint64' as const, value })),
);
const dates = fc
  .record({
    time: fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    }),
    fraction: fc.constantFrom('', '.5', '.1234567', '.0000001'),
    suffix: fc.constantFrom('', 'Z', '+01:00', '-14:00', '+00:00'),
  })
  .map(({ time, fraction, suffix }) => time.toISOString().slice(0, 19) + fraction + suffix);

const scalars: fc.Arbitrary<Value> = fc.oneof(
  fc.constant<Value>({ type: 'null' }),
  fc.boolean().map((value): Value => ({ type: 'bool', value })),
  integers,
  fc.double().map((value): Value => ({ type: 'double', value })),
  fc.float().map((value): Value => ({ type: 'single', value })),
  fc.bigInt().map((value): Value => ({ type: 'bigInteger', value })),
  fc
    .constantFrom('0', '-1.10', '79228162514264337593543950335')
    .map((text): Value => ({ type: 'decimal', text })),
  anyText.map((value): Value => ({ type: 'string', value })),
  fc.integer({ min: 0, max: 0xffff }).map((code): Value => ({ type: 'char', code })),
  fc.uint8Array({ maxLength: 9 }).map((bytes): Value => ({ type: 'bytes', value: Buffer.from(bytes) })),
  dates.map((text): Value => ({ type: 'dateTime', text })),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((ticks): Value => ({ type: 'duration', ticks })),
  fc.uuid().map((text): Value => ({ type: 'guid', text })),
  fc.constantFrom('1.2', '7.6.9', '1.2.3.2147483647').map((text): Value => ({ type: 'version', text })),
  fc
    .tuple(fc.constantFrom('uri', 'xml', 'scriptBlock'), wellFormed)
    .map(([type, text]): Value => ({ type, text })),
  wellFormed.map((text): Value => ({ type: 'secureString', sealed: base64Of(text) })),
  fc
    .record({ typeNames: fc.array(wellFormed, { maxLength: 2 }), text: wellFormed, value: integers })
    .map((value): Value => ({ type: 'enum', ...value })),
);

const values: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof({ maxDepth: 4, depthSize: 'small' }, scalars, containers(tie('value'))),
})).value;

function containers(value: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  const several = fc.array(value, { maxLength: 3 });
  const properties = fc.array(fc.record({ name: wellFormed, value }), { maxLength: 3 });
  return fc.oneof(
    fc
      .record({ type: fc.constantFrom('list', 'enumerable', 'set', 'stack', 'queue'), items: several })
      .map((list): Value => list),
    fc
      .array(fc.tuple(value, value), { maxLength: 3 })
      .map((entries): Value => ({ type: 'dictionary', entries })),
    fc
      .record(
        {
          type: fc.constant('object' as const),
          typeNames: fc.array(wellFormed, { maxLength: 2 }),
          text: wellFormed,
          base: scalars,
          adapted: properties,
          extended: properties,
        },
        { requiredKeys: ['type', 'typeNames', 'adapted', 'extended'] },
      )
      .map((object): Value => object),
  );
}

test('a value comes back the same from its protobuf bytes', () => {
  fc.assert(
    fc.property(values, (value) => {
      const secrets = newSecrets();
      const bytes = ProtoValue.encode(valueToProto(value, secrets)).finish();
      expect(valueFromProto(ProtoValue.decode(bytes), 'value', secrets)).toEqual(value);
    }),
    { numRuns: 500 },
  );
});

test('shared references and member sets come back the same', () => {
  const shared: Value = { type: 'list', items: [{ type: 'reference', referenceId: 1 }], referenceId: 1 };
  const members: Value = {
    type: 'object',
    typeNames: [],
    adapted: [],
    extended: [{ name: 'a', value: shared }],
  };
  const value: Value = {
    type: 'object',
    typeNames: [],
    adapted: [],
    extended: [{ name: 'PSStandardMembers', value: members, isMemberSet: true }],
  };
  const secrets = newSecrets();
  expect(valueFromProto(valueToProto(value, secrets), 'value', secrets)).toEqual(value);
});

test('the sealed text of a secure string is not in the bytes that are stored', () => {
  const sealed = Buffer.from('hunter2', 'utf16le').toString('base64');
  const bytes = ProtoValue.encode(valueToProto({ type: 'secureString', sealed }, newSecrets())).finish();
  expect(Buffer.from(bytes).includes(sealed)).toBe(false);
});

test('P66 the same text sealed twice has two ids that nobody can tell to be the same', () => {
  const secrets = newSecrets();
  const secret: Value = { type: 'secureString', sealed: base64Of('hunter2') };
  const [first, second] = [secrets.seal(secret), secrets.seal(secret)];
  expect(first).not.toBe(second);
  expect(first).toHaveLength(second.length);
});

test('P66 a secret that another keeper sealed reads as lost', () => {
  const id = newSecrets().seal({ type: 'secureString', sealed: base64Of('hunter2') });
  expect(() => valueFromProto(secureString({ secretId: id }), 'input[1]', newSecrets())).toThrow(
    expect.objectContaining({ code: 'SECRET_LOST', facts: { path: 'input[1]' } }) as Error,
  );
});

test('P66 a secret means nothing in another session of the same keeper, nor when a bit of it is changed', () => {
  const key = new SealingKey();
  const mine = new Secrets({ key, sessionId: 'mine', engine: 'powershell' });
  const id = mine.seal({ type: 'secureString', sealed: base64Of('hunter2') });
  const theirs = new Secrets({ key, sessionId: 'theirs', engine: 'powershell' });
  const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error;
  expect(() => theirs.reveal(id, 'secret_id')).toThrow(refused);
  const bytes = Buffer.from(id, 'base64url');
  for (let at = 12; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (bytes[at] ?? 0) ^ 1;
    expect(() => mine.reveal(changed.toString('base64url'), 'secret_id')).toThrow(refused);
  }
  for (const nonsense of [
    '',
    'x',
    '%',
    Buffer.alloc(99, 7).toString('base64url'),
    id.slice(1),
    `${id}A`,
    `${id}=`,
  ])
    expect(() => mine.reveal(nonsense, 'secret_id')).toThrow(refused);
});

test.each([
  ['a text', 'p4ss \u{1f511}'],
  ['half a surrogate pair and a zero character', '\ud83d\0'],
  ['the empty text', ''],
  ['the longest text', 'x'.repeat(65_536)],
])('P66 a caller sends %s as a new secure string', (_, text) => {
  const value = valueFromProto(secureString({ textUtf16: utf16(text) }), 'value', newSecrets());
  expect(value).toEqual({ type: 'secureString', sealed: base64Of(text) });
});

test.each([
  ['an odd number of bytes', { textUtf16: Buffer.from('abc') }],
  ['more than .NET can hold', { textUtf16: utf16('x'.repeat(65_537)) }],
  ['both a text and an id', { textUtf16: utf16('hunter2'), secretId: 'x' }],
])('P66 a new secure string with %s is refused without a word of it', (_, secret) => {
  const refused = expect.objectContaining({
    code: 'INVALID_ARGUMENT',
    message: expect.stringMatching(/^args\[0\]: (?!.*hunter2)/) as string,
  }) as Error;
  expect(() => valueFromProto(secureString(secret), 'args[0]', newSecrets())).toThrow(refused);
});

function newSecrets(): Secrets {
  return new Secrets({ key: new SealingKey(), sessionId: 'a session', engine: 'powershell' });
}

function secureString(secret: { secretId?: string; textUtf16?: Uint8Array }): ProtoValue {
  return { kind: { $case: 'secureString', value: { secretId: '', textUtf16: new Uint8Array(), ...secret } } };
}

function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le');
}

function base64Of(text: string): string {
  return utf16(text).toString('base64');
}

const date = (text: string, kind = DateTime_Kind.KIND_UNSPECIFIED): ProtoValue => ({
  kind: { $case: 'dateTime', value: { text, kind } },
});
const listOf = (...items: ProtoValue[]): ProtoValue => ({
  kind: { $case: 'list', value: { kind: List_Kind.KIND_LIST, items, referenceId: 0 } },
});
const deep = (levels: number): ProtoValue => {
  let value = listOf();
  for (let level = 0; level < levels; level += 1) value = listOf(value);
  return value;
};

test.each<[string, ProtoValue]>([
  ['a byte of 256', { kind: { $case: 'uint8', value: 256 } }],
  ['a char beyond UTF-16', { kind: { $case: 'char', value: 0x10000 } }],
  ['a big integer with letters', { kind: { $case: 'bigInteger', value: '12x' } }],
  ['a decimal with an exponent', { kind: { $case: 'decimal', value: '1e5' } }],
  ['a decimal of 97 bits', { kind: { $case: 'decimal', value: '79228162514264337593543950336' } }],
  ['odd UTF-16 bytes', { kind: { $case: 'stringUtf16', value: Uint8Array.of(1) } }],
  ['the 30th of February', date('2026-02-30T00:00:00')],
  ['the year 0', date('0000-01-01T00:00:00Z')],
  ['an hour of 24', date('2026-01-01T24:00:00')],
  ['an offset beyond 14 hours', date('2026-01-01T00:00:00+14:01')],
  ['a date whose kind is not that of its text', date('2026-01-01T00:00:00', DateTime_Kind.KIND_UTC)],
  ['a GUID in braces', { kind: { $case: 'guid', value: '{00000000-0000-0000-0000-000000000000}' } }],
  ['a version of one number', { kind: { $case: 'version', value: '7' } }],
  [
    'an enum without a number',
    { kind: { $case: 'enum', value: { typeNames: [], text: 'x', value: undefined } } },
  ],
  ['a reference to nothing', listOf({ kind: { $case: 'reference', value: 7 } })],
  ['a list kind of a newer version', ProtoValue.decode(Uint8Array.of(0xe2, 0x01, 0x02, 0x08, 0x63))],
  ['a tower of lists', deep(200)],
])('%s is refused, naming the place', (_name, proto) => {
  expect(() => valueFromProto(listOf(proto), 'input[3]', newSecrets())).toThrow(
    expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('input[3][0]') as unknown,
    }) as Error,
  );
});

test('a property without a value is refused by its name', () => {
  const extended = [{ name: 'Color', value: undefined, isMemberSet: false }];
  const object = { typeNames: [], text: undefined, base: undefined, adapted: [], extended, referenceId: 0 };
  const proto: ProtoValue = { kind: { $case: 'object', value: object } };
  expect(() => valueFromProto(proto, 'argument', newSecrets())).toThrow(/argument\.Color/);
});

test('dates and GUIDs are brought to their one form', () => {
  const secrets = newSecrets();
  expect(valueFromProto(date('2026-01-01t00:00:00.5000z'), 'v', secrets)).toEqual({
    type: 'dateTime',
    text: '2026-01-01T00:00:00.5Z',
  });
  const guid: ProtoValue = { kind: { $case: 'guid', value: 'ABCDEF00-0000-0000-0000-000000000000' } };
  expect(valueFromProto(guid, 'v', secrets)).toEqual({
    type: 'guid',
    text: 'abcdef00-0000-0000-0000-000000000000',
  });
});

test('a value without any kind is null', () => {
  expect(valueFromProto({ kind: undefined }, 'v', newSecrets())).toEqual({ type: 'null' });
});
