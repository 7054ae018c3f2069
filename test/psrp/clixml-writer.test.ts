import type { ObjectValue, Value } from '../../src/core/value';
import { writeClixmlDocument } from '../../src/psrp/clixml/document';
import { writeClixml } from '../../src/psrp/clixml/writer';
import { LocalProtocolError } from '../../src/psrp/errors';

const text = (value: string): Value => ({ type: 'string', value });
const object = (parts: Partial<ObjectValue>): ObjectValue => ({
  type: 'object',
  typeNames: [],
  adapted: [],
  extended: [],
  ...parts,
});

test('parts of an object are in the order in which PowerShell writes them', () => {
  const value = object({
    typeNames: ['T', 'System.Object'],
    text: 'x',
    base: { type: 'list', items: [text('a')] },
    adapted: [{ name: 'p', value: { type: 'null' } }],
    extended: [{ name: 'n"<_x', value: object({}) }],
  });
  expect(writeClixml(value)).toBe(
    '<Obj RefId="0"><TN RefId="0"><T>T</T><T>System.Object</T></TN><ToString>x</ToString><LST><S>a</S></LST>' +
      '<Props><Nil N="p" /></Props><MS><Obj N="n&quot;&lt;_x005F_x" RefId="1"></Obj></MS></Obj>',
  );
});

test('type names that were written before are referred to', () => {
  const member = (): Value => ({
    type: 'enum',
    typeNames: ['E', 'System.Enum'],
    text: 'A',
    value: { type: 'int32', value: 1 },
  });
  expect(writeClixml({ type: 'queue', items: [member(), member()] })).toBe(
    '<Obj RefId="0"><TN RefId="0"><T>System.Collections.Queue</T><T>System.Object</T></TN><QUE>' +
      '<Obj RefId="1"><TN RefId="1"><T>E</T><T>System.Enum</T></TN><ToString>A</ToString><I32>1</I32></Obj>' +
      '<Obj RefId="2"><TNRef RefId="1" /><ToString>A</ToString><I32>1</I32></Obj></QUE></Obj>',
  );
});

test('an id that a value gives to an object is given to no other', () => {
  const shared = object({ text: 's', referenceId: 1 });
  const value: Value = {
    type: 'list',
    items: [object({}), shared, object({}), { type: 'reference', referenceId: 1 }],
  };
  expect(
    writeClixml(value)
      .match(/RefId="\d"/g)
      ?.slice(2),
  ).toEqual(['RefId="2"', 'RefId="1"', 'RefId="3"', 'RefId="1"']);
});

test('a string is escaped as PowerShell does it', () => {
  expect(writeClixml(text('\t\r\n\0\u{1f600}\ud800 _x0041_ _X _y & < > " \' é \u0085 \ufffe\uffff'))).toBe(
    '<S>_x0009__x000D__x000A__x0000__xD83D__xDE00__xD800_ _x005F_x0041_ _x005F_X _y &amp; &lt; &gt; " \' é _x0085_ &#xFFFE;&#xFFFF;</S>',
  );
});

test.each([
  [0, '0'],
  [-0, '-0'],
  [1, '1'],
  [0.1, '0.1'],
  [-1.5, '-1.5'],
  [1e14, '100000000000000'],
  [1e15, '1E+15'],
  [1234567890123456, '1234567890123456'],
  [123456789012345680, '1.2345678901234568E+17'],
  [0.0001, '0.0001'],
  [0.00001, '1E-05'],
  [0.000123, '0.000123'],
  [5e-324, '5E-324'],
  [1.7976931348623157e308, '1.7976931348623157E+308'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'INF'],
  [Number.NEGATIVE_INFINITY, '-INF'],
])('the double %p is written as .NET writes it', (value, expected) => {
  expect(writeClixml({ type: 'double', value })).toBe(`<Db>${expected}</Db>`);
});

test.each([
  [0.1, '0.1'],
  [1.1, '1.1'],
  [16777216, '16777216'],
  [1e7, '1E+07'],
  [1234567, '1234567'],
  [3.4028234663852886e38, '3.4028235E+38'],
  [1.401298464324817e-45, '1E-45'],
  [-0, '-0'],
  [Number.NEGATIVE_INFINITY, '-INF'],
])('the single %p is written as .NET writes it', (value, expected) => {
  expect(writeClixml({ type: 'single', value })).toBe(`<Sg>${expected}</Sg>`);
});

test.each([
  [0n, 'PT0S'],
  [1n, 'PT0.0000001S'],
  [-10_000n, '-PT0.001S'],
  [937840050006n, 'P1DT2H3M4.0050006S'],
  [864_000_000_000n, 'P1D'],
  [36_000_000_000n, 'PT1H'],
  [-(2n ** 63n), '-P10675199DT2H48M5.4775808S'],
])('%p ticks are a duration', (ticks, expected) => {
  expect(writeClixml({ type: 'duration', ticks })).toBe(`<TS>${expected}</TS>`);
});

test('a progress record is written in its own form', () => {
  const int32 = (value: number): Value => ({ type: 'int32', value });
  const names = [
    'System.Management.Automation.ProgressRecordType',
    'System.Enum',
    'System.ValueType',
    'System.Object',
  ];
  const record = object({
    typeNames: ['System.Management.Automation.ProgressRecord', 'System.Object'],
    adapted: [
      { name: 'Activity', value: text('a') },
      { name: 'ActivityId', value: int32(0) },
      { name: 'CurrentOperation', value: { type: 'null' } },
      { name: 'ParentActivityId', value: int32(-1) },
      { name: 'PercentComplete', value: int32(-1) },
      {
        name: 'RecordType',
        value: { type: 'enum', typeNames: names, text: 'Completed', value: { type: 'int32', value: 1 } },
      },
      { name: 'SecondsRemaining', value: int32(-1) },
      { name: 'StatusDescription', value: text('s') },
    ],
  });
  expect(writeClixml(record)).toBe(
    '<PR><AV>a</AV><AI>0</AI><Nil /><PI>-1</PI><PC>-1</PC><T>Completed</T><SR>-1</SR><SD>s</SD></PR>',
  );
  expect(writeClixml({ ...record, text: 'more' })).toContain('<Obj RefId="0">');
});

test('a document holds its items with their streams', () => {
  expect(writeClixmlDocument([{ value: text('a'), stream: 'Error' }, { value: object({}) }])).toBe(
    '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">' +
      '<S S="Error">a</S><Obj RefId="0"></Obj></Objs>',
  );
});

const chain = (levels: number): Value =>
  levels === 1 ? { type: 'null' } : { type: 'list', items: [chain(levels - 1)] };
const endless: Value[] = [];
endless.push({ type: 'list', items: endless }, { type: 'list', items: endless });

test.each<readonly [string, Value]>([
  ['an integer beyond its type', { type: 'uint8', value: 256 }],
  ['an integer that is none', { type: 'int32', value: 1.5 }],
  ['an integer of 65 bits', { type: 'uint64', value: 2n ** 64n }],
  ['a char beyond 16 bits', { type: 'char', code: 65536 }],
  ['a decimal that is none', { type: 'decimal', text: '1e5' }],
  ['a date that no calendar has', { type: 'dateTime', text: '2021-02-29T00:00:00' }],
  ['a duration of 65 bits', { type: 'duration', ticks: 2n ** 63n }],
  ['a guid that is none', { type: 'guid', text: 'x' }],
  ['a version that is none', { type: 'version', text: '1' }],
  ['xml that is none', { type: 'xml', text: '<a>' }],
  ['a secure string that is not sealed', { type: 'secureString', sealed: 'p4ss!' }],
  ['an endless integer', { type: 'bigInteger', value: 10n ** 10_000n }],
  ['null as a base', object({ base: { type: 'null' } })],
  ['a reference as a base', object({ base: { type: 'reference', referenceId: 0 }, referenceId: 0 })],
  ['a base container with an id', object({ base: { type: 'list', items: [], referenceId: 1 } })],
  ['null as a key', { type: 'dictionary', entries: [[{ type: 'null' }, { type: 'null' }]] }],
  ['a property without a name', object({ adapted: [{ name: '', value: { type: 'null' } }] })],
  ['a type without a name', object({ typeNames: [''] })],
  [
    'a member set among adapted properties',
    object({ adapted: [{ name: 'a', value: object({}), isMemberSet: true }] }),
  ],
  [
    'a member set that is more',
    object({ extended: [{ name: 'a', value: object({ text: 'x' }), isMemberSet: true }] }),
  ],
  ['a reference to nothing', { type: 'reference', referenceId: 0 }],
  [
    'a reference to what comes later',
    { type: 'list', items: [{ type: 'reference', referenceId: 1 }, object({ referenceId: 1 })] },
  ],
  [
    'two objects with one id',
    { type: 'list', items: [object({ referenceId: 1 }), object({ referenceId: 1 })] },
  ],
  ['more levels than PowerShell reads', chain(50)],
  ['a value that holds itself', { type: 'list', items: endless }],
])('%s is our error', (_, value) => {
  expect(() => writeClixml(value)).toThrow(LocalProtocolError);
});

test('as many levels as PowerShell reads are written', () => {
  expect(writeClixml(chain(49))).toContain('<Nil />');
});
