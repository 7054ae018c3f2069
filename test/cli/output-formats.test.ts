import { Machine } from '../e2e/support/machine';
import { describeWith } from '../support/requirements';
import { Shell } from './support/shell';

const script = `
$shared = [pscustomobject]@{ Name = 'x'; When = [datetime]::new(2026, 2, 28, 0, 0, 0, [DateTimeKind]::Utc) }
$shared; $shared; 12345678901234567; $null; [DayOfWeek]::Friday; , @(1, 2.0); @{ k = [byte[]](1, 2) }
$PSCmdlet = $null; [Console]::Error.WriteLine('') ; Get-Command nothing-here`;

describeWith('powershell', 'output values as text', () => {
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

  test('P61 JSON values stand one a line, and other streams beside them', async () => {
    const { stdout, stderr } = await shell.run('invoke', 'work', '-o', 'values', '--', script);
    expect(stdout.trimEnd().split('\n')).toEqual([
      '{"Name":"x","When":"2026-02-28T00:00:00Z"}',
      '{"Name":"x","When":"2026-02-28T00:00:00Z"}',
      '12345678901234567',
      'null',
      '5',
      '[1,2.0]',
      '{"k":[1,2]}',
    ]);
    expect(stderr).toMatch(/nothing-here/);
    expect((await shell.run('receive', 'work', '--after', '0', '-o', 'values')).stdout).toBe(stdout);
    expect((await shell.run('invoke', 'js', '-o', 'values', '--', '[1, new Date(0), 1n]')).stdout).toMatch(
      /^\[1,"1970-01-01T00:00:00(\.000)?Z",1\]\n$/,
    );
  });

  test('P61 CLIXML is one document that PowerShell reads, and that another session takes as its input', async () => {
    const { stdout } = await shell.run('invoke', 'work', '-o', 'clixml', '--', script);
    expect(stdout).toMatch(/^<Objs Version="1\.1\.0\.1"[^>]*>\n/);
    const read = await shell.runWith(
      stdout,
      'invoke',
      'work',
      '--arg',
      stdout,
      '--',
      'param($text) foreach ($one in [System.Management.Automation.PSSerializer]::Deserialize($text)) { if ($null -eq $one) { "null" } else { "$($one.GetType().Name) $($one.Name)".Trim() } }',
    );
    expect(read.stdout).toBe(
      'PSCustomObject x\nPSCustomObject x\nInt64\nnull\nInt32\nArrayList\nHashtable\n',
    );
    const again = await shell.runWith(
      stdout,
      'invoke',
      'work',
      '--input-format',
      'clixml',
      '-o',
      'values',
      '--',
      'process { , $_ }',
    );
    expect(again.stdout.split('\n').slice(0, 4)).toEqual([
      '{"Name":"x","When":"2026-02-28T00:00:00Z"}',
      '{"Name":"x","When":"2026-02-28T00:00:00Z"}',
      '12345678901234567',
      'null',
    ]);
  });

  test('P61 nothing is a document without objects', async () => {
    expect((await shell.run('invoke', 'work', '-o', 'clixml', '--', '[void]1')).stdout).toMatch(
      /^<Objs[^>]*>\n<\/Objs>\n$/,
    );
    const refused = await shell.run('list', '-o', 'clixml');
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(/table, json, ndjson, yaml, name/);
  });
});
