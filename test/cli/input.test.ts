import { Machine } from '../e2e/support/machine';
import { describeWith } from '../support/requirements';
import { Shell } from './support/shell';

const exported = `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">
  <Obj RefId="0">
    <TN RefId="0"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN>
    <MS><S N="Name">first</S><I64 N="Size">9007199254740993</I64></MS>
  </Obj>
  <Obj RefId="1"><TNRef RefId="0" /><MS><S N="Name">second</S><I64 N="Size">2</I64></MS></Obj>
  <DT>2026-02-28T13:45:10.1234567+01:00</DT>
</Objs>`;

describeWith('powershell', 'input on the command line', () => {
  let machine: Machine;
  let shell: Shell;

  beforeAll(async () => {
    machine = new Machine();
    await machine.startReadyDaemon();
    shell = new Shell(machine);
    await shell.run('new', 'work', '--engine', 'powershell');
    await shell.run('new', 'js', '--engine', 'javascript');
  }, 60_000);

  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  });

  const piped = async (input: string | Uint8Array, ...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await shell.runWith(input, 'invoke', ...words);
    return code === 0 ? stdout : `exit ${String(code)}: ${stderr}`;
  };

  test('P14 lines are one object each, and their ends are no part of them', async () => {
    const script = 'process { "<$_>" }';
    expect(await piped('a\r\nb  \n\n c', 'work', '--', script)).toBe('<a>\n<b  >\n<>\n< c>\n');
    expect(await piped('', 'work', '--', '"begun"; $input')).toBe('begun\n');
    expect(await piped('ä😀\u2028x\n', 'work', '--', '$input | ForEach-Object { $_.Length }')).toBe('5\n');
  });

  test.each([
    ['UTF-16LE', Buffer.from('\ufeffä\nb\n', 'utf16le')],
    ['UTF-16BE', Buffer.from('\ufeffä\nb\n', 'utf16le').swap16()],
    ['UTF-8 with a mark', Buffer.from('\ufeffä\nb\n')],
  ])('P14 %s with its mark is text', async (_encoding, bytes) => {
    expect(await piped(bytes, 'work', '--', 'process { "<$_>" }')).toBe('<ä>\n<b>\n');
  });

  test('P14 bytes that are no text are told', async () => {
    expect(await piped(Buffer.from([0x61, 0xff, 0xfe]), 'work', '--', '$input')).toMatch(/no UTF-8/);
  });

  test('P14 lines stream: the first is answered before the second is typed', async () => {
    const running = shell.start('invoke', 'work', '--', 'process { "got $_" }');
    running.child.stdin?.write('one\n');
    await running.sees('got one');
    running.child.stdin?.end('two\n');
    await running.sees('got two');
    expect((await running.ended).code).toBe(0);
  });

  test('P14 JSON lines are objects with typed properties, in both engines', async () => {
    const input = '{"n":9007199254740993,"o":{"k":[1,1.5]}}\n\n{"n":2,"o":null}\n';
    const script =
      'process { "$($_.PSObject.TypeNames[0]) $($_.n.GetType().Name) $($_.n)"; if ($_.o) { $_.o.k[1] } }';
    expect(await piped(input, 'work', '--input-format', 'ndjson', '--', script)).toBe(
      'Deserialized.System.Management.Automation.PSCustomObject Int64 9007199254740993\n1.5\n' +
        'Deserialized.System.Management.Automation.PSCustomObject Int32 2\n',
    );
    const javascript = 'for await (const item of input) console.log(String(item.n))';
    expect(await piped(input, 'js', '--input-format', 'ndjson', '--', javascript)).toBe(
      '9007199254740993\n2\n',
    );
  });

  test('P14 a line that is no JSON ends the command and is named', async () => {
    const failed = await piped('1\n{\n', 'work', '--input-format', 'ndjson', '--', 'process { $_ }');
    expect(failed).toMatch(/line 2 of standard input is no JSON/);
    expect(await piped('', 'work', '--', '"well"')).toBe('well\n');
  });

  test('P14 CLIXML as Export-Clixml writes it gives its objects', async () => {
    const script = 'process { if ($_ -is [datetime]) { "a date" } else { "$($_.Name) $($_.Size)" } }';
    const utf16 = Buffer.from(`\ufeff${exported}`, 'utf16le');
    for (const input of [exported, utf16])
      expect(await piped(input, 'work', '--input-format', 'clixml', '--', script)).toBe(
        'first 9007199254740993\nsecond 2\na date\n',
      );
    expect(await piped('<S>bare</S>', 'work', '--input-format', 'clixml', '--', '$input')).toBe('bare\n');
    expect(await piped('<S>', 'work', '--input-format', 'clixml', '--', '$input')).toMatch(/no CLIXML/);
    const secret = '<SS>aaaa</SS>';
    expect(await piped(secret, 'work', '--input-format', 'clixml', '--', '$input')).toMatch(/secure string/);
  });

  test('P14 an array given as the input object is one object', async () => {
    const script = 'process { "$($_.Count) $($_ -join ",")" }';
    const words = ['--input-object-json', '[1,2,3]', '--input-object-json', '[[4],5]'];
    expect(await piped('', 'work', ...words, '--', script)).toBe(
      '3 1,2,3\n2 System.Collections.ArrayList,5\n',
    );
  });

  test('P14 standard input is left alone where the script does not read it, or is told so', async () => {
    const running = shell.start('invoke', 'work', '--', '7');
    expect(await running.ended).toMatchObject({ code: 0, stdout: '7\n' });
    const told = shell.start('invoke', 'work', '--input-format', 'none', '--', '"$input"');
    expect(await told.ended).toMatchObject({ code: 0, stdout: '\n' });
  });

  test('P14 a first use without a session gets its input too', async () => {
    expect(await piped('a\n', '--engine', 'powershell', '--', 'process { "<$_>" }')).toBe('<a>\n');
  }, 60_000);

  test.each([
    [['--input-format', 'xml', '--', '1'], /lines, ndjson, clixml, none/],
    [['--input-format', 'lines', '-f', '-'], /it can not be the input too/],
    [['--input-object-json', '1', '--input-format', 'lines', '--', '1'], /given twice/],
    [['--input-object-json', '{', '--', '1'], /needs JSON/],
    [['-d', '--input-format', 'lines', '--', '1'], /--detach/],
  ])('P14 %j is refused', async (words, why) => {
    const { code, stderr } = await shell.runWith('1', 'invoke', 'work', ...words);
    expect(code).toBe(2);
    expect(stderr).toMatch(why);
  });
});
