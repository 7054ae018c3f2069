import { Machine } from '../e2e/support/machine';
import { describeWith } from '../support/requirements';
import { onTerminal, onTerminalWith } from './support/on-terminal';
import { Shell } from './support/shell';

const choices =
  "[System.Management.Automation.Host.ChoiceDescription[]]([System.Management.Automation.Host.ChoiceDescription]::new('&Yes', 'do it'), '&No')";

describeWith('powershell', 'P65 P37 a command that asks, on the command line', () => {
  let machine: Machine;
  let shell: Shell;

  beforeAll(async () => {
    machine = new Machine();
    await machine.startReadyDaemon();
    shell = new Shell(machine);
    await shell.run('new', 'asks', '--engine', 'powershell');
  }, 120_000);

  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  });

  test('a terminal is asked: lines, masked ones, credentials and choices with their help', async () => {
    const script = `$Host.UI.Write('Name? '); "hello $($Host.UI.ReadLine())"
      $f = [System.Management.Automation.Host.FieldDescription]::new('PIN'); $f.SetParameterType([securestring])
      "length $($Host.UI.Prompt('', '', $f)['PIN'].Length)"
      $c = $Host.UI.PromptForCredential('cap', 'msg', '', 't'); "user $($c.UserName) $($c.Password.Length)"
      "choice $($Host.UI.PromptForChoice('Sure', 'Go on?', ${choices}, 0))"`;
    const typing = onTerminal(machine, 'invoke', 'asks', '--command', script);
    const type = async (prompt: string, text: string): Promise<void> => {
      await typing.sees(prompt);
      typing.child.stdin?.write(text);
    };
    await type('Name? ', 'Adx\u007fa\r');
    await type('PIN: ', 'hush-hush\r');
    await type('User: ', 'bob\r');
    await type('Password for user bob: ', 'hush-hush\r');
    await type('[Y] Yes  [N] No  [?] Help (default is "Y"): ', '?\r');
    await type('Y - do it', 'n\r');
    const { code, stdout } = await typing.ended;
    expect(stdout).toContain('length 9');
    expect(stdout).toContain('user bob 9');
    expect(stdout).toContain('choice 1');
    expect(stdout).not.toContain('hush');
    expect(code).toBe(0);
  });

  test('one key is read as it is pressed, without a line end, and shown only where that is asked for', async () => {
    const script = `"first $([int]$Host.UI.RawUI.ReadKey('NoEcho,IncludeKeyDown').Character)"
      $k = $Host.UI.RawUI.ReadKey(); "second $($k.Character) $($k.KeyDown)"`;
    const typing = onTerminal(machine, 'invoke', 'asks', '--command', `'ready'; ${script}`);
    await typing.sees('ready');
    typing.child.stdin?.write('x');
    await typing.sees('first 120');
    typing.child.stdin?.write('y');
    await typing.sees('second y True');
    expect(await typing.ended).toMatchObject({ code: 0 });
  });

  test('Ctrl-C at a prompt stops the command and not the session', async () => {
    const typing = onTerminal(machine, 'invoke', 'asks', '--command', "'asking'; $Host.UI.ReadLine()");
    await typing.sees('asking');
    typing.child.stdin?.write('\u0003');
    expect(await typing.ended).toMatchObject({ code: 130 });
    expect(await shell.run('invoke', 'asks', '--', '1')).toMatchObject({ code: 0, stdout: '1\n' });
  });

  test('without a terminal the command is left waiting, and runspace respond answers it', async () => {
    const left = await shell.run('invoke', 'asks', '--', '"got $($Host.UI.ReadLine())"');
    expect(left).toMatchObject({ code: 5, stdout: '' });
    expect(left.stderr).toContain(
      'the command waits for an answer (ReadLine); to answer: runspace respond asks',
    );
    expect(await shell.run('respond', 'asks', '--text', 'it')).toMatchObject({ code: 0 });
    expect(await shell.run('receive', 'asks')).toMatchObject({ code: 0, stdout: 'got it\n' });
    expect(await shell.run('respond', 'asks', '--text', 'it')).toMatchObject({ code: 1 });
  });

  test('a secret is answered on standard input only, a choice by its letter', async () => {
    const script = `$s = $Host.UI.ReadLineAsSecureString().Length; "$s $($Host.UI.PromptForChoice('c', 'm', ${choices}, 0))"`;
    await shell.run('invoke', 'asks', '--command', script);
    expect(await shell.run('respond', 'asks', '--text', 'seen')).toMatchObject({ code: 2 });
    expect(await shell.runWith('four\n', 'respond', 'asks', '--stdin')).toMatchObject({ code: 0 });
    await shell.run('receive', 'asks');
    expect(await shell.run('respond', 'asks', '--choice', 'N')).toMatchObject({ code: 0 });
    expect(await shell.run('receive', 'asks')).toMatchObject({ code: 0, stdout: '4 1\n' });
  });

  test('--host-calls fail and default answer where there is no terminal', async () => {
    const script = 'try { "<$($Host.UI.ReadLine())>" } catch { "failed" }';
    expect(await shell.run('invoke', 'asks', '--host-calls', 'fail', '--command', script)).toMatchObject({
      code: 0,
      stdout: 'failed\n',
    });
    expect(await shell.run('invoke', 'asks', '--host-calls', 'default', '--command', script)).toMatchObject({
      code: 0,
      stdout: '<>\n',
    });
  });

  test('colours and the title are for terminals, and NO_COLOR is honoured', async () => {
    const script =
      "$Host.UI.RawUI.WindowTitle = 'neu'; $Host.UI.Write('Red', 'Black', 'red'); $Host.UI.WriteLine()";
    const coloured = await onTerminal(machine, 'invoke', 'asks', '--command', script).ended;
    expect(coloured.stdout).toContain('\u001b]2;neu\u0007');
    expect(coloured.stdout).toContain('\u001b[91;40mred\u001b[0m');
    const plain = await onTerminalWith({ NO_COLOR: '1' }, machine, 'invoke', 'asks', '--command', script)
      .ended;
    expect(plain.stdout).not.toContain('\u001b[91');
    expect(await shell.run('invoke', 'asks', '--command', script)).toMatchObject({
      stdout: '',
      stderr: 'red\n',
    });
  });

  test('P127 P30 enter shows where it is, asks at the terminal, and tells an exit code', async () => {
    const typing = onTerminal(machine, 'enter', 'asks');
    await typing.sees('[localhost]: PS /');
    typing.child.stdin?.write(`$Host.UI.Write('as' + 'k? '); "in: $($Host.UI.ReadLine())"\r`);
    await typing.sees('ask? ');
    typing.child.stdin?.write('line\r');
    await typing.sees('in: line');
    await typing.sees('> ');
    typing.child.stdin?.write('exit 4\r');
    await typing.sees('exit code 4');
    await typing.sees('> ');
    typing.child.stdin?.write('\u0004');
    expect(await typing.ended).toMatchObject({ code: 0 });
  });
});
