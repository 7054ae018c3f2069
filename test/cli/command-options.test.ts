import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Machine } from '../e2e/support/machine';
import { describeWith } from '../support/requirements';
import { Shell } from './support/shell';

describeWith('powershell', 'what the command line gives a PowerShell command', () => {
  let machine: Machine;
  let shell: Shell;
  const invoke = (...words: readonly string[]) => shell.run('invoke', 'work', ...words);

  beforeAll(async () => {
    machine = new Machine();
    await machine.startReadyDaemon();
    shell = new Shell(machine);
    await shell.run('new', 'work', '--engine', 'powershell');
  }, 60_000);

  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  });

  test('P88 P13 --using gives a variable, its members and indexes a value', async () => {
    const script = '"log=$Using:Log len=$($Using:Log.Length)"';
    expect(await invoke('--using', 'Log=PowerShellCore/Operational', '--', script)).toEqual({
      code: 0,
      stdout: 'log=PowerShellCore/Operational len=26\n',
      stderr: '',
    });
    const typed = ['--using-json', 'h={"k":[1,9007199254740993]}', '--using', "h['x']=own"];
    expect((await invoke(...typed, '--', "$Using:h['k'][1]; $Using:h['x']")).stdout).toBe(
      '9007199254740993\nown\n',
    );
  });

  test('P88 P13 without a value nothing runs, and the name is told', async () => {
    const { code, stdout, stderr } = await invoke('--', '$global:ran = 1; "log=$Using:Log"');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/\$Using:Log.*--using/);
    expect(stderr.match(/nothing ran/g)).toHaveLength(1);
    expect((await invoke('--', '"<$ran>"')).stdout).toBe('<>\n');
    const { stdout: json } = await invoke('-o', 'ndjson', '--', '$Using:Log');
    expect(JSON.parse(json.trim().split('\n').at(-1) ?? '')).toMatchObject({
      stream: 'final',
      problem: {
        reason: 'USING_VARIABLE_UNDEFINED',
        metadata: { names: 'Log', fully_qualified_id: 'UsingVariableIsUndefined' },
      },
    });
  });

  test('P12 arguments by position and by name have their types, whole numbers of any size too', async () => {
    const script =
      'param($First, [switch]$Force, $Count, $Text) $First, $Force, $Count, $Text, $args[0] | ForEach-Object { "$($_.GetType().Name) $_" }';
    const { stdout } = await invoke(
      '--args-json',
      '[12345678901234567, 1.0]',
      '--param',
      'Text=a=b',
      '--params-json',
      '{"Count":2,"Force":true}',
      '--',
      script,
    );
    expect(stdout).toBe('Int64 12345678901234567\nSwitchParameter True\nInt32 2\nString a=b\nDouble 1\n');
  });

  test('P12 a value that does not convert is the error of the command', async () => {
    const { code, stderr } = await invoke('--arg', 'x', '--', 'param([int]$n) $n');
    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot .*"?x"?.*(Int32|int)/i);
  });

  test('P29 common parameters hold for one command', async () => {
    const script =
      'function f { [CmdletBinding()] param() $PSCmdlet.WriteVerbose("v"); $PSCmdlet.WriteDebug("d"); $PSCmdlet.WriteWarning("w"); "o" }; f';
    const spoken = await invoke('--verbose', '--debug', '--wa', 'silentlycontinue', '--', script);
    expect(spoken).toEqual({ code: 0, stdout: 'o\n', stderr: 'VERBOSE: v\nDEBUG: d\n' });
    expect((await invoke('--', script)).stderr).toBe('WARNING: w\n');
    const stopped = await invoke('--error-action', 'Stop', '--', 'Get-Command nothing-here; "after"');
    expect([stopped.code, stopped.stdout]).toEqual([1, '']);
  });

  test('P60 what a program writes to standard error is shown as it wrote it', async () => {
    const script = '/bin/sh -c "echo out; echo first >&2; echo second >&2; exit 3"; "code $LASTEXITCODE"';
    expect(await invoke('--', script)).toEqual({
      code: 0,
      stdout: 'out\ncode 3\n',
      stderr: 'first\nsecond\n',
    });
  });

  test('P29 --save writes a stream to a file beside showing it', async () => {
    const words = ['--save', 'error=errors.ndjson', '--save', 'output=+out.ndjson'];
    for (let times = 0; times < 2; times++) await invoke(...words, '--', 'Get-Command nothing-here; 7');
    const lines = (name: string): unknown[] =>
      readFileSync(join(machine.runtimeFolder, name), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
    expect(lines('errors.ndjson')).toMatchObject([{ stream: 'error', category: 'ObjectNotFound' }]);
    expect(lines('out.ndjson')).toMatchObject([{ stream: 'output' }, { stream: 'output' }]);
  });

  test.each([
    [['--using', 'Log', '--', '1'], /--using needs NAME=VALUE/],
    [['--using-json', 'x={', '--', '1'], /--using-json needs JSON after x=/],
    [['--args-json', '{}', '--', '1'], /--args-json needs a JSON list/],
    [['--params-json', '[1]', '--', '1'], /--params-json needs a JSON object/],
    [['--ea', 'Explode', '--', '1'], /Continue, Inquire, Ignore|SilentlyContinue/],
    [['--save', 'errors=x', '--', '1'], /output, error, warning/],
    [['--save', 'error=no/such/folder/x', '--', '1'], /can't write/],
    [['--save', 'error=x', '-d', '--', '1'], /--detach/],
  ])('P57 %j is refused before anything runs', async (words, why) => {
    const { code, stderr } = await invoke(...words);
    expect(code).toBe(2);
    expect(stderr).toMatch(why);
  });
});

describeWith('powershell', 'a session of another engine', () => {
  test('P13 refuses values for $Using:', async () => {
    await using machine = new Machine();
    await machine.startReadyDaemon();
    const shell = new Shell(machine);
    await shell.run('new', 'js', '--engine', 'javascript');
    const { code, stderr } = await shell.run('invoke', 'js', '--using', 'x=1', '--', '1');
    expect(code).toBe(2);
    expect(stderr).toMatch(/using_values is for PowerShell.*javascript/);
  }, 60_000);
});
