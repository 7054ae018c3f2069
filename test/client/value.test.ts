import * as fc from 'fast-check';
import { fromValue, toValue, valueText, type Value } from '../../clients/typescript';

type Kind = NonNullable<Value['kind']>;

function value(kind: Kind): Value {
  return { kind };
}

function property(name: string, kind: Kind): { name: string; value: Value; isMemberSet: boolean } {
  return { name, value: value(kind), isMemberSet: false };
}

function object(parts: Partial<Extract<Kind, { $case: 'object' }>['value']>): Value {
  return value({
    $case: 'object',
    value: {
      typeNames: [],
      text: undefined,
      base: undefined,
      adapted: [],
      extended: [],
      referenceId: 0,
      ...parts,
    },
  });
}

describe('toValue', () => {
  test.each([
    [null, { $case: 'null', value: {} }],
    [undefined, { $case: 'null', value: {} }],
    [true, { $case: 'bool', value: true }],
    [42, { $case: 'int32', value: 42 }],
    [2 ** 31, { $case: 'int64', value: 2n ** 31n }],
    [-(2 ** 31), { $case: 'int32', value: -(2 ** 31) }],
    [1.5, { $case: 'double', value: 1.5 }],
    [2 ** 60, { $case: 'double', value: 2 ** 60 }],
    [-0, { $case: 'double', value: -0 }],
    [NaN, { $case: 'double', value: NaN }],
    [5n, { $case: 'int64', value: 5n }],
    [2n ** 63n, { $case: 'uint64', value: 2n ** 63n }],
    [-(2n ** 64n), { $case: 'bigInteger', value: '-18446744073709551616' }],
    ['text', { $case: 'string', value: 'text' }],
    ['\ud83d', { $case: 'stringUtf16', value: Buffer.from([0x3d, 0xd8]) }],
    [new URL('https://example.org/a'), { $case: 'uri', value: 'https://example.org/a' }],
    [new Date(0), { $case: 'dateTime', value: { text: '1970-01-01T00:00:00Z', kind: 'KIND_UTC' } }],
  ])('P12 %p keeps its type', (input, kind) => {
    expect(toValue(input)).toEqual({ kind });
  });

  test('a value of the API is taken as it is', () => {
    const single = value({ $case: 'single', value: 0.5 });
    expect(toValue(single)).toBe(single);
  });

  test('a plain object is a dictionary with text keys', () => {
    expect(fromValue(toValue({ a: [1, { b: null }] }))).toEqual({ a: [1, { b: null }] });
  });

  test.each([
    ['a function', () => undefined, /function/],
    ['an instance of a class', /x/, /RegExp/],
    ['an invalid date', new Date(NaN), /invalid Date/],
    ['a date beyond the year 9999', new Date(8.64e15), /years 1 to 9999/],
  ])('%s is refused by name', (_what, input, message) => {
    expect(() => toValue(input)).toThrow(message);
  });

  test('what contains itself is refused', () => {
    const loop: unknown[] = [];
    loop.push(loop);
    expect(() => toValue(loop)).toThrow(expect.objectContaining({ reason: 'INVALID_ARGUMENT' }));
  });

  test('what is met twice, but not in itself, is sent twice', () => {
    const shared = { a: 1 };
    expect(fromValue(toValue([shared, shared]))).toEqual([{ a: 1 }, { a: 1 }]);
  });
});

describe('fromValue', () => {
  test('JSON-like values come back as they went', () => {
    const json = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.constant(null),
        fc.boolean(),
        fc.integer(),
        fc.double({ noNaN: true }),
        fc.string({ unit: 'binary' }),
        fc.bigInt(),
        tie('list'),
        tie('map'),
      ),
      list: fc.array(tie('any')),
      map: fc.dictionary(fc.string(), tie('any')),
    })).any;
    fc.assert(
      fc.property(json, (input) => {
        const shown = (thing: unknown): string =>
          JSON.stringify(thing, (_key, item: unknown) => {
            if (typeof item === 'bigint') return `${item.toString()}n`;
            if (typeof item === 'number' && Number.isSafeInteger(item) && item !== (item | 0))
              return `${String(item)}n`;
            return item;
          });
        expect(shown(fromValue(toValue(input)))).toBe(shown(input));
      }),
    );
  });

  test('an object becomes its properties, the added ones over its own', () => {
    const adapted = [
      property('Name', { $case: 'string', value: 'own' }),
      property('Size', { $case: 'int64', value: 7n }),
    ];
    const extended = [property('Name', { $case: 'string', value: 'added' })];
    expect(fromValue(object({ adapted, extended }))).toEqual({ Name: 'added', Size: 7n });
  });

  test('an object that only wraps a value becomes the value', () => {
    expect(
      fromValue(
        object({
          base: value({ $case: 'string', value: 'line' }),
          extended: [property('PSPath', { $case: 'string', value: 'x' })],
        }),
      ),
    ).toBe('line');
  });

  test('an object with nothing but text becomes the text', () => {
    expect(fromValue(object({ typeNames: ['System.Deep'], text: 'deep' }))).toBe('deep');
  });

  test('an object that refers to itself becomes one that does', () => {
    const self = object({
      referenceId: 1,
      extended: [{ name: 'Self', value: value({ $case: 'reference', value: 1 }), isMemberSet: false }],
    });
    const natural = fromValue(self) as { Self: unknown };
    expect(natural.Self).toBe(natural);
  });

  test('a dictionary with a key that is no text becomes a Map', () => {
    const entries = [
      { key: value({ $case: 'int32', value: 1 }), value: value({ $case: 'bool', value: true }) },
    ];
    expect(fromValue(value({ $case: 'dictionary', value: { entries, referenceId: 0 } }))).toEqual(
      new Map([[1, true]]),
    );
  });

  test('a property called __proto__ is a property like any other', () => {
    const natural = fromValue(object({ extended: [property('__proto__', { $case: 'int32', value: 1 })] }));
    expect(Object.entries(natural as object)).toEqual([['__proto__', 1]]);
  });

  test('a date is cut to the millisecond', () => {
    const kind: Kind = {
      $case: 'dateTime',
      value: { text: '2026-02-28T13:45:10.1239999Z', kind: 'KIND_UTC' as never },
    };
    expect(fromValue(value(kind))).toEqual(new Date('2026-02-28T13:45:10.123Z'));
  });
});

describe('valueText', () => {
  test.each<[Kind, string, string]>([
    [{ $case: 'null', value: {} }, '', ''],
    [{ $case: 'bool', value: true }, 'True', 'true'],
    [{ $case: 'int32', value: 42 }, '42', '42'],
    [{ $case: 'uint64', value: 2n ** 64n - 1n }, '18446744073709551615', '18446744073709551615'],
    [{ $case: 'double', value: 1e21 }, '1E+21', '1e+21'],
    [{ $case: 'double', value: 1.5e-7 }, '1.5E-07', '1.5e-7'],
    [{ $case: 'double', value: Infinity }, '∞', 'Infinity'],
    [{ $case: 'single', value: Math.fround(3.4) }, '3.4', '3.4'],
    [{ $case: 'decimal', value: '1.10' }, '1.10', '1.10'],
    [{ $case: 'char', value: 65 }, 'A', 'A'],
    [{ $case: 'durationTicks', value: -937_840_005_000n }, '-1.02:03:04.0005000', '-1.02:03:04.0005000'],
    [
      { $case: 'secureString', value: { secretId: '7', textUtf16: new Uint8Array() } },
      'System.Security.SecureString',
      'System.Security.SecureString',
    ],
    [{ $case: 'bytes', value: new Uint8Array([1, 2]) }, 'AQI=', 'AQI='],
  ])('%p', (kind, powershell, script) => {
    expect([valueText(value(kind), 'powershell'), valueText(value(kind), 'script')]).toEqual([
      powershell,
      script,
    ]);
  });

  test('nested values are written in the way of the engine', () => {
    const nested = object({
      extended: [
        property('a', { $case: 'int32', value: 1 }),
        { name: 'b', value: toValue([true, null]), isMemberSet: false },
        { name: 'c', value: toValue({ k: 'v' }), isMemberSet: false },
      ],
    });
    expect([valueText(nested, 'powershell'), valueText(nested, 'script')]).toEqual([
      '@{a=1; b={True, }; c={[k, v]}}',
      '{a: 1, b: [true, null], c: {k: v}}',
    ]);
  });
});
