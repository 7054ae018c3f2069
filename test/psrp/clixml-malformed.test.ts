import * as fc from 'fast-check';
import { readClixmlDocument } from '../../src/psrp/clixml/document';
import { readClixml } from '../../src/psrp/clixml/reader';
import { RemoteProtocolError } from '../../src/psrp/errors';
import { corpusRecords } from '../support/corpus';

const live = corpusRecords('live-objects.jsonl') as readonly { readonly clixml: string }[];
const single = corpusRecords('clixml.jsonl') as readonly { readonly xml?: string }[];
const payloads = [...live.map((record) => record.clixml), ...single.map((record) => record.xml ?? '')].filter(
  (payload) => payload !== '',
);

/** What a reader did: gave a value, or refused with the one error it may throw; anything else is thrown on. */
function outcomeOf(read: (text: string) => unknown, text: string): 'read' | 'refused' {
  try {
    read(text);
    return 'read';
  } catch (error) {
    if (error instanceof RemoteProtocolError) return 'refused';
    throw error;
  }
}

test('a payload cut at any place is refused', () => {
  for (const payload of payloads) {
    const stride = Math.max(1, Math.floor(payload.length / 100));
    for (let length = 1; length < payload.length; length += stride) {
      expect([outcomeOf(readClixml, payload.slice(0, length)), length]).toEqual(['refused', length]);
    }
  }
});

test('a payload with other characters put in is read or refused, and nothing else', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom(
      '<',
      '>',
      '/',
      '"',
      '&',
      '&#x110000;',
      '&lt',
      ']]>',
      '<![CDATA[',
      '<!--',
      '<?x ?>',
      '_x',
      '\u0000',
      '\ud800',
    ),
    fc.constantFrom(
      '<Obj>',
      '</Obj>',
      '<Ref RefId="0"/>',
      '<TNRef RefId="0"/>',
      '<MS>',
      ' N="a"',
      '<Nil/>',
      '<LST>',
      '<PR>',
    ),
  );
  const edit = fc.record({ at: fc.nat(), cut: fc.nat(12), piece });
  fc.assert(
    fc.property(
      fc.constantFrom(...payloads),
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      (payload, edits) => {
        let text = payload;
        for (const { at, cut, piece: put } of edits) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + put + text.slice(place + cut);
        }
        expect(['read', 'refused']).toContain(outcomeOf(readClixml, text));
      },
    ),
    { numRuns: 3000 },
  );
});

test('two payloads spliced anywhere are read or refused, and nothing else', () => {
  const payload = fc.constantFrom(...payloads);
  fc.assert(
    fc.property(fc.tuple(payload, fc.nat()), fc.tuple(payload, fc.nat()), ([first, cut], [second, start]) => {
      const text = first.slice(0, cut % first.length) + second.slice(start % second.length);
      expect(['read', 'refused']).toContain(outcomeOf(readClixml, text));
      expect(['read', 'refused']).toContain(
        outcomeOf(readClixmlDocument, `<Objs Version="1.1.0.1">${text}</Objs>`),
      );
    }),
    { numRuns: 2000 },
  );
});

const objects = (content: string): string => `<Obj RefId="0">${content}</Obj>`;

test.each([
  ['a document type', '<!DOCTYPE S [<!ENTITY a "b">]><S>&a;</S>'],
  ['a processing instruction', '<?x y?><S>a</S>'],
  ['an unknown entity', '<S>&a;</S>'],
  ['a character beyond Unicode', '<S>&#x110000;</S>'],
  ['a raw control character', '<S>\u0001</S>'],
  ['a second value', '<S>a</S><S>b</S>'],
  ['text after the value', '<S>a</S>b'],
  ['text before the value', 'a<S>a</S>'],
  ['blanks alone', ' \n'],
  ['an unknown element', '<Int>1</Int>'],
  ['a container that is no object', '<LST><S>a</S></LST>'],
  ['an element inside of a primitive', '<S><S>a</S></S>'],
  ['end tags in the wrong order', '<Obj><LST></Obj></LST>'],
  ['an attribute given twice', '<S N="a" N="b">a</S>'],
  ['an unknown attribute given twice', '<S X="a" X="b">a</S>'],
  ['an attribute without quotes', '<S N=a>a</S>'],
  ['attributes that touch', '<S N="a"S="b">a</S>'],
  ['< in an attribute', '<S N="<">a</S>'],
  [']]> in text', '<S>]]></S>'],
  ['-- in a comment', '<!-- a -- b --><S>a</S>'],
  ['a CDATA section between elements', '<Obj><![CDATA[ ]]><S>a</S></Obj>'],
  ['a reference to nothing', objects('<LST><Ref RefId="1" /></LST>')],
  ['a reference without RefId', objects('<LST><Ref /></LST>')],
  ['a type-name reference to nothing', objects('<TNRef RefId="0" />')],
  ['a type name that is none', objects('<TN RefId="0"><S>a</S></TN>')],
  ['a property without a name', objects('<MS><S>a</S></MS>')],
  ['a property with an empty name', objects('<Props><S N="">a</S></Props>')],
  ['a member set inside of Props', objects('<Props><MS N="a" /></Props>')],
  ['null as the base', objects('<Nil />')],
  ['a reference as the base', objects('<Ref RefId="0" />')],
  ['null as a key', objects('<DCT><En><Nil N="Key" /><S N="Value">a</S></En></DCT>')],
  ['an entry without a value', objects('<DCT><En><S N="Key">a</S></En></DCT>')],
  ['an entry without anything', objects('<DCT><En /></DCT>')],
  [
    'an entry with a third part',
    objects('<DCT><En><S N="Key">a</S><Nil N="Value" /><Nil N="More" /></En></DCT>'),
  ],
  ['a value before its key', objects('<DCT><En><S N="Value">a</S><S N="Key">a</S></En></DCT>')],
  ['an item beside the entries', objects('<DCT><S>a</S></DCT>')],
  ['a progress record without its fields', '<PR><AV>a</AV></PR>'],
  ['an empty progress record', '<PR />'],
])('%s is refused', (_, text) => {
  expect(() => readClixml(text)).toThrow(RemoteProtocolError);
});

test.each([
  ['By', '256'],
  ['By', '-1'],
  ['By', '+1'],
  ['SB', '128'],
  ['U16', '65536'],
  ['I16', '-32769'],
  ['U32', '4294967296'],
  ['I32', '2147483648'],
  ['I32', '1.0'],
  ['I32', ''],
  ['I32', '1e3'],
  ['I32', '0x10'],
  ['I32', '1 2'],
  ['U64', '18446744073709551616'],
  ['I64', '-9223372036854775809'],
  ['C', '65536'],
  ['C', 'a'],
  ['B', 'True'],
  ['B', 'yes'],
  ['B', ''],
  ['Db', '1,5'],
  ['Db', ''],
  ['Sg', 'x'],
  ['Db', '0x1'],
  ['D', '79228162514264337593543950336'],
  ['D', '1e5'],
  ['D', '.'],
  ['D', ''],
  ['DT', '2020-02-30T00:00:00'],
  ['DT', '2020-13-01T00:00:00'],
  ['DT', '2020-01-01T25:00:00'],
  ['DT', '2020-01-01T00:60:00'],
  ['DT', '0000-01-01T00:00:00'],
  ['DT', '2020-01-01 00:00:00'],
  ['DT', '2020-01-01T00:00:00+15:00'],
  ['DT', '9999-12-31T24:00:00'],
  ['DT', 'now'],
  ['TS', 'P'],
  ['TS', 'PT'],
  ['TS', '1'],
  ['TS', 'P1S'],
  ['TS', 'PT1D'],
  ['TS', 'P10675200D'],
  ['TS', 'P10675199DT2H48M5.4775808S'],
  ['BA', 'A'],
  ['BA', 'AAA'],
  ['BA', 'AA==AA=='],
  ['BA', '*AAA'],
  ['BA', '===='],
  ['BA', '\u00e9AAA'],
  ['G', '00000000-0000-0000-0000-00000000000'],
  ['G', 'g0000000-0000-0000-0000-000000000000'],
  ['G', '(00000000-0000-0000-0000-000000000000}'],
  ['Version', '1'],
  ['Version', '1.2.3.4.5'],
  ['Version', '1.-2'],
  ['Version', '1.'],
  ['Version', '1.2147483648'],
  ['XD', 'text'],
  ['XD', ''],
  ['XD', '&lt;a&gt;'],
  ['XD', '&lt;a/&gt;&lt;b/&gt;'],
  ['XD', '&lt;a b="1" b="2"/&gt;'],
  ['XD', '&lt;a&gt;&amp;b;&lt;/a&gt;'],
  ['XD', '&lt;a/&gt;&lt;?xml version="1.0"?&gt;'],
  ['SS', 'not base64!'],
  ['SemanticVersion', 'x'],
])('<%s> refuses %j', (tag, content) => {
  expect(() => readClixml(`<${tag}>${content}</${tag}>`)).toThrow(
    expect.objectContaining({ name: 'RemoteProtocolError', code: 'CLIXML_INVALID_VALUE' }),
  );
});

test('an error tells where it was met and never shows content', () => {
  const text = objects('<MS><S N="Password">hunter2</S><I32 N="Pin">hunter2</I32></MS>');
  expect(() => readClixml(text)).toThrow(/^(?!.*hunter2).* at character \d+$/);
});

test('49 levels of values are read and 50 are refused, as PowerShell does', () => {
  const nested = (levels: number): string =>
    `${'<Obj><LST>'.repeat(levels - 1)}<Nil />${'</LST></Obj>'.repeat(levels - 1)}`;
  expect(readClixml(nested(49)).type).toBe('object');
  expect(() => readClixml(nested(50))).toThrow(expect.objectContaining({ code: 'CLIXML_TOO_DEEP' }));
  expect(() => readClixml(nested(200_000))).toThrow(/49 levels/);
});

test('objects as the base of objects and member sets in member sets are held to the same depth', () => {
  const bases = '<Obj>'.repeat(100_000) + '</Obj>'.repeat(100_000);
  const sets = `<Obj>${'<MS N="a">'.repeat(100_000)}${'</MS>'.repeat(100_000)}</Obj>`;
  for (const text of [bases, sets]) {
    expect(() => readClixml(text)).toThrow(expect.objectContaining({ code: 'CLIXML_TOO_DEEP' }));
  }
});

test('type names repeated by reference have a limit', () => {
  const names = `<Obj><TN RefId="0"><T>${'a'.repeat(1000)}</T></TN></Obj>`;
  const text = objects(`<LST>${names}${'<Obj><TNRef RefId="0" /></Obj>'.repeat(100)}</LST>`);
  expect(readClixml(text).type).toBe('object');
  expect(() => readClixml(text, { maxRepeatedTypeNames: 50_000 })).toThrow(
    expect.objectContaining({ code: 'CLIXML_TOO_LARGE' }),
  );
});

test.each([
  [
    'an endless attribute list',
    `<S ${Array.from({ length: 200_000 }, (_, index) => `a${String(index)}="1"`).join(' ')}>a</S>`,
  ],
  ['an endless name', `<${'S'.repeat(2_000_000)}`],
  ['endless ampersands', `<S>${'&'.repeat(2_000_000)}</S>`],
  ['endless unfinished entities', `<S>${'&#'.repeat(1_000_000)};</S>`],
  ['endless open comments', '<!--'.repeat(500_000)],
  ['endless open CDATA', `<S>${'<![CDATA['.repeat(300_000)}`],
  ['endless blanks', ' '.repeat(3_000_000)],
  ['endless quotes', `<S N=${'"'.repeat(1_000_000)}`],
  ['endless open tags in XD', `<XD>${'&lt;a&gt;'.repeat(300_000)}</XD>`],
  ['an endless document type in XD', `<XD>&lt;!DOCTYPE a [${'"'.repeat(1_000_001)}</XD>`],
  ['endless comments in XD', `<XD>&lt;!DOCTYPE a [${'&lt;!--'.repeat(300_000)}</XD>`],
  ['endless openings in XD', `<XD>&lt;!DOCTYPE a ${'&lt;'.repeat(1_000_000)}</XD>`],
  ['an integer of blanks', `<I32> 1${' '.repeat(1_000_000)}1 </I32>`],
  ['an integer of nines', `<I64>${'9'.repeat(1_000_000)}</I64>`],
  ['an integer of zeros', `<I64>${'0'.repeat(1_000_000)}x</I64>`],
  ['a version of digits', `<Version>1.${'1'.repeat(1_000_000)}</Version>`],
  ['a duration of digits', `<TS>P${'1'.repeat(1_000_000)}</TS>`],
  ['an endless number', `<Db>${'1'.repeat(3_000_000)}x</Db>`],
  ['an endless decimal', `<D>${'1'.repeat(3_000_000)}</D>`],
  ['an endless date', `<DT>2020-01-01T00:00:00.${'1'.repeat(3_000_000)}x</DT>`],
])('%s is refused without delay', (_, text) => {
  const start = process.cpuUsage().user;
  expect(() => readClixml(text)).toThrow(RemoteProtocolError);
  expect((process.cpuUsage().user - start) / 1000).toBeLessThan(2000);
});

test('time grows with the text and not faster', () => {
  const items = (count: number): string =>
    objects(
      `<LST>${'<S>a &amp; _x000A_<!-- c --><![CDATA[b]]></S><Obj RefId="1"><MS><Ref N="x" RefId="0" /></MS></Obj>'.repeat(count)}</LST>`,
    );
  const cost = (text: string): number => {
    const start = process.cpuUsage().user;
    readClixml(text);
    return process.cpuUsage().user - start;
  };
  cost(items(5000));
  const small = Math.max(cost(items(10_000)), 20_000);
  expect(cost(items(80_000))).toBeLessThan(small * 40);
});
