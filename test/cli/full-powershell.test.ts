import { writeFileSync } from 'node:fs';
import { connect } from '../../clients/typescript';
import { Machine } from '../e2e/support/machine';
import { describeWith, fullPowershell } from '../support/requirements';
import { onTerminal } from './support/on-terminal';
import { Shell } from './support/shell';

describeWith('full-powershell', 'the command line with a full PowerShell', () => {
  let machine: Machine;
  let shell: Shell;

  beforeAll(async () => {
    machine = new Machine({ more: { RUNSPACED_PWSH: fullPowershell } });
    await machine.startReadyDaemon();
    shell = new Shell(machine);
    await shell.run('new', 'full', '--engine', 'powershell');
  }, 120_000);

  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  });

  /** Standard output without the blanks at the ends of lines. */
  const shown = async (script: string): Promise<string> => {
    const { stdout } = await shell.run('invoke', 'full', '--', script);
    return stdout.replace(/ +$/gm, '');
  };

  describe('P68 objects are laid out by its own formatters', () => {
    test.each([
      [
        'a table',
        "7, 8 | ForEach-Object { [pscustomobject]@{ Id = $_; Name = 'p' } }",
        '\nId Name\n-- ----\n 7 p\n 8 p\n\n',
      ],
      [
        'a view of a type',
        '[version]"1.2.3"',
        '\nMajor  Minor  Build  Revision\n-----  -----  -----  --------\n1      2      3      -1\n\n',
      ],
      ['a list', "[pscustomobject]@{ a = 1; b = 'x' } | Format-List", '\na : 1\nb : x\n\n'],
      [
        'text and numbers before a table, and behind it',
        "'a'; 5; [pscustomobject]@{ k = 1 }; 'z'",
        'a\n5\n\nk\n-\n1\nz\n\n',
      ],
      ['items of a list', ', @(1, 2, 3)', '1\n2\n3\n'],
      ['nothing', '$null', ''],
      ['text only', "'x' * 300; 1; $true; 1.5", `${'x'.repeat(300)}\n1\nTrue\n1.5\n`],
    ])('%s', async (_what, script, expected) => {
      expect(await shown(script)).toBe(expected);
    });

    test('as wide as the terminal', async () => {
      const script =
        "[pscustomobject]@{ Text = 'y' * 300 } | Format-Table -Wrap; '<' + $Host.UI.RawUI.WindowSize.Width + '>'";
      const { stdout } = await onTerminal(machine, 'invoke', 'full', '--command', script).ended;
      const width = Number(/<(\d+)>/.exec(stdout)?.[1]);
      const rows = stdout.split('\n').flatMap((line) => /y+/.exec(line)?.[0] ?? []);
      expect(rows.join('')).toBe('y'.repeat(300));
      expect(rows[0]).toHaveLength(width);
    });

    test('what a failed command had begun with is shown all the same', async () => {
      const { code, stdout, stderr } = await shell.run(
        'invoke',
        'full',
        '--',
        "[pscustomobject]@{ k = 1 }; throw 'no more'",
      );
      expect([code, stdout.trim(), stderr]).toEqual([1, 'k\n-\n1', expect.stringContaining('no more')]);
    });

    test('values that it can not lay out are shown, and the session goes on', async () => {
      const script = "[version]'1.2'; (1..2 | Format-Table)[0]; 'behind'";
      expect(await shown(script)).toContain('behind\n');
      expect(await shown('[pscustomobject]@{ k = 1 }')).toBe('\nk\n-\n1\n\n');
    });

    test('a reader that comes later, or in the middle, sees the same lines', async () => {
      await shell.run(
        'invoke',
        'full',
        '--detach',
        '--',
        '1..3 | ForEach-Object { [pscustomobject]@{ n = $_ } } | Format-Table',
      );
      const whole = await shell.run('receive', 'full', '--keep');
      expect(whole.stdout.replace(/ +$/gm, '')).toBe('\nn\n-\n1\n2\n3\n\n');
      const json = await shell.run('receive', 'full', '--after', '0', '--keep', '-o', 'ndjson');
      const records = json.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { sequence: string; stream: string; text?: string });
      const rows = records.find(({ stream, text }) => stream === 'display' && text?.includes('2') === true);
      const rest = await shell.run('receive', 'full', '--after', String(Number(rows?.sequence) - 1));
      expect(rest.stdout.replace(/ +$/gm, '')).toBe('n\n-\n1\n2\n3\n\n');
    });

    test('P61 objects stay what they are for programs, which see display records only where they asked', async () => {
      using client = connect({ environment: machine.environment, connectTimeoutMs: 30_000 });
      const streams = async (display?: { readonly columns: number }): Promise<string[]> => {
        const seen: string[] = [];
        const options = display === undefined ? {} : { display };
        for await (const record of client.pipelines.invoke('full', "'t'; [version]'1.2'", options).records())
          seen.push(
            record.stream === 'output' ? `${record.stream} ${String(record.displayed)}` : record.stream,
          );
        return seen;
      };
      expect(await streams()).toEqual(['output false', 'output false', 'final']);
      expect(await streams({ columns: 80 })).toEqual([
        'output false',
        'output true',
        'display',
        'display',
        'final',
      ]);
      await expect(streams({ columns: 0 })).rejects.toMatchObject({ reason: 'INVALID_ARGUMENT' });
    });

    test('P67 a stop ends what is being laid out', async () => {
      const running = shell.start('invoke', 'full', '--', "while ($true) { [version]'1.2' }");
      await running.sees('Major');
      running.child.kill('SIGINT');
      expect(await running.ended).toMatchObject({ code: 130 });
      expect(await shown('1')).toBe('1\n');
    });
  });

  test('P60 P61 cmdlets write to their streams, in order', async () => {
    const script =
      "Write-Output 1; Write-Error 'e' -ErrorId Mine; Write-Warning 'w'; Write-Verbose 'v' -Verbose; Write-Debug 'd' -Debug; Write-Information 'i'; Write-Host 'h'; Write-Progress 'p' -PercentComplete 5";
    const { stdout } = await shell.run('invoke', 'full', '-o', 'ndjson', '--', script);
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { stream: string; fullyQualifiedErrorId?: string });
    expect(
      records.map(({ stream, fullyQualifiedErrorId: id }) => (id === undefined ? stream : `${stream} ${id}`)),
    ).toEqual([
      'output',
      'error Mine',
      'warning',
      'verbose',
      'debug',
      'information',
      'information',
      'progress',
      'final',
    ]);
  });

  test('P61 P30 a native program: its lines, its errors, its exit code', async () => {
    const { code, stdout, stderr } = await shell.run(
      'invoke',
      'full',
      '--',
      "sh -c 'echo out; echo err >&2; exit 3'; $LASTEXITCODE; 'piped' | cat; $x = sh -c 'echo kept'; \"<$x>\"",
    );
    expect([code, stdout, stderr]).toEqual([0, 'out\n3\npiped\n<kept>\n', 'err\n']);
  });

  test('P14 P61 input reaches cmdlets as objects', async () => {
    const { stdout } = await shell.runWith(
      '3\n4\n',
      'invoke',
      'full',
      '--',
      '$input | Measure-Object -Sum | ForEach-Object Sum',
    );
    expect(stdout).toBe('7\n');
  });

  test('P61 objects that were deserialised there keep their names, those that live there have their own', async () => {
    const script =
      "$live = [version]'1.2'; $live; [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize((Get-Process -Id $PID)))";
    const { stdout } = await shell.run('invoke', 'full', '-o', 'ndjson', '--', script);
    expect(stdout).toContain('{"version":"1.2"}');
    expect(stdout).toContain('"typeNames":["Deserialized.System.Diagnostics.Process"');
  });

  test('P65 P66 Read-Host, masked too, and Get-Credential ask at the terminal', async () => {
    const script =
      '"hello $(Read-Host Name)"; "length $((Read-Host PIN -AsSecureString).Length)"; $c = Get-Credential -Message m; "user $($c.UserName) $($c.Password.Length)"';
    const typing = onTerminal(machine, 'invoke', 'full', '--command', script);
    const type = async (prompt: string, text: string): Promise<void> => {
      await typing.sees(prompt);
      typing.child.stdin?.write(text);
    };
    await type('Name: ', 'Ada\r');
    await type('PIN: ', 'hush\r');
    await type('User: ', 'bob\r');
    await type('Password for user bob: ', 'hush-hush\r');
    const { code, stdout } = await typing.ended;
    for (const line of ['hello Ada', 'length 4', 'user bob 9']) expect(stdout).toContain(line);
    expect(stdout).not.toContain('hush');
    expect(code).toBe(0);
  });

  test('P56 the culture is that of every command', async () => {
    await shell.run(
      'new',
      'abroad',
      '--engine',
      'powershell',
      '--session-option',
      'Culture=de-DE',
      '--session-option',
      'UICulture=fr-FR',
    );
    for (let times = 0; times < 2; times++) {
      const { stdout } = await shell.run(
        'invoke',
        'abroad',
        '--',
        '"$PSCulture $PSUICulture $((Get-Culture).Name)"; (1.5).ToString()',
      );
      expect(stdout).toBe('de-DE fr-FR de-DE\n1,5\n');
    }
  }, 60_000);

  test('P65 P40 a .pssc whose script asks at the start, where PowerShell would wait for ever, fails the opening at once', async () => {
    writeFileSync(machine.path('start.ps1'), "$global:who = Read-Host 'Who'");
    const pssc = machine.path('asks.pssc');
    writeFileSync(
      pssc,
      `@{
        SchemaVersion = '2.0.0.0'
        GUID = '5d0d2b3c-8f0a-4e6c-9c57-0b8b2d1f6f12'
        SessionType = 'Default'
        ScriptsToProcess = '${machine.path('start.ps1')}'
      }`,
    );
    await shell.runWith(
      `name: asks\nengine: powershell\nsession_configuration_file: ${pssc}\n`,
      'configuration',
      'register',
      '-',
    );
    expect(await shell.run('new', 'asked', '--configuration-name', 'asks')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('PowerShell takes no answer before its runspace is open') as never,
    });
  }, 60_000);

  test('P40 a .pssc keeps a session in its bounds', async () => {
    const pssc = machine.path('ops.pssc');
    writeFileSync(
      pssc,
      `@{
        SchemaVersion = '2.0.0.0'
        GUID = '5d0d2b3c-8f0a-4e6c-9c57-0b8b2d1f6f11'
        SessionType = 'RestrictedRemoteServer'
        LanguageMode = 'NoLanguage'
        FunctionDefinitions = @{ Name = 'Get-Answer'; ScriptBlock = { param($Add = 0) 42 + $Add } }
        VisibleFunctions = 'Get-Answer'
      }`,
    );
    await shell.runWith(
      `name: ops\nengine: powershell\nlanguage_mode: none\nsession_configuration_file: ${pssc}\n`,
      'configuration',
      'register',
      '-',
    );
    await shell.run('new', 'kept', '--configuration-name', 'ops');
    expect(await shell.run('invoke', 'kept', '--', 'Get-Answer -Add 1')).toMatchObject({
      code: 0,
      stdout: '43\n',
    });
    expect(await shell.run('invoke', 'kept', '--', 'Get-Process')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("'Get-Process' is not recognized") as never,
    });
    expect(await shell.run('invoke', 'kept', '--', '1 + 1')).toMatchObject({ code: 2 });
  }, 60_000);
});
