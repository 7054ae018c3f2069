import { writeFileSync } from 'node:fs';
import { Machine } from '../e2e/support/machine';
import { describeWith } from '../support/requirements';
import { Shell } from './support/shell';

describeWith('powershell', 'the command line with PowerShell', () => {
  let machine: Machine;
  let shell: Shell;

  beforeAll(async () => {
    machine = new Machine();
    await machine.startReadyDaemon();
    shell = new Shell(machine);
    await shell.run('new', 'work', '--engine', 'powershell');
  }, 60_000);

  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  });

  test('P83 one-off commands lose a variable, commands in a session keep it', async () => {
    const outputs: string[] = [];
    for (const words of [
      ['invoke', '--', '$p = 17930240'],
      ['invoke', '--', '$p'],
      ['new', 's', '--engine', 'powershell'],
      ['invoke', 's', '--', '$p = 17930240'],
      ['invoke', 's', '--', '$p'],
    ])
      outputs.push((await shell.run(...words)).stdout);
    expect(outputs).toEqual(['', '', 's\n', '', '17930240\n']);
  }, 60_000);

  test.each([['P68 values', '1; "a"; $true; 1.5; 1e20; $null; [char]65', '1\na\nTrue\n1.5\n1E+20\nA\n']])(
    '%s are shown as PowerShell shows them',
    async (_what, script, stdout) => {
      expect(await shell.run('invoke', 'work', '--', script)).toEqual({ code: 0, stdout, stderr: '' });
    },
  );

  test('P60 P61 errors, warnings and verbose text go to standard error', async () => {
    const script =
      "$PSCmdlet = $null; function f { [CmdletBinding()] param() $PSCmdlet.WriteWarning('w'); $PSCmdlet.WriteVerbose('v') }; f -Verbose; 1/0; 'out'";
    const { stdout, stderr } = await shell.run('invoke', 'work', '--', script);
    expect([stdout, stderr]).toEqual([
      'out\n',
      expect.stringMatching(/WARNING: w\nVERBOSE: v\nRuntimeException: Attempted to divide by zero\.\n/),
    ]);
  });

  test('P11 P80 a script file has no path there, and takes arguments', async () => {
    const path = machine.path('test.ps1');
    writeFileSync(path, 'param($a) "path=[$PSCommandPath] sum=$(20+22) $a $args"');
    expect(await shell.run('invoke', 'work', '--file-path', path, '--arg', 'x', '--arg', 'y')).toMatchObject({
      code: 0,
      stdout: 'path=[] sum=42 x y\n',
    });
  });

  test('P12 typed arguments arrive typed', async () => {
    const script = "$args | ForEach-Object { if ($null -eq $_) { 'null' } else { $_.GetType().Name } }";
    const { stdout } = await shell.run(
      'invoke',
      'work',
      '--args-json',
      '[1, 1.5, true, null, "x", {"k": 1}]',
      '--',
      script,
    );
    expect(stdout).toBe('Int32\nDouble\nBoolean\nnull\nString\nHashtable\n');
  });

  test('P30 the exit code of a script is shown, used on demand, and keeps the session', async () => {
    expect(await shell.run('invoke', 'work', '--exit-code', '--', '$kept = 1; exit 3')).toMatchObject({
      code: 3,
    });
    expect(await shell.run('invoke', 'work', '--', '$kept')).toMatchObject({ code: 0, stdout: '1\n' });
  });

  test('P67 Ctrl-C ends a loop, and the session runs on', async () => {
    const running = shell.start('invoke', 'work', '--', "'begun'; while ($true) { }");
    await running.sees('begun');
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 130 });
    expect(await shell.run('invoke', 'work', '--', '1')).toMatchObject({ code: 0, stdout: '1\n' });
  });
});

describeWith('minimal-host', 'the command line with a PowerShell that has no formatters', () => {
  let machine: Machine;
  let shell: Shell;

  beforeAll(async () => {
    machine = new Machine({ more: { RUNSPACED_PWSH: 'minimal' } });
    await machine.startReadyDaemon();
    shell = new Shell(machine);
    await shell.run('new', 'work', '--engine', 'powershell');
  }, 60_000);

  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  });

  test.each([
    [
      'a table',
      '7, 8 | ForEach-Object { [pscustomobject]@{ Id = $_; ProcessName = "p" } }',
      'Id ProcessName\n-- -----------\n 7 p\n 8 p\n',
    ],
    ['a hashtable', '@{ a = 1 }', 'Name Value\n---- -----\na    1\n'],
    [
      'nested values',
      '[pscustomobject]@{ List = 1, 2; Map = @{ k = $true } }',
      'List   Map\n----   ---\n{1, 2} {[k, True]}\n',
    ],
  ])('P68 %s are laid out here', async (_what, script, stdout) => {
    expect(await shell.run('invoke', 'work', '--', script)).toEqual({ code: 0, stdout, stderr: '' });
  });
});
