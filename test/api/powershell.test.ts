import type { Session } from '../../clients/typescript';
import { allStreams } from '../support/powershell-scripts';
import { describeWith, powershellForTests } from '../support/requirements';
import { filesHolding, formsOf } from '../support/traces';
import { short } from './support/raw';
import { serve } from './support/served';

describeWith('powershell', 'a PowerShell session over the API', () => {
  const served = serve({ powershell: powershellForTests() ?? 'minimal' });
  let session: Session;

  beforeAll(async () => {
    session = await served.client.sessions.create({ name: 'ps', engine: 'powershell' });
  }, 60_000);

  async function ran(script: string): Promise<string[]> {
    const { id } = await served.calls.start('ps', script);
    const { records } = await served.calls.receive('ps', { pipeline: id, afterSequence: 0n });
    return records.map(short);
  }

  test('P60 P62 all streams arrive typed, in the order in which they were written, and say where they come from', async () => {
    const { id } = await served.calls.start('ps', allStreams);
    const { records, events } = await served.calls.receive('ps', { pipeline: id, afterSequence: 0n });
    const [snapshot] = events;
    expect(records.map(short)).toEqual([
      '1 output 1',
      '2 verbose v',
      '3 warning w',
      '4 debug d',
      '5 information i',
      '6 progress',
      '7 error e',
      '8 output 2',
      '9 final completed',
    ]);
    expect(snapshot?.$case === 'snapshot' ? snapshot.value.runspaceId : '').toBe(session.info.runspaceId);
  });

  test('P67 a loop and a sleeping program end within a second of a stop, then 1 prints 1', async () => {
    for (const script of ['while ($true) { }', '/bin/sleep 60']) {
      const watch = served.calls.watch(['ps']);
      const { id } = await served.calls.start('ps', script);
      await watch.next('session', ({ value }) => value.runningPipelineId === id);
      watch.cancel();
      const before = Date.now();
      const { pipeline } = await served.calls.stop('ps', { pipeline: id });
      expect([pipeline?.state, Date.now() - before < 5_000]).toEqual([4, true]);
    }
    expect(await ran('1')).toEqual(['1 output 1', '2 final completed']);
  });

  test('P68 $null is one null record, and no output is none', async () => {
    expect(await ran('$null')).toEqual(['1 output {}', '2 final completed']);
    expect(await ran('$x = 1')).toEqual(['1 final completed']);
  });

  test('a script that can not be parsed fails with an error record, and the session goes on', async () => {
    const records = await ran('if (');
    expect(records.at(-1)).toMatch(/^2 final failed/);
    expect(records[0]).toMatch(/^1 error /);
    expect(await ran('2')).toEqual(['1 output 2', '2 final completed']);
  });

  test("what a program writes on standard output, which is the protocol's, becomes a warning and breaks nothing", async () => {
    const noise = '[Console]::OpenStandardOutput().Write([byte[]](110, 111, 105, 115, 101, 10), 0, 6)';
    const attached = served.calls.attach('ps', { afterSequence: 0n, readOnly: true });
    const records = await ran(`${noise}; 5`);
    expect(records).toEqual(expect.arrayContaining([expect.stringMatching(/output 5$/)]));
    if (!records.some((record) => record.includes('noise')))
      await attached.next('batch', ({ value }) =>
        value.records.some((record) => short(record).includes('noise')),
      );
    attached.cancel();
    expect(await ran('6')).toEqual(['1 output 6', '2 final completed']);
  });

  test('a secure string is opaque, and its clear text is nowhere on disk', async () => {
    const clear = 'hunter2-correct-horse';
    const codes = Array.from(clear, (character) => character.charCodeAt(0)).join(',');
    const { id } = await served.calls.start(
      'ps',
      `$s = [Security.SecureString]::new(); foreach ($c in [char[]](${codes})) { $s.AppendChar($c) }; $s`,
    );
    const { records } = await served.calls.receive('ps', { pipeline: id, afterSequence: 0n });
    const [first] = records;
    const value = first?.body?.$case === 'output' ? first.body.value.value?.kind : undefined;
    expect(value?.$case).toBe('secureString');
    expect(filesHolding(served.daemon.home, formsOf(clear))).toEqual([]);
  });
});
