import { setTimeout as delay } from 'node:timers/promises';
import type { StreamRecord } from '../../src/core/record';
import type { Engine, Preferences } from '../../src/engine/engine';
import { propertyOf, textOf } from '../../src/psrp/clixml/properties';
import { displayText } from '../../src/psrp/records';
import { invocationOf, openForTest, run } from '../support/powershell';
import { describeWith } from '../support/requirements';

function shown(records: readonly StreamRecord[]): string[] {
  return records.map((record) => {
    if (record.stream === 'output') return `output ${displayText(record.value)}`;
    if (record.stream === 'final') return `final ${record.state}`;
    return 'message' in record ? `${record.stream} ${record.message}` : record.stream;
  });
}

const allNames = ['Verbose', 'Debug', 'ErrorAction', 'Warning', 'Information', 'Progress'];
const allPreferences = allNames.map((name) => `"$${name}Preference"`).join('; ');

jest.setTimeout(60_000);

describeWith('powershell', 'preferences of one command', () => {
  let engine: Engine;
  const withPreferences = (script: string, preferences: Preferences) => run(engine, script, { preferences });

  beforeAll(async () => {
    engine = await openForTest();
    const speaker =
      'function global:Speak { [CmdletBinding()] param() $PSCmdlet.WriteVerbose("v"); $PSCmdlet.WriteDebug("d"); $PSCmdlet.WriteWarning("w") }';
    const module =
      '$m = New-Module { function SpeakInside { [CmdletBinding()] param() $PSCmdlet.WriteVerbose("module") } }; Import-Module $m -Global';
    await run(engine, `${speaker}; ${module}`);
  });
  afterAll(async () => {
    await engine.close();
  });

  test('P29 streams that are silent by themselves speak, in functions and modules too, for one command', async () => {
    const script = 'Speak; SpeakInside';
    expect(shown(await run(engine, script))).toEqual(['warning w', 'final completed']);
    const preferences = { verbose: 'Continue', debug: 'Continue', warning: 'SilentlyContinue' } as const;
    expect(shown(await withPreferences(script, preferences))).toEqual([
      'verbose v',
      'debug d',
      'verbose module',
      'final completed',
    ]);
    expect(shown(await run(engine, script))).toEqual(['warning w', 'final completed']);
  });

  test('P29 ErrorAction Stop ends the command at its first error, Ignore leaves none', async () => {
    const script = '$Error.Clear(); Get-Command there-is-none; "after"; "$($Error.Count)"';
    expect(shown(await run(engine, script))).toEqual([
      expect.stringContaining('error The term') as string,
      'output after',
      'output 1',
      'final completed',
    ]);
    expect(shown(await withPreferences(script, { error: 'Stop' }))).toEqual([
      expect.stringContaining('there-is-none') as string,
      'final failed',
    ]);
    const ignored = ['output after', 'output 0', 'final completed'];
    expect(shown(await withPreferences(script, { error: 'Ignore' }))).toEqual(ignored);
    const silent = ['output after', 'output 1', 'final completed'];
    expect(shown(await withPreferences(script, { error: 'SilentlyContinue' }))).toEqual(silent);
  });

  test('P29 the session has its own back after a failure, a stop, and what a script set for good stays', async () => {
    const before = shown(await run(engine, allPreferences));
    const preferences = {
      verbose: 'Continue',
      error: 'Stop',
      information: 'Continue',
      progress: 'Ignore',
    } as const;
    await withPreferences('throw "failed"', preferences);
    expect(shown(await run(engine, allPreferences))).toEqual(before);

    const stopped: StreamRecord[] = [];
    for await (const records of engine.invoke(invocationOf('"begun"; while ($true) {}', { preferences }))) {
      stopped.push(...records);
      if (records.some(({ stream }) => stream === 'output')) engine.stop();
    }
    expect(shown(stopped)).toEqual(['output begun', 'final stopped']);
    expect(shown(await run(engine, allPreferences))).toEqual(before);

    await withPreferences('$DebugPreference = "Continue"', {
      debug: 'SilentlyContinue',
      verbose: 'Continue',
    });
    expect(shown(await run(engine, '"$DebugPreference $VerbosePreference"'))[0]).toBe(
      'output Continue SilentlyContinue',
    );
    await run(engine, '$DebugPreference = "SilentlyContinue"');
  });

  test('P29 a stop at any moment leaves the session as it was', async () => {
    const before = shown(await run(engine, allPreferences));
    for (let ms = 0; ms <= 24; ms += 4) {
      const running = withPreferences('1', { verbose: 'Continue', error: 'Stop' });
      await delay(ms);
      engine.stop();
      expect(shown(await running).at(-1)).toMatch(/^final (stopped|completed)$/);
    }
    expect(shown(await run(engine, allPreferences))).toEqual(before);
  });

  test('P29 a consumer that leaves early leaves nothing behind', async () => {
    const before = shown(await run(engine, allPreferences));
    const invocation = invocationOf('1; 2', { preferences: { error: 'Stop' } });
    const batches = engine.invoke(invocation)[Symbol.asyncIterator]();
    await batches.next();
    await batches.return?.();
    expect(shown(await run(engine, allPreferences))).toEqual(before);
  });

  test('invocation info comes where it is asked for', async () => {
    const script = '\n$PSCmdlet\nGet-Command there-is-none';
    const line = (records: readonly StreamRecord[]): string | undefined => {
      const error = records.find((record) => record.stream === 'error');
      const lineNumber = propertyOf(error?.value, 'InvocationInfo_ScriptLineNumber');
      return lineNumber === undefined ? undefined : displayText(lineNumber);
    };
    expect(line(await run(engine, script))).toBeUndefined();
    expect(line(await run(engine, script, { invocationInfo: true }))).toBe('3');
    const warned = await run(engine, '\nSpeak', {
      invocationInfo: true,
      preferences: { verbose: 'Continue' },
    });
    const places = warned.flatMap((record) =>
      record.stream === 'verbose' || record.stream === 'warning'
        ? [textOf(propertyOf(record.invocation, 'InvocationInfo_InvocationName')) ?? record.stream]
        : [],
    );
    expect(places).toEqual(['Speak', 'Speak']);
  });
});
