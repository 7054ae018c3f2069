import type { Session } from '../../clients/typescript';
import { describeWith, powershellForTests } from '../support/requirements';
import { serve, valuesOf } from './support/served';

describeWith('powershell', 'PowerShell sessions that are kept in bounds', () => {
  const served = serve({ powershell: powershellForTests() ?? 'minimal' });

  const functions = [
    'startup_script: |',
    '  function Get-Greeting { param($Name = \'world\', [switch]$Loud) if ($Loud) { "HELLO $Name" } else { "hello $Name" } }',
    '  function Get-Kind { param($Value) foreach ($one in $Value) { if ($null -eq $one) { "null" } else { $one.GetType().Name } } }',
    '  function Get-Hidden { "hidden" }',
    '  function Get-Inner { Get-Hidden }',
    '  function Join-All { begin { $all = @() } process { $all += "<$_>" } end { $all -join "" } }',
    '  function Write-Three { 1; 2; 3 }',
  ];

  async function opened(name: string, ...lines: readonly string[]): Promise<Session> {
    await served.client.configurations.register(
      [`name: ${name}`, 'engine: powershell', ...lines, ...functions].join('\n'),
    );
    return served.client.sessions.create({ name, configuration: name });
  }

  /** The reason and the message of a command that is refused, or of one that fails. */
  async function failure(session: Session, script: string): Promise<string> {
    try {
      let error = '';
      for await (const record of session.invoke(script).records()) {
        if (record.stream === 'error') error ||= record.message;
        if (record.stream === 'final') return error === '' ? 'none' : `failed ${error}`;
      }
      return 'no final record';
    } catch (error) {
      return `refused ${String(Reflect.get(Object(error), 'reason'))} ${String(error)}`;
    }
  }

  describe('with no language', () => {
    let session: Session;
    beforeAll(async () => {
      session = await opened(
        'none',
        'language_mode: none',
        "visible_commands: ['Get-*', Join-All, Write-Three]",
        '',
      );
    }, 60_000);

    test.each([
      ['Get-Greeting', ['hello world']],
      ["Get-Greeting 'people'", ['hello people']],
      ['Get-Greeting -Name "a `"b`" c" -Loud', ['HELLO a "b" c']],
      ['Get-Greeting -Loud x', ['HELLO x']],
      ['Get-Greeting -Loud:$false x', ['hello x']],
      ['get-greeting -na y', ['hello y']],
      [
        'Get-Kind 5, 5000000000, 1.5, x, $true, $null, 0x10, 2kb',
        ['Int32', 'Int64', 'Double', 'String', 'Boolean', 'null', 'Int32', 'Int32'],
      ],
      ['Write-Three | Join-All', ['<1><2><3>']],
      ['Write-Three |\n  Join-All # all of them', ['<1><2><3>']],
    ])('P40 %j is sent as commands', async (script, expected) => {
      expect(await valuesOf(session, script)).toEqual(expected);
    });

    test.each([
      '1 + 1',
      '$x = 1',
      '$env:PATH',
      'Get-Greeting; Get-Greeting',
      '& { Get-Greeting }',
      'Get-Greeting (Get-Greeting)',
      'Get-Greeting "$HOME"',
      'if ($true) { 1 }',
      '[Environment]::Exit(1)',
      'Get-Greeting > /tmp/x',
      '. Get-Greeting',
    ])('P40 %j is refused, which says why', async (script) => {
      expect(await failure(session, script)).toMatch(/refused INVALID_ARGUMENT.*only commands/);
    });

    test('P40 commands that are not visible, and programs, are not there; visible functions may call them', async () => {
      for (const script of ['Import-Module x', '/bin/ls', 'ls', 'Invoke-Expression 1', 'Remove-Everything'])
        expect(await failure(session, script)).toMatch(/^failed /);
      expect(await valuesOf(session, 'Get-Inner')).toEqual(['hidden']);
    });

    test('P10 P40 values for $Using: and preferences need a language, and say so', async () => {
      for (const options of [{ using: { x: 1 } }, { preferences: { error: 'Stop' } }] as const) {
        const pipeline = session.invoke('Get-Greeting', options);
        await expect(pipeline.started).rejects.toMatchObject({
          reason: 'UNSUPPORTED',
          message: expect.stringContaining('the language of this session is off') as never,
        });
      }
    });

    test('P40 arguments of the call are those of the one command', async () => {
      const pipeline = session.invoke('Get-Greeting', { arguments: ['you'] });
      const values: unknown[] = [];
      for await (const value of pipeline.values()) values.push(value);
      expect(values).toEqual(['hello you']);
    });

    test('P40 a reset lifts nothing', async () => {
      await served.client.sessions.reset('none');
      expect(await failure(session, '1 + 1')).toMatch(/refused/);
      expect(await failure(session, 'Import-Module x')).toMatch(/^failed /);
      expect(await valuesOf(session, 'Get-Greeting')).toEqual(['hello world']);
    });
  });

  test('P40 a constrained language has its own types only; its functions stay', async () => {
    const session = await opened('constrained', 'language_mode: constrained');
    expect(await valuesOf(session, '1 + 1; Get-Greeting')).toEqual([2, 'hello world']);
    expect(await failure(session, '[System.IO.File]::ReadAllText("/etc/passwd")')).toMatch(/^failed /);
    expect(await failure(session, '$ExecutionContext.SessionState.LanguageMode = "FullLanguage"')).toMatch(
      /failed/,
    );
    await served.client.sessions.reset('constrained');
    expect(await failure(session, '[System.IO.File]::ReadAllText("/etc/passwd")')).toMatch(/^failed /);
  });

  test('P40 a restricted language runs commands and basic operators', async () => {
    const session = await opened('restricted', 'language_mode: restricted');
    expect(await valuesOf(session, 'Get-Greeting')).toEqual(['hello world']);
    expect(await failure(session, 'foreach ($i in 1) { $i }')).toMatch(/^failed /);
  });

  test('P40 visible commands with the full language: others are not found by name', async () => {
    const session = await opened('visible', 'visible_commands: [Get-Greeting, Get-Inner]');
    expect(await valuesOf(session, '1; Get-Greeting; Get-Inner')).toEqual([1, 'hello world', 'hidden']);
    expect(await failure(session, 'Get-Hidden')).toMatch(/^failed /);
  });

  test('P40 callers can not set variables that make programs run code', async () => {
    const wanted = { configuration: 'none', environment: { LD_PRELOAD: '/tmp/x.so' } };
    await expect(served.client.sessions.create(wanted)).rejects.toMatchObject({
      reason: 'INVALID_ARGUMENT',
      metadata: { variable: 'LD_PRELOAD' },
    });
  });

  test('P40 modules are imported before the start-up script; one that is missing fails the opening', async () => {
    await served.client.configurations.register(
      'name: no-module\nengine: powershell\nmodules: [NoSuchModuleOfOurs]',
    );
    await expect(served.client.sessions.create({ configuration: 'no-module' })).rejects.toMatchObject({
      reason: 'ENGINE_START_FAILED',
      message: expect.stringMatching(/import of its modules.*NoSuchModuleOfOurs/),
    });
  });

  test('P40 an error that does not end the start-up script fails the opening too', async () => {
    const script = 'startup_script: Import-Module NoSuchModuleOfOurs; 5';
    await served.client.configurations.register(`name: errs\nengine: powershell\n${script}`);
    await expect(served.client.sessions.create({ configuration: 'errs' })).rejects.toMatchObject({
      reason: 'ENGINE_START_FAILED',
      message: expect.stringContaining('NoSuchModuleOfOurs'),
    });
  });
});
