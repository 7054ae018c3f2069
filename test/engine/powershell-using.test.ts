import type { StreamRecord } from '../../src/core/record';
import { stringValue, type Value } from '../../src/core/value';
import type { Engine } from '../../src/engine/engine';
import { displayText } from '../../src/psrp/records';
import { openForTest, run } from '../support/powershell';
import { describeWith } from '../support/requirements';

const int32 = (value: number): Value => ({ type: 'int32', value });
const list = (...items: Value[]): Value => ({ type: 'list', items });
const table = (...entries: [string, Value][]): Value => ({
  type: 'dictionary',
  entries: entries.map(([key, value]) => [stringValue(key), value]),
});

function texts(records: readonly StreamRecord[]): string[] {
  return records.flatMap((record) => (record.stream === 'output' ? [displayText(record.value)] : []));
}

jest.setTimeout(60_000);

describeWith('powershell', '$Using: in PowerShell', () => {
  let engine: Engine;
  const using = (script: string, ...usingValues: [string, Value][]) => run(engine, script, { usingValues });

  beforeAll(async () => {
    engine = await openForTest();
  });
  afterAll(async () => {
    await engine.close();
  });

  test('P13 a value takes the place of its variable, in any case and anywhere in the script', async () => {
    const script = '$Using:Log; $USING:log; ${Using:Log}; "<$using:lOg>"; & { $Using:Log }';
    expect(texts(await using(script, ['log', stringValue('L')]))).toEqual(['L', 'L', 'L', '<L>', 'L']);
  });

  test('P13 members and indexes come from their variable, or from a value of their own', async () => {
    const values: [string, Value][] = [
      ['x', stringValue('four')],
      ['list', list(int32(7), int32(8), int32(9))],
      ['h', table(['k', stringValue('in h')], ['deep', table(['er', list(int32(1), int32(2))])])],
    ];
    const script =
      "$Using:x.Length; $Using:list[1]; $Using:list[-1]; $Using:list.Length; $Using:h['k']; $Using:h.k; $Using:h.deep.er[1]; $Using:x";
    expect(texts(await using(script, ...values))).toEqual(['4', '8', '9', '3', 'in h', 'in h', '2', 'four']);
    expect(texts(await using(script.slice(0, 15), ['x.Length', int32(99)]))).toEqual(['99']);
    expect(texts(await using("$Using:h['k']", ["h['k']", int32(5)]))).toEqual(['5']);
  });

  test('P13 a table is splatted', async () => {
    const script = 'function Show($A, $B) { "$A-$B" }; Show @Using:splat';
    const values: [string, Value] = ['splat', table(['B', int32(2)], ['A', int32(1)])];
    expect(texts(await using(script, values))).toEqual(['1-2']);
  });

  test('P13 arguments and $Using: stand side by side, and values are typed copies', async () => {
    const script = 'param($a) "$a"; ($Using:n).GetType().Name; ($args -join ",")';
    const records = await run(engine, script, {
      arguments: [{ value: stringValue('first') }, { value: int32(2) }],
      usingValues: [['n', { type: 'int64', value: 5n }]],
    });
    expect(texts(records)).toEqual(['first', 'Int64', '2']);
  });

  test('P13 what has no value is named, all of it, before anything runs', async () => {
    const records = await using('$global:ran = 1; $Using:one; $Using:two.Length; $Using:there', [
      'there',
      int32(1),
    ]);
    expect(records).toMatchObject([
      { stream: 'error', fullyQualifiedErrorId: 'UsingVariableIsUndefined' },
      { stream: 'final', state: 'failed', reason: { code: 'USING_VARIABLE_UNDEFINED' } },
    ]);
    const [, final] = records;
    expect(final?.stream === 'final' && final.reason?.facts).toEqual({
      names: 'one, two.Length',
      fully_qualified_id: 'UsingVariableIsUndefined',
    });
    expect(texts(await run(engine, '"$ran"'))).toEqual(['']);
  });

  test('P13 a null is a value', async () => {
    expect(texts(await using('$null -eq $Using:nothing', ['nothing', { type: 'null' }]))).toEqual(['True']);
  });

  test('P13 an expression that does something is refused as PowerShell does', async () => {
    const records = await using('$Using:x.ToString()', ['x', int32(1)]);
    expect(records.at(-1)).toMatchObject({ state: 'failed', reason: { code: 'SCRIPT_FAILED' } });
    expect(records).toMatchObject([{ stream: 'error' }, { stream: 'final' }]);
  });

  test('P13 a syntax error is told as ever', async () => {
    const records = await using('$Using:x; if (', ['x', int32(1)]);
    expect(records).toMatchObject([
      { stream: 'error', fullyQualifiedErrorId: 'IfStatementMissingCondition' },
      { stream: 'final', state: 'failed' },
    ]);
  });

  test('P13 a block that looks values up by itself keeps its own', async () => {
    const script = 'function Invoke-Command { "mine" }; Invoke-Command -ScriptBlock { $Using:local }';
    expect(texts(await using(script))).toEqual(['mine']);
  });

  test('P13 looking for the expressions leaves no trace', async () => {
    await run(engine, '$Error.Clear(); $global:LASTEXITCODE = 7');
    await using('$Using:x.Length', ['x', int32(1)]);
    const script =
      '$Error.Count; $LASTEXITCODE; @(Get-History).Count; "$steps$values$root$errors$text$isUsing$lookers"';
    expect(texts(await run(engine, script))).toEqual(['0', '7', '0', '']);
  });

  test('P13 where the language forbids to parse, the given names are taken as they are written', async () => {
    const limited = await openForTest();
    try {
      await run(limited, '$ExecutionContext.SessionState.LanguageMode = "ConstrainedLanguage"');
      const records = await run(limited, '$Using:Name; ${Using:name}', { usingValues: [['name', int32(3)]] });
      expect(texts(records)).toEqual(['3', '3']);
    } finally {
      await limited.close();
    }
  });
});
