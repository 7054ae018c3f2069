import type { Value } from '../../src/core/value';
import { jsonOf } from '../../src/keeper/value-json';
import { formOf } from '../../src/keeper/value-form';
import { ValueFormat } from '../../src/gen/runspace/v1/pipeline';
import type { Record as ProtoRecord } from '../../src/gen/runspace/v1/record';
import type { Value as ProtoValue } from '../../src/gen/runspace/v1/value';

const text = (value: string): Value => ({ type: 'string', value });
const int32 = (value: number): Value => ({ type: 'int32', value });
const object = (more: Partial<Extract<Value, { type: 'object' }>>): Value => ({
  type: 'object',
  typeNames: ['T'],
  adapted: [],
  extended: [],
  ...more,
});

test.each<[string, Value, string]>([
  ['null', { type: 'null' }, 'null'],
  ['a large integer', { type: 'uint64', value: 18446744073709551615n }, '18446744073709551615'],
  ['a whole double', { type: 'double', value: 1 }, '1.0'],
  ['a huge double', { type: 'double', value: 1e300 }, '1e+300'],
  ['minus zero', { type: 'double', value: -0 }, '-0.0'],
  ['not a number', { type: 'double', value: NaN }, '"NaN"'],
  ['a single', { type: 'single', value: Math.fround(0.1) }, '0.1'],
  ['a decimal', { type: 'decimal', text: '1.10' }, '1.10'],
  ['half a surrogate pair', text('\ud83d"\n'), String.raw`"\ud83d\"\n"`],
  [
    'a date',
    { type: 'dateTime', text: '2026-02-28T13:45:10.1234567+01:00' },
    '"2026-02-28T13:45:10.1234567+01:00"',
  ],
  ['a time span', { type: 'duration', ticks: -937_845_000_000n }, '"-1.02:03:04.5000000"'],
  ['bytes', { type: 'bytes', value: Uint8Array.of(1, 255) }, '[1,255]'],
  [
    'an enum',
    { type: 'enum', typeNames: ['System.DayOfWeek'], text: 'Friday', value: { type: 'int32', value: 5 } },
    '5',
  ],
  ['an empty list', { type: 'list', items: [] }, '[]'],
  [
    'keys that differ by case, and one that is no text',
    {
      type: 'dictionary',
      entries: [
        [text('a'), int32(1)],
        [text('A'), int32(2)],
        [int32(3), text('x')],
      ],
    },
    '{"a":1,"A":2,"3":"x"}',
  ],
  [
    'a property that hides another',
    object({ adapted: [{ name: 'Name', value: int32(1) }], extended: [{ name: 'name', value: int32(2) }] }),
    '{"name":2}',
  ],
  ['an object without properties', object({ text: 'shown' }), '"shown"'],
  ['a primitive with notes', object({ base: int32(7), extended: [{ name: 'n', value: int32(1) }] }), '7'],
  [
    'an object within itself',
    object({
      referenceId: 1,
      text: 'self',
      extended: [{ name: 'me', value: { type: 'reference', referenceId: 1 } }],
    }),
    '{"me":"self"}',
  ],
  [
    'an object met twice',
    {
      type: 'list',
      items: [
        object({ referenceId: 1, extended: [{ name: 'n', value: int32(1) }] }),
        { type: 'reference', referenceId: 1 },
      ],
    },
    '[{"n":1},{"n":1}]',
  ],
])('P61 %s as JSON', (_what, value, json) => {
  expect(jsonOf(value)).toBe(json);
  expect(() => JSON.parse(json) as unknown).not.toThrow();
});

test('P61 references that repeat each other do not grow without end', () => {
  let value: Value = int32(1);
  const items: Value[] = [];
  for (let level = 1; level <= 60; level++) {
    value = {
      type: 'list',
      referenceId: level,
      items: level === 1 ? [int32(1)] : [1, 2].map(() => ({ type: 'reference', referenceId: level - 1 })),
    };
    items.push(value);
  }
  expect(jsonOf({ type: 'list', items }).length).toBeLessThan(200_000);
});

test('P61 P66 a secret is in no text', () => {
  const secret: ProtoValue = {
    kind: { $case: 'secureString', value: { secretId: 'hidden', textUtf16: Buffer.from('p4ss', 'utf16le') } },
  };
  const record: ProtoRecord = {
    sequence: 1n,
    time: undefined,
    body: { $case: 'output', value: { value: secret, tag: '', text: '', displayed: false } },
  };
  for (const format of [ValueFormat.VALUE_FORMAT_CLIXML, ValueFormat.VALUE_FORMAT_JSON]) {
    const formed = formOf(format)?.(record);
    const written = formed?.body?.$case === 'output' ? formed.body.value.text : '';
    expect(written).toContain('System.Security.SecureString');
    expect(written).not.toMatch(/hidden|p4ss|cAA0/);
  }
});
