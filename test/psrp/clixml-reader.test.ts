import type { ObjectValue, Value } from '../../src/core/value';
import { readClixmlDocument } from '../../src/psrp/clixml/document';
import { readClixml } from '../../src/psrp/clixml/reader';
import { RemoteProtocolError } from '../../src/psrp/errors';

const text = (value: string): Value => ({ type: 'string', value });
const object = (parts: Partial<ObjectValue>): Value => ({
  type: 'object',
  typeNames: [],
  adapted: [],
  extended: [],
  ...parts,
});

test.each([
  ['an empty payload', ''],
  ['a byte order mark alone', '\ufeff'],
  ['Nil', '<Nil />'],
  ['Nil with an end tag', '<Nil N="x"> <!-- c --> </Nil>'],
])('%s is null', (_, xml) => {
  expect(readClixml(xml)).toEqual({ type: 'null' });
});

test.each([
  ['white space as it is', '<S>  a\n\tb </S>', '  a\n\tb '],
  ['no content', '<S></S>', ''],
  ['an empty element', '<S/>', ''],
  ['the five entities', '<S>&lt;&gt;&amp;&quot;&apos;</S>', '<>&"\''],
  ['numeric entities', '<S>&#65;&#x1F600;&#x0;</S>', 'A\u{1f600}\0'],
  ['numeric entities that XML forbids', '<S>&#xFFFE;&#xFFFF;&#xD83D;</S>', '\ufffe\uffff\ud83d'],
  ['CDATA and comments between text', '<S>a<![CDATA[<b>&amp;]]><!-- c -->d<![CDATA[]]></S>', 'a<b>&amp;d'],
  ['line ends of any kind', '<S>a\r\nb\rc\nd&#13;</S>', 'a\nb\nc\nd\r'],
  ['one leading byte order mark, of two', '\ufeff<S>\ufeffa</S>', '\ufeffa'],
  ['an XML declaration before', '<?xml version="1.0" encoding="utf-8"?>\n<S>a</S>\n', 'a'],
  ['comments and blanks around', ' <!-- a --> <S>a</S> <!----> ', 'a'],
  ['attributes that mean nothing', "<S xmlns:x='urn:x' x:y = \"'>\" N='n'>a</S >", 'a'],
  ['escaped units', '<S>_x000A__xD83D__xDE00__x00e9_</S>', '\n\u{1f600}\u00e9'],
  ['an escaped lone surrogate', '<S>_xD83C_</S>', '\ud83c'],
  ['an escaped code point', '<S>_x0001F600__X0000000A_</S>', '\u{1f600}\n'],
  [
    'what only looks like an escape',
    '<S>_xZZZZ_ _x00_ _x00110000_ _x0041 x0041_</S>',
    '_xZZZZ_ _x00_ _x00110000_ _x0041 x0041_',
  ],
  ['escapes that share an underscore', '<S>_x0041_x0042_</S>', 'Ax0042_'],
  ['an escape that was itself escaped', '<S>_x005F_x0041_</S>', '_x0041_'],
  ['an escape written with entities', '<S>&#95;x0041_</S>', 'A'],
])('a string is read with %s', (_, xml, expected) => {
  expect(readClixml(xml)).toEqual(text(expected));
});

test.each<readonly [string, Value]>([
  ['<I32> +7\n</I32>', { type: 'int32', value: 7 }],
  ['<I32>-0</I32>', { type: 'int32', value: 0 }],
  ['<I32>0000000000000000000001</I32>', { type: 'int32', value: 1 }],
  ['<SB>-128</SB>', { type: 'int8', value: -128 }],
  ['<U64>18446744073709551615</U64>', { type: 'uint64', value: 18446744073709551615n }],
  ['<I64>-9223372036854775808</I64>', { type: 'int64', value: -9223372036854775808n }],
  ['<B> 1 </B>', { type: 'bool', value: true }],
  ['<C>65535</C>', { type: 'char', code: 65535 }],
  ['<Db>-0</Db>', { type: 'double', value: -0 }],
  ['<Db>-INF</Db>', { type: 'double', value: Number.NEGATIVE_INFINITY }],
  ['<Db>1E400</Db>', { type: 'double', value: Number.POSITIVE_INFINITY }],
  ['<Db>.5</Db>', { type: 'double', value: 0.5 }],
  ['<Sg>NaN</Sg>', { type: 'single', value: Number.NaN }],
  ['<Sg>3.4028235E+38</Sg>', { type: 'single', value: Math.fround(3.4028235e38) }],
  ['<D>+01.10</D>', { type: 'decimal', text: '1.10' }],
  ['<D>-0.00</D>', { type: 'decimal', text: '0.00' }],
  ['<D>.5</D>', { type: 'decimal', text: '0.5' }],
  ['<D>79228162514264337593543950335.4</D>', { type: 'decimal', text: '79228162514264337593543950335' }],
  ['<D>0.00000000000000000000000000005</D>', { type: 'decimal', text: '0.0000000000000000000000000000' }],
  ['<D>0.00000000000000000000000000015</D>', { type: 'decimal', text: '0.0000000000000000000000000002' }],
  ['<DT>2020-02-29</DT>', { type: 'dateTime', text: '2020-02-29T00:00:00' }],
  ['<DT>2020-07-01T00:00:00.5000000-00:00</DT>', { type: 'dateTime', text: '2020-07-01T00:00:00.5+00:00' }],
  ['<DT>2020-12-31T24:00:00Z</DT>', { type: 'dateTime', text: '2021-01-01T00:00:00Z' }],
  ['<DT>2020-12-31T23:59:59.99999995</DT>', { type: 'dateTime', text: '2021-01-01T00:00:00' }],
  ['<DT>2020-01-01T00:00:00.00000025</DT>', { type: 'dateTime', text: '2020-01-01T00:00:00.0000002' }],
  ['<TS>-P1Y2M3DT4H5M6.7S</TS>', { type: 'duration', ticks: -369939067000000n }],
  ['<TS>-P10675199DT2H48M5.4775808S</TS>', { type: 'duration', ticks: -9223372036854775808n }],
  ['<BA>AAEC\nAw==</BA>', { type: 'bytes', value: new Uint8Array([0, 1, 2, 3]) }],
  [
    '<G>{0F8FAD5B-D9CB-469F-A165-70867728950E}</G>',
    { type: 'guid', text: '0f8fad5b-d9cb-469f-a165-70867728950e' },
  ],
  ['<G>0F8FAD5BD9CB469FA16570867728950E</G>', { type: 'guid', text: '0f8fad5b-d9cb-469f-a165-70867728950e' }],
  ['<Version>01.2</Version>', { type: 'version', text: '1.2' }],
  ['<XD>&lt;a&gt;_x000A_&lt;/a&gt;</XD>', { type: 'xml', text: '<a>\n</a>' }],
  ['<SBK>$a_x000A_</SBK>', { type: 'scriptBlock', text: '$a\n' }],
])('%s is read', (xml, expected) => {
  expect(readClixml(xml)).toEqual(expected);
});

test('parts of an object come in any order, and of two texts the last counts', () => {
  const xml =
    '<Obj><MS><S N="a">1</S></MS><ToString>x</ToString><I32>7</I32><Props><S N="p">2</S></Props>' +
    '<ToString>y</ToString><TN RefId="0"><T>T</T></TN><MS><S N="b">3</S></MS></Obj>';
  expect(readClixml(xml)).toEqual(
    object({
      typeNames: ['T'],
      text: 'y',
      base: { type: 'int32', value: 7 },
      adapted: [{ name: 'p', value: text('2') }],
      extended: [
        { name: 'a', value: text('1') },
        { name: 'b', value: text('3') },
      ],
    }),
  );
});

test('empty elements of every kind are read', () => {
  expect(readClixml('<Obj/>')).toEqual(object({}));
  expect(readClixml('<Obj><TN/><Props/><MS/><LST/></Obj>')).toEqual(
    object({ base: { type: 'list', items: [] } }),
  );
  expect(readClixml('<Obj>\n<TN RefId="0">\n<T></T></TN>\n<MS> </MS> <DCT>\n</DCT>\n</Obj>')).toEqual(
    object({ base: { type: 'dictionary', entries: [] } }),
  );
});

test('a nested member set is a property that says so', () => {
  expect(readClixml('<Obj><MS><MS N="Set_x0041_"><I32 N="a">1</I32></MS></MS></Obj>')).toEqual(
    object({
      extended: [
        {
          name: 'SetA',
          value: object({ extended: [{ name: 'a', value: { type: 'int32', value: 1 } }] }),
          isMemberSet: true,
        },
      ],
    }),
  );
});

test.each([
  ['<TN><T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN><LST/>', 'list'],
  ['<TN><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT/>', 'dictionary'],
  ['<TN><T>System.Collections.Stack</T><T>System.Object</T></TN><STK/>', 'stack'],
  ['<TN><T>System.Collections.Queue</T><T>System.Object</T></TN><QUE/>', 'queue'],
  ['<TN><T>System.Collections.ArrayList</T><T>System.Object</T></TN><LST/>', 'object'],
  [
    '<TN><T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN><LST/><MS><Nil N="a"/></MS>',
    'object',
  ],
  ['<TN><T>E</T><T>System.Enum</T></TN><ToString>A</ToString><By>1</By>', 'enum'],
  ['<TN><T>E</T><T>System.Enum</T></TN><By>1</By>', 'object'],
  ['<TN><T>E</T><T>System.Enum</T></TN><ToString>A</ToString><By>1</By><MS><Nil N="a"/></MS>', 'object'],
  [
    '<TN><T>System.Numerics.BigInteger</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>-12</ToString>',
    'bigInteger',
  ],
  [
    '<TN><T>System.Numerics.BigInteger</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>012</ToString>',
    'object',
  ],
])('%s is the kind of value that says it best', (content, type) => {
  expect(readClixml(`<Obj>${content}</Obj>`).type).toBe(type);
});

test('only what a reference names gets a referenceId, its number on the wire', () => {
  const xml = '<Obj RefId="5"><LST><Obj RefId="9"><S>a</S></Obj><Obj RefId="7"/><Ref RefId="9"/></LST></Obj>';
  expect(readClixml(xml)).toStrictEqual(
    object({
      base: {
        type: 'list',
        items: [
          object({ base: text('a'), referenceId: 9 }),
          object({}),
          { type: 'reference', referenceId: 9 },
        ],
      },
    }),
  );
});

test('an object may hold itself', () => {
  expect(readClixml('<Obj RefId="x"><MS><Ref N="Me" RefId="x" /></MS></Obj>')).toStrictEqual(
    object({ extended: [{ name: 'Me', value: { type: 'reference', referenceId: 0 } }], referenceId: 0 }),
  );
});

test('a RefId that is given twice means the later object, and both keep different numbers', () => {
  const xml = '<Obj><LST><Obj RefId="1"/><Ref RefId="1"/><Obj RefId="1"/><Ref RefId="1"/></LST></Obj>';
  const value = readClixml(xml);
  expect(value.type === 'object' && value.base).toStrictEqual({
    type: 'list',
    items: [
      object({ referenceId: 1 }),
      { type: 'reference', referenceId: 1 },
      object({ referenceId: 0 }),
      { type: 'reference', referenceId: 0 },
    ],
  });
});

test('an enum that a reference names is an object, since only objects have an identity', () => {
  const member = '<TN><T>E</T><T>System.Enum</T></TN><ToString>A</ToString><I32>1</I32>';
  const value = readClixml(`<Obj><LST><Obj RefId="1">${member}</Obj><Ref RefId="1"/></LST></Obj>`);
  expect(value.type === 'object' && value.base).toStrictEqual({
    type: 'list',
    items: [
      object({
        typeNames: ['E', 'System.Enum'],
        text: 'A',
        base: { type: 'int32', value: 1 },
        referenceId: 1,
      }),
      { type: 'reference', referenceId: 1 },
    ],
  });
});

test('a progress record is an object with the properties of one', () => {
  const xml =
    '<PR N="x"><AV>act</AV><AI>1</AI><S>op</S><PI>-1</PI><PC>50</PC><T>processing</T><SR>-1</SR><SD>s_x000A_</SD></PR>';
  const value = readClixml(xml);
  expect(value.type === 'object' && value.adapted.map((property) => property.name)).toEqual([
    'Activity',
    'ActivityId',
    'CurrentOperation',
    'ParentActivityId',
    'PercentComplete',
    'RecordType',
    'SecondsRemaining',
    'StatusDescription',
  ]);
  expect(value).toMatchObject({
    typeNames: ['System.Management.Automation.ProgressRecord', 'System.Object'],
  });
});

describe('documents', () => {
  const root = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">';

  test('items come with their streams, and references hold within a document', () => {
    const xml = `${root}<S S="Error">a</S><Obj RefId="0"><MS/></Obj><Ref RefId="0" S="Output"/></Objs>`;
    expect(readClixmlDocument(xml)).toStrictEqual([
      { value: text('a'), stream: 'Error' },
      { value: object({ referenceId: 0 }) },
      { value: { type: 'reference', referenceId: 0 }, stream: 'Output' },
    ]);
  });

  test('the form of a standard error stream may come in several parts', () => {
    const part = (value: string): string => `#< CLIXML\r\n${root}<S S="Error">${value}</S></Objs>`;
    expect(readClixmlDocument(part('a') + part('b')).map((item) => item.value)).toEqual([
      text('a'),
      text('b'),
    ]);
    expect(readClixmlDocument('#< CLIXML\r\n')).toEqual([]);
  });

  test('a document may be empty', () => {
    expect(readClixmlDocument('<Objs Version="1.1.0.1"/>')).toEqual([]);
    expect(readClixmlDocument('\ufeff<?xml version="1.0"?><Objs></Objs>')).toEqual([]);
  });

  test('what a later version may hold inside of an object is skipped there only', () => {
    const later = (version: string): string =>
      `<Objs Version="${version}"><Obj><New a="b">x<y/><!-- < --><z>&amp;</z></New><I32>1</I32></Obj></Objs>`;
    expect(readClixmlDocument(later('1.2'))).toEqual([
      { value: object({ base: { type: 'int32', value: 1 } }) },
    ]);
    expect(() => readClixmlDocument(later('1.1.0.1'))).toThrow(RemoteProtocolError);
    expect(() => readClixmlDocument('<Objs Version="1.2"><New/></Objs>')).toThrow(RemoteProtocolError);
  });

  test.each([
    ['nothing', ''],
    ['another version', '<Objs Version="2.0"></Objs>'],
    ['another name space', '<Objs xmlns="urn:x"></Objs>'],
    ['another root', '<S>a</S>'],
    ['no end', '<Objs><S>a</S>'],
    ['text after it', '<Objs></Objs>x'],
  ])('%s is refused', (_, xml) => {
    expect(() => readClixmlDocument(xml)).toThrow(RemoteProtocolError);
  });
});
