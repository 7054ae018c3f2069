import { short } from './support/raw';
import { describeWith, powershellForTests } from '../support/requirements';
import { serve } from './support/served';

describe('options of a session', () => {
  const served = serve({});

  test('P53 a command that writes more than MaximumReceivedDataSizePerCommand ends, and the next one prints 1', async () => {
    await served.client.sessions.create({
      name: 'small',
      engine: 'javascript',
      options: { maximumReceivedDataSizePerCommand: 1024 * 1024 },
    });
    for (const script of ['"x".repeat(2 * 1024 * 1024)', 'for (;;) console.log("y".repeat(1000))']) {
      const { id } = await served.calls.start('small', script);
      const { records } = await served.calls.receive('small', { pipeline: id, afterSequence: 0n });
      const body = records.at(-1)?.body;
      expect(body?.$case === 'final' && body.value.problem).toMatchObject({
        reason: 'DATA_TOO_LARGE',
        message: expect.stringContaining('MaximumReceivedDataSizePerCommand') as string,
        metadata: { option: 'MaximumReceivedDataSizePerCommand', limit: '1048576' },
      });
    }
    const { id } = await served.calls.start('small', '1');
    const { records } = await served.calls.receive('small', { pipeline: id, afterSequence: 0n });
    expect(records.map(({ body }) => body?.$case)).toEqual(['output', 'final']);
  });

  test('P56 an option without effect is told, with what has no use for it', async () => {
    const { info } = await served.client.sessions.create({
      engine: 'javascript',
      options: { maximumConnectionRetryCount: 7, culture: 'de-DE' },
    });
    expect(info.options?.maximumConnectionRetryCount).toBe(7);
    expect(info.optionWarnings).toMatchObject([
      {
        reason: 'OPTION_HAS_NO_EFFECT',
        metadata: { option: 'MaxConnectionRetryCount', transport: 'local' },
      },
      { reason: 'OPTION_HAS_NO_EFFECT', metadata: { option: 'Culture', engine: 'javascript' } },
    ]);
  });

  test.each([
    ['culture', { culture: 'not a culture!' }, 'Culture'],
    ['cancelTimeoutMs', { maximumReceivedDataSizePerCommand: 5 }, 'MaximumReceivedDataSizePerCommand'],
  ])('P57 %s out of bounds is refused by name', async (_what, options, name) => {
    await expect(served.client.sessions.create({ engine: 'javascript', options })).rejects.toMatchObject({
      reason: 'OPTION_OUT_OF_RANGE',
      metadata: { option: name },
    });
  });
});

describeWith('powershell', 'options of a PowerShell session', () => {
  const served = serve({ powershell: powershellForTests() ?? 'minimal' });

  test('P56 Culture and UICulture are those of every command', async () => {
    await served.client.sessions.create({
      name: 'abroad',
      engine: 'powershell',
      options: { culture: 'ja-JP', uiCulture: 'fr-FR' },
    });
    const { info } = await served.client.sessions.get('abroad');
    expect(info.optionWarnings).toEqual([]);
    for (let times = 0; times < 2; times++) {
      const { id } = await served.calls.start('abroad', '"$PSCulture $PSUICulture"');
      const { records } = await served.calls.receive('abroad', { pipeline: id, afterSequence: 0n });
      expect(records.map(short)).toEqual(['1 output "ja-JP fr-FR"', '2 final completed']);
    }
  }, 60_000);

  test('P52 a stop waits for CancelTimeout and no longer', async () => {
    await served.client.sessions.create({
      name: 'hasty',
      engine: 'powershell',
      options: { cancelTimeoutMs: 100 },
    });
    const session = await served.client.sessions.get('hasty');
    const pipeline = session.invoke('"begun"; [Threading.Thread]::Sleep(4000)');
    const batches = pipeline.batches();
    await batches.next(); // It has begun.
    const { problem } = await pipeline.stop();
    expect(problem).toMatchObject({
      reason: 'STOP_UNANSWERED',
      message: expect.stringContaining('0.1 s') as string,
    });
    while ((await batches.next()).done !== true); // The session can be closed without killing it.
  }, 60_000);
});
