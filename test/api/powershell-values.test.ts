import { DateTime_Kind, List_Kind, Value } from '../../src/gen/runspace/v1/value';
import { describeWith, powershellForTests } from '../support/requirements';
import { short } from './support/raw';
import { serve } from './support/served';

type Kind = NonNullable<Value['kind']>;

/** A date of each kind, a text that is no well-formed Unicode, numbers at their ends. */
const primitives: readonly (readonly [type: string, kind: Kind])[] = [
  ['null', { $case: 'null', value: {} }],
  ['System.Boolean', { $case: 'bool', value: true }],
  ['System.SByte', { $case: 'int8', value: -128 }],
  ['System.Byte', { $case: 'uint8', value: 255 }],
  ['System.Int16', { $case: 'int16', value: -32_768 }],
  ['System.UInt16', { $case: 'uint16', value: 65_535 }],
  ['System.Int32', { $case: 'int32', value: -2_147_483_648 }],
  ['System.UInt32', { $case: 'uint32', value: 4_294_967_295 }],
  ['System.Int64', { $case: 'int64', value: -(2n ** 63n) }],
  ['System.UInt64', { $case: 'uint64', value: 2n ** 64n - 1n }],
  ['System.Single', { $case: 'single', value: 1.5 }],
  ['System.Single', { $case: 'single', value: -Infinity }],
  ['System.Double', { $case: 'double', value: 0.1 }],
  ['System.Double', { $case: 'double', value: Number.NaN }],
  ['System.Double', { $case: 'double', value: 5e-324 }],
  ['System.Decimal', { $case: 'decimal', value: '-1.10' }],
  ['System.Decimal', { $case: 'decimal', value: '79228162514264337593543950335' }],
  ['System.String', { $case: 'string', value: '' }],
  ['System.String', { $case: 'string', value: 'a<&>"\u0000\r\n_x0041_ 😀\ue000' }],
  ['System.String', { $case: 'stringUtf16', value: Buffer.from('a\ud800b', 'utf16le') }],
  ['System.Char', { $case: 'char', value: 0xd800 }],
  ['System.Byte[]', { $case: 'bytes', value: Buffer.from([0, 255, 10]) }],
  [
    'System.DateTime',
    { $case: 'dateTime', value: { text: '2026-02-28T13:45:10.1234567Z', kind: DateTime_Kind.KIND_UTC } },
  ],
  [
    'System.DateTime',
    { $case: 'dateTime', value: { text: '0001-01-01T00:00:00', kind: DateTime_Kind.KIND_CLOCK } },
  ],
  ['System.TimeSpan', { $case: 'durationTicks', value: -(2n ** 63n) }],
  ['System.Guid', { $case: 'guid', value: '0f8fad5b-d9cb-469f-a165-70867728950e' }],
  ['System.Uri', { $case: 'uri', value: 'https://example.org/a?c=%26d#e' }],
  ['System.Version', { $case: 'version', value: '1.2.3.4' }],
  ['System.Xml.XmlDocument', { $case: 'xml', value: '<a b="1">x</a>' }],
];

describeWith('powershell', 'values of the API in PowerShell', () => {
  const served = serve({ powershell: powershellForTests() ?? 'minimal' });

  beforeAll(async () => {
    await served.client.sessions.create({ name: 'values', engine: 'powershell' });
  }, 60_000);

  /** What a script writes that is given these values. */
  async function outputs(script: string, values: readonly Value[]): Promise<(Value | undefined)[]> {
    const args = values.map((value) => ({ name: '', value }));
    const { id } = await served.calls.start('values', { script, command: { script, arguments: args } });
    const { records } = await served.calls.receive('values', { pipeline: id, afterSequence: 0n });
    expect(records.map(short).at(-1)).toMatch(/ final completed$/);
    return records.flatMap(({ body }) => (body?.$case === 'output' ? [body.value.value] : []));
  }

  test.each(primitives.map(([type, kind]) => [`${kind.$case} ${describeKind(kind)}`, type, kind] as const))(
    'P12 %s is an argument of its type, and comes back as it went',
    async (_what, type, kind) => {
      const script =
        "param($x) if ($null -eq $x) { 'null' } else { $x.GetType().FullName }; if ($x -is [byte[]]) { , $x } else { $x }";
      const [name, back] = await outputs(script, [{ kind }]);
      expect(name?.kind).toEqual({ $case: 'string', value: type });
      expect(back).toEqual(Value.decode(Value.encode({ kind }).finish()));
    },
  );

  test('P12 a script block arrives as its text, as PowerShell has it, and one that is written as a script block', async () => {
    const scriptBlock: Value = { kind: { $case: 'scriptBlock', value: '1 + 1' } };
    expect(await outputs('param($x) $x.GetType().Name; { 2 + 2 }', [scriptBlock])).toEqual([
      { kind: { $case: 'string', value: 'String' } },
      { kind: { $case: 'scriptBlock', value: ' 2 + 2 ' } },
    ]);
  });

  test('P12 lists, dictionaries and objects keep their shape, and what is in them its type', async () => {
    const int = (value: number): Value => ({ kind: { $case: 'int32', value } });
    const text = (value: string): Value => ({ kind: { $case: 'string', value } });
    const list = (...items: readonly Value[]): Value => ({
      kind: { $case: 'list', value: { kind: List_Kind.KIND_LIST, items: [...items], referenceId: 0 } },
    });
    const property = (name: string, value: Value) => ({ name, value, isMemberSet: false });
    const nested: Value = {
      kind: {
        $case: 'dictionary',
        value: {
          referenceId: 0,
          entries: [
            { key: text('list'), value: list(int(1), list(int(2)), { kind: { $case: 'null', value: {} } }) },
            { key: int(7), value: text('by a number') },
          ],
        },
      },
    };
    const object: Value = {
      kind: {
        $case: 'object',
        value: {
          typeNames: ['My.Type', 'System.Object'],
          text: 'mine',
          base: undefined,
          adapted: [],
          extended: [property('inner', nested), property('n', int(3))],
          referenceId: 0,
        },
      },
    };
    const script =
      "param($o) $o.PSTypeNames[0]; $o.n + 1; $o.inner['list'][1][0]; $o.inner[7]; $o.inner.GetType().Name; $null -eq $o.inner['list'][2]";
    expect(await outputs(script, [object])).toEqual([
      text('Deserialized.My.Type'),
      int(4),
      int(2),
      text('by a number'),
      text('Hashtable'),
      { kind: { $case: 'bool', value: true } },
    ]);
  });

  test('P61 P64 an exception within an exception is there, down to the innermost', async () => {
    const script =
      "throw [System.InvalidOperationException]::new('outer', [System.ArgumentException]::new('middle', [System.TimeoutException]::new('inner')))";
    const { id } = await served.calls.start('values', script);
    const { records } = await served.calls.receive('values', { pipeline: id, afterSequence: 0n });
    const error = records.flatMap(({ body }) => (body?.$case === 'error' ? [body.value] : [])).at(0);
    expect([error?.message, error?.exceptionType]).toEqual(['outer', 'System.InvalidOperationException']);
    const json = JSON.stringify(error?.value, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    for (const message of ['outer', 'middle', 'inner']) expect(json).toContain(`"${message}"`);
  });
});

function describeKind(kind: Kind): string {
  return JSON.stringify(kind.value, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  ).slice(0, 40);
}
