import type { HostReply } from '../../src/core/host-reply';
import type { HostCallRecord, StreamRecord } from '../../src/core/record';
import { stringValue, type Value } from '../../src/core/value';
import type { Engine, Invocation } from '../../src/engine/engine';
import { invocationOf, openForTest } from '../support/powershell';
import { describeWith } from '../support/requirements';

const int32 = (value: number): Value => ({ type: 'int32', value });
const value = (answer: Value): HostReply => ({ is: 'value', value: answer });
const text = (answer: string): HostReply => value(stringValue(answer));
const secure = (clear: string): Value => ({
  type: 'secureString',
  sealed: Buffer.from(clear, 'utf16le').toString('base64'),
});
const dictionary = (entries: Readonly<Record<string, Value>>): Value => ({
  type: 'dictionary',
  entries: Object.entries(entries).map(([key, each]) => [stringValue(key), each] as const),
});
const credential = (user: string, password: string): Value =>
  dictionary({ username: stringValue(user), Password: secure(password) });

const host = '[System.Management.Automation.Host.FieldDescription]';
/** What a field is in a script: `name`, `type` and more. */
const field = (name: string, type: string, more = ''): string =>
  `(& { $f = ${host}::new('${name}'); $f.SetParameterType([${type}]); ${more}; $f })`;
const prompting = (...fields: string[]): string =>
  `$Host.UI.Prompt('c', 'm', ${host.slice(0, -1)}[]](${fields.join(', ')}))`;
const choices = `[System.Management.Automation.Host.ChoiceDescription[]]([System.Management.Automation.Host.ChoiceDescription]::new('&Yes', 'do it'), '&No')`;
const clear = '[System.Net.NetworkCredential]::new("", $r).Password';

describeWith('powershell', 'P65 the host of a PowerShell session', () => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await openForTest();
  }, 60_000);

  afterAll(async () => {
    await engine.close();
  });

  interface Asked {
    readonly records: StreamRecord[];
    readonly calls: HostCallRecord[];
    /** What was wrong with replies. */
    readonly refusals: string[];
    readonly texts: string[];
  }

  /** Runs a script and gives each of its calls the next replies, until one fits. */
  async function asking(
    script: string,
    replies: HostReply[],
    more: Partial<Invocation> = {},
  ): Promise<Asked> {
    const records: StreamRecord[] = [];
    const calls: HostCallRecord[] = [];
    const refusals: string[] = [];
    for await (const batch of engine.invoke(invocationOf(script, more))) {
      records.push(...batch);
      for (const record of batch) {
        if (record.stream !== 'hostCall' || !record.needsResponse) continue;
        calls.push(record);
        while (!answer(record.callId, replies.shift() ?? { is: 'unanswered' }, refusals));
      }
    }
    const texts = records.flatMap((record) => (record.stream === 'output' ? [shown(record.value)] : []));
    return { records, calls, refusals, texts };
  }

  function answer(callId: bigint, reply: HostReply, refusals: string[]): boolean {
    try {
      engine.respond?.(callId, reply);
      return true;
    } catch (error) {
      refusals.push(String(error));
      return false;
    }
  }

  function shown(output: Value): string {
    if (output.type === 'enum') return output.text;
    return 'value' in output && typeof output.value !== 'object'
      ? String(output.value)
      : JSON.stringify(output);
  }

  test('a line, also one with what CLIXML has to escape, and only text is one', async () => {
    const odd = '  _x0041_ <&> \u{1f600}\ttab ';
    const { calls, refusals, texts } = await asking('$Host.UI.ReadLine()', [value(int32(7)), text(odd)]);
    expect(calls).toEqual([
      { stream: 'hostCall', callId: 1n, method: 'ReadLine', parameters: [], needsResponse: true },
    ]);
    expect([refusals, texts]).toEqual([[expect.stringContaining('ReadLine expects a string')], [odd]]);
  });

  test('a masked line is a SecureString, and plain text is refused', async () => {
    const script = `$r = $Host.UI.ReadLineAsSecureString(); $r.GetType().Name; ${clear}`;
    const { refusals, texts } = await asking(script, [text('open'), value(secure('ge heim'))]);
    expect([refusals, texts]).toEqual([
      [expect.stringContaining('expects a SecureString')],
      ['SecureString', 'ge heim'],
    ]);
  });

  test('a prompt has typed fields with help and defaults, and each must be answered as its type', async () => {
    const script = `$r = ${prompting(
      field('age', 'int', "$f.HelpMessage = 'in years'; $f.Label = '&Age'"),
      field('names', 'string[]'),
      field('pin', 'securestring'),
      field('place', 'string', "$f.DefaultValue = 'home'"),
    )}; $r['age'] + 1; $r['names'].Count; $r['pin'].GetType().Name; $r['place']`;
    const pin = secure('1');
    const names: Value = { type: 'list', items: [stringValue('a'), stringValue('b')] };
    const replies = [
      text('x'),
      value(dictionary({ age: stringValue('old'), names, pin })),
      value(dictionary({ age: int32(1), names, pin: stringValue('1') })),
      value(dictionary({ age: int32(1), names })),
      value(dictionary({ age: int32(1), names, pin, more: pin })),
      value(dictionary({ age: { type: 'int64', value: 2n ** 31n }, names, pin })),
      value(dictionary({ AGE: stringValue('41'), names, pin })),
    ];
    const { calls, refusals, texts } = await asking(script, replies);
    expect(refusals).toHaveLength(6);
    expect(refusals[0]).toContain(
      'Prompt expects a dictionary with a value for each field {age: System.Int32, names: System.String[], pin: System.Security.SecureString, place: System.String}',
    );
    expect(texts).toEqual(['42', '2', 'SecureString', 'home']);
    expect(calls[0]?.parameters).toMatchObject([
      stringValue('c'),
      stringValue('m'),
      {
        type: 'list',
        items: [
          {
            type: 'object',
            extended: expect.arrayContaining([
              { name: 'name', value: stringValue('age') },
              { name: 'label', value: stringValue('&Age') },
              { name: 'helpMessage', value: stringValue('in years') },
            ]),
          },
          {},
          {},
          {},
        ],
      },
    ]);
  });

  test('what Read-Host asks, one field, takes the value alone', async () => {
    const script = `$r = ${prompting(field('Name', 'string'))}; $r['Name']`;
    expect((await asking(script, [text('Ada')])).texts).toEqual(['Ada']);
  });

  test('a mandatory parameter that was left out is asked for', async () => {
    const script = 'function f { param([Parameter(Mandatory)][int]$Number) $Number * 2 }; f';
    const { calls, texts } = await asking(script, [value(dictionary({ Number: int32(21) }))]);
    expect([calls.map(({ method }) => method), texts]).toEqual([['Prompt'], ['42']]);
  });

  test('a credential, by both overloads, or none', async () => {
    const script =
      "$Host.UI.PromptForCredential('c', 'm', 'u', 't').GetNetworkCredential().Password; $Host.UI.PromptForCredential('c', 'm', 'u', 't', 'Default', 'Default').UserName; $null -eq $Host.UI.PromptForCredential('c', 'm', 'u', 't')";
    const { refusals, texts } = await asking(script, [
      value(dictionary({ UserName: stringValue('bob'), Password: stringValue('p') })),
      value(credential('bob', 'pass')),
      value(credential('eve', 'p')),
      value({ type: 'null' }),
    ]);
    expect([refusals, texts]).toEqual([[expect.stringContaining('UserName')], ['pass', 'eve', 'true']]);
  });

  test('a choice is the number of one that is offered', async () => {
    const script = `$Host.UI.PromptForChoice('c', 'm', ${choices}, 0)`;
    const { calls, refusals, texts } = await asking(script, [
      value(int32(2)),
      text('Yes'),
      value({ type: 'int64', value: 1n }),
    ]);
    expect(calls[0]?.parameters[3]).toEqual(int32(0));
    expect(refusals).toEqual([
      expect.stringContaining('PromptForChoice expects an integer, 0 for Yes, 1 for No'),
      expect.stringContaining('an integer'),
    ]);
    expect(texts).toEqual(['1']);
  });

  test('several choices are a list of their numbers', async () => {
    const script = `$Host.UI.PromptForChoice('c', 'm', ${choices}, [int[]](1)) -join ','`;
    const { calls, refusals, texts } = await asking(script, [
      value(int32(1)),
      value({ type: 'list', items: [int32(1), int32(0)] }),
    ]);
    expect(calls[0]).toMatchObject({
      method: 'PromptForChoiceMultipleSelection',
      parameters: [{}, {}, { type: 'list' }, { type: 'list', items: [int32(1)] }],
    });
    expect([refusals.length, texts]).toEqual([1, ['1,0']]);
  });

  test('ShouldProcess and ShouldContinue ask for a choice', async () => {
    const script =
      "function f { [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')] param() $PSCmdlet.ShouldProcess('x', 'drop'); $PSCmdlet.ShouldContinue('really?', 'caption') }; f";
    const { calls, texts } = await asking(script, [value(int32(0)), value(int32(1))]);
    expect(calls.map(({ method, parameters: [, , offered] }) => [method, offered?.type])).toEqual([
      ['PromptForChoice', 'list'],
      ['PromptForChoice', 'list'],
    ]);
    expect(texts).toEqual(['true', 'false']);
  });

  test('a key', async () => {
    const script =
      "$k = $Host.UI.RawUI.ReadKey('NoEcho,IncludeKeyDown'); $k.Character; $k.VirtualKeyCode; $k.KeyDown";
    const { refusals, texts } = await asking(script, [text('ab'), text('q')]);
    expect([refusals.length, texts[1], texts[2]]).toEqual([1, '81', 'true']);
  });

  test.each([
    ['a line', '$Host.UI.ReadLine().Length', '0'],
    ['a masked line', '$Host.UI.ReadLineAsSecureString().Length', '0'],
    ['a choice', `$Host.UI.PromptForChoice('c', 'm', ${choices}, 1)`, '1'],
    ['choices', `$Host.UI.PromptForChoice('c', 'm', ${choices}, [int[]](0, 1)) -join ','`, '0,1'],
    ['text fields', `(${prompting(field('a', 'string'))})['a'].Length`, '0'],
    ["a field's default", `(${prompting(field('a', 'int', '$f.DefaultValue = 9'))})['a']`, '9'],
  ])('by default %s is as if Enter had been pressed', async (_name, script, expected) => {
    expect((await asking(script, [{ is: 'default' }])).texts).toEqual([expected]);
  });

  test.each([
    ['a credential', "$Host.UI.PromptForCredential('c', 'm', 'u', 't')"],
    ['a choice without a default', `$Host.UI.PromptForChoice('c', 'm', ${choices}, -1)`],
    ['a number', prompting(field('a', 'int'))],
    ['a key', "$Host.UI.RawUI.ReadKey('NoEcho,IncludeKeyDown')"],
  ])('%s has no default: that is an error that the script can catch', async (_name, script) => {
    const { texts } = await asking(`try { ${script} } catch { $_.Exception.Message }; 'on'`, [
      { is: 'default' },
    ]);
    expect(texts).toEqual([expect.stringContaining('HOST_CALL_UNANSWERED'), 'on']);
  });

  test('nobody to answer, and a refusal, are errors that the script can catch', async () => {
    const script =
      "foreach ($i in 1, 2) { try { $Host.UI.ReadLine() } catch { $_.Exception.Message } }; 'on'";
    const { texts } = await asking(script, [{ is: 'unanswered' }, { is: 'refused', message: 'not now' }]);
    expect(texts).toEqual([
      expect.stringContaining('HOST_CALL_UNANSWERED: nobody is connected to answer ReadLine'),
      expect.stringContaining('not now'),
      'on',
    ]);
  });

  test('a call is answered once, and one that was never made not at all', async () => {
    const failures: unknown[] = [];
    const respond = (callId: bigint): void => {
      try {
        engine.respond?.(callId, text('x'));
      } catch (error) {
        failures.push(error);
      }
    };
    for await (const batch of engine.invoke(invocationOf('$Host.UI.ReadLine()'))) {
      if (!batch.some(({ stream }) => stream === 'hostCall')) continue;
      for (const id of [99n, 1n, 1n]) respond(id);
    }
    respond(1n);
    expect(failures).toMatchObject(Array(3).fill({ code: 'HOST_CALL_UNKNOWN' }));
  });

  test('P67 a stop ends a script that waits for an answer, and what its finally block asks is not waited for', async () => {
    const script = 'try { $Host.UI.ReadLine() } finally { try { $Host.UI.ReadLine() } catch { } }';
    let stoppedAt = 0;
    let final: StreamRecord | undefined;
    for await (const batch of engine.invoke(invocationOf(script))) {
      final = batch.at(-1);
      const call = batch.find((record) => record.stream === 'hostCall');
      if (call !== undefined && stoppedAt !== 0) engine.respond?.(call.callId, { is: 'unanswered' });
      if (call === undefined || stoppedAt !== 0) continue;
      stoppedAt = performance.now();
      engine.stop();
    }
    expect(final).toMatchObject({ stream: 'final', state: 'stopped' });
    expect(performance.now() - stoppedAt).toBeLessThan(5_000);
    expect((await asking('1', [])).texts).toEqual(['1']);
  });

  test('the screen is what was set last, and as large as the terminal of whoever runs the command', async () => {
    const script =
      '$Host.UI.RawUI.WindowTitle; $Host.UI.RawUI.WindowSize.Width; $Host.UI.RawUI.BufferSize.Height; $Host.UI.RawUI.KeyAvailable -eq $true; $Host.UI.RawUI.ForegroundColor; $Host.UI.RawUI.CursorPosition.X';
    expect((await asking(script, [])).texts).toEqual(['', '120', '50', 'false', 'Gray', '0']);
    const setting =
      "$Host.UI.RawUI.WindowTitle = 'neu'; $Host.UI.RawUI.ForegroundColor = 'Red'; $Host.UI.Write('r')";
    expect((await asking(setting, [])).records).toMatchObject([
      {
        stream: 'hostCall',
        method: 'SetWindowTitle',
        needsResponse: false,
        parameters: [stringValue('neu')],
      },
      { stream: 'hostCall', method: 'SetForegroundColor', needsResponse: false, parameters: [int32(12)] },
      { stream: 'information', message: 'r', host: { foreground: 12, noNewLine: true } },
      { stream: 'final' },
    ]);
    const terminal = { columns: 77, rows: 11 };
    expect((await asking(script, [], { terminal })).texts).toEqual(['neu', '77', '11', 'false', 'Red', '0']);
    await asking("$Host.UI.RawUI.ForegroundColor = 'Gray'", []);
  });

  test('P30 exit N is the exit code, and the session goes on', async () => {
    expect((await asking('exit 7', [])).records).toMatchObject([{ state: 'completed', exitCode: 7 }]);
    expect((await asking('2', [])).texts).toEqual(['2']);
  });
});
