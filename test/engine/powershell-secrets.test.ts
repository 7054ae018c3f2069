import type { StreamRecord } from '../../src/core/record';
import { stringValue, type Value } from '../../src/core/value';
import type { Engine, Invocation } from '../../src/engine/engine';
import { openPowerShell } from '../../src/engine/powershell/open';
import { displayText } from '../../src/psrp/records';
import { spawnStdio } from '../../src/transport/stdio';
import { engineOptions, run } from '../support/powershell';
import { describeWith } from '../support/requirements';

// A machine that is busy takes seconds to start a PowerShell.
jest.setTimeout(60_000);

function secureString(text: string): Value {
  return { type: 'secureString', sealed: Buffer.from(text, 'utf16le').toString('base64') };
}

function credential(userName: string, password: string): Value {
  return {
    type: 'object',
    typeNames: ['System.Management.Automation.PSCredential', 'System.Object'],
    text: 'System.Management.Automation.PSCredential',
    adapted: [
      { name: 'UserName', value: stringValue(userName) },
      { name: 'Password', value: secureString(password) },
    ],
    extended: [],
  };
}

async function* inputOf(...values: readonly Value[]): AsyncGenerator<Value> {
  yield* values;
}

const clearText = '[System.Net.NetworkCredential]::new("", $s).Password';
const someText = 'p4ss "wörd" \u{1f511} <&>';

describeWith('powershell', 'secure strings of a PowerShell', () => {
  describe.each(['2.2', '2.3', '2.4'] as const)('that speaks version %s', (offeredVersion) => {
    let engine: Engine;

    beforeAll(async () => {
      engine = await openPowerShell(engineOptions(), { spawn: spawnStdio, offeredVersion });
    });
    afterAll(async () => {
      await engine.close();
    });

    async function outputs(script: string, more: Partial<Invocation> = {}): Promise<Value[]> {
      const records: readonly StreamRecord[] = await run(engine, script, more);
      expect(records.at(-1)).toEqual({ stream: 'final', state: 'completed' });
      return records.flatMap((record) => (record.stream === 'output' ? [record.value] : []));
    }

    test('P66 comes out of a session that was sent none before', async () => {
      const script = '$s = [securestring]::new(); "first".ToCharArray().ForEach({ $s.AppendChar($_) }); $s';
      expect(await outputs(script)).toEqual([secureString('first')]);
    });

    test.each([
      ['a text', someText],
      ['half a surrogate pair', 'a\ud83d'],
      ['the empty text', ''],
      ['a long text', 'x'.repeat(65_000)],
    ])('P66 %s goes there as a SecureString and comes back', async (_, text) => {
      const script = `param($s) $s.GetType().FullName; $s.Length; ${clearText}; $s`;
      const [type, length, clear, back] = await outputs(script, {
        arguments: [{ value: secureString(text) }],
      });
      expect(type).toEqual(stringValue('System.Security.SecureString'));
      expect(length).toEqual({ type: 'int32', value: text.length });
      expect(clear).toEqual(stringValue(text));
      expect(back).toEqual(secureString(text));
    });

    test('P66 goes by name, inside other values, and as pipeline input', async () => {
      const inside: Value = {
        type: 'dictionary',
        entries: [[stringValue('k'), { type: 'list', items: [secureString('in')] }]],
      };
      const script = `param($Table, $Named) $all = @($Table.k[0], $Named) + @($input); foreach ($s in $all) { ${clearText} }`;
      const values = await outputs(script, {
        arguments: [{ value: inside }, { name: 'Named', value: secureString('named') }],
        input: inputOf(secureString('piped 1'), secureString('piped 2')),
      });
      expect(values.map(displayText)).toEqual(['in', 'named', 'piped 1', 'piped 2']);
    });

    test('P66 a PSCredential is one on both sides', async () => {
      const script = 'param([pscredential] $c) $c.GetType().FullName; $c.GetNetworkCredential().Password; $c';
      const [type, clear, back] = await outputs(script, {
        arguments: [{ value: credential('ann', someText) }],
      });
      expect(type).toEqual(stringValue('System.Management.Automation.PSCredential'));
      expect(clear).toEqual(stringValue(someText));
      expect(back).toMatchObject({
        type: 'object',
        typeNames: ['System.Management.Automation.PSCredential', 'System.Object'],
        adapted: expect.arrayContaining([
          { name: 'UserName', value: stringValue('ann') },
          { name: 'Password', value: secureString(someText) },
        ]) as unknown,
      });
    });

    test('P66 stays one in information and in the error that ends a command', async () => {
      const script = `param($s) $PSCmdlet.WriteInformation([pscustomobject]@{ Secret = $s }, 'tag')
        throw [System.Management.Automation.ErrorRecord]::new([Exception]::new('no'), 'Id', 'NotSpecified', $s)`;
      const records = await run(engine, `[CmdletBinding()] ${script}`, {
        arguments: [{ value: secureString('kept') }],
      });
      expect(JSON.stringify(records.find(({ stream }) => stream === 'information'))).toContain(
        JSON.stringify(secureString('kept')),
      );
      expect(records.find(({ stream }) => stream === 'error')).toMatchObject({
        targetObject: secureString('kept'),
      });
      expect(records.at(-1)).toMatchObject({ stream: 'final', state: 'failed' });
    });
  });
});
