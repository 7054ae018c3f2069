import { describeWith, powershellForTests } from '../support/requirements';
import { short } from './support/raw';
import { serve, valuesOf } from './support/served';

describe('a session of another engine', () => {
  const served = serve({});

  test('P37 says what it can do, and completes what it has', async () => {
    const js = await served.client.sessions.create({ name: 'js', engine: 'javascript' });
    expect(await served.client.sessions.describe('js')).toMatchObject({
      engine: 'javascript',
      language: 'JavaScript',
      reset: false,
      completeInput: true,
      input: true,
    });
    await valuesOf(js, 'let shoeBox = { size: 4 }');
    expect(await served.client.sessions.complete('js', '1 + shoeBox.si, 2', { cursor: 14 })).toEqual({
      completions: ['size'],
      replaceFrom: 12,
      replaceTo: 14,
    });
    await expect(served.client.sessions.describe('nowhere')).rejects.toMatchObject({
      reason: 'SESSION_NOT_FOUND',
    });
  });
});

describeWith('powershell', 'a PowerShell session', () => {
  const served = serve({ powershell: powershellForTests() ?? 'minimal' });

  beforeAll(async () => {
    await served.client.sessions.create({ name: 'ps', engine: 'powershell' });
  }, 60_000);

  async function ran(script: string): Promise<string[]> {
    const { id } = await served.calls.start('ps', script);
    const { records } = await served.calls.receive('ps', { pipeline: id, afterSequence: 0n });
    return records.map(short);
  }

  test('P37 describes what its engine can do', async () => {
    expect(await served.client.sessions.describe('ps')).toMatchObject({
      language: 'PowerShell',
      engineVersion: expect.stringMatching(/^\d+\.\d+/) as string,
      reset: true,
      completeInput: true,
      usingValues: true,
    });
  });

  test('P37 completes commands, variables and members of what lives in it, at any place, without a trace', async () => {
    await ran(
      'function global:Get-Shoes { param($Size, [switch]$Suede) }; $shoeBox = "text"; $Error.Clear()',
    );
    const { sessions } = served.client;
    expect(await sessions.complete('ps', '1; Get-Sh')).toEqual({
      completions: ['Get-Shoes'],
      replaceFrom: 3,
      replaceTo: 9,
    });
    expect((await sessions.complete('ps', 'Get-Shoes -S')).completions).toEqual(['-Size', '-Suede']);
    expect((await sessions.complete('ps', '$shoeB')).completions).toEqual(['$shoeBox']);
    // PowerShell's own completion of members fails in the bundled host: it offers nothing there.
    expect(['Length', '']).toContain((await sessions.complete('ps', '$shoeBox.Len')).completions.join());
    expect((await sessions.complete('ps', '$shoeB + 1', { cursor: 6 })).completions).toEqual(['$shoeBox']);
    expect((await sessions.complete('ps', '$__run')).completions).toEqual([]);
    expect((await sessions.complete('ps', '')).replaceTo).toBe(0);
    expect(await ran('$Error.Count; @(Get-History).Count')).toEqual([
      '1 output 0',
      '2 output 0',
      '3 final completed',
    ]);
  });

  test('P37 completes nothing while a command runs, and a cursor must be in the text', async () => {
    await expect(served.client.sessions.complete('ps', 'x', { cursor: 2 })).rejects.toMatchObject({
      reason: 'INVALID_ARGUMENT',
    });
    const { id } = await served.calls.start('ps', '"begun"; while ($true) { [Threading.Thread]::Sleep(5) }');
    await expect(served.client.sessions.complete('ps', 'Get-Sh')).rejects.toMatchObject({
      reason: 'SESSION_BUSY',
      metadata: { pipeline: id },
    });
    await served.calls.stop('ps', { pipeline: id });
    expect((await served.client.sessions.complete('ps', 'Get-Sh')).completions).toEqual(['Get-Shoes']);
  });
});
