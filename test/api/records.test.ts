import { execFileSync } from 'node:child_process';
import { Stream, type Record as ProtoRecord } from '../../src/gen/runspace/v1/record';
import { Waiting } from '../../src/gen/runspace/v1/pipeline';
import { SessionOptions, OutputBufferingMode } from '../../src/gen/runspace/v1/session';
import { failureOf, short } from './support/raw';
import { serve } from './support/served';

const served = serve();
const options = (more: Partial<SessionOptions>) => ({
  options: { ...SessionOptions.fromPartial({}), ...more },
});
const waitingForReader: number = Waiting.WAITING_FOR_READER;
const never = 'await new Promise(() => setInterval(() => undefined, 1000))';

/** A finished command's records. */
async function ran(
  session: string,
  script: string,
): Promise<{ id: string; records: readonly ProtoRecord[] }> {
  const { id } = await served.calls.start(session, script);
  const { records } = await served.calls.receive(session, { pipeline: id, afterSequence: 0n });
  return { id, records };
}

describe('P60 order and numbers', () => {
  const allStreams = `
    console.log('one'); console.error('two'); console.warn('three'); console.debug('four'); console.trace('five');
    console.log('six'); throw new Error('seven')`;

  test('records come in the order in which they were written, across streams, numbered from 1', async () => {
    await served.session('order');
    const { records } = await ran('order', allStreams);
    expect(records.map((record) => `${String(record.sequence)} ${record.body?.$case ?? ''}`)).toEqual([
      '1 output',
      '2 information',
      '3 warning',
      '4 debug',
      '5 verbose',
      '6 output',
      '7 error',
      '8 final',
    ]);
  });

  test('a filter for streams gives those, and the final record always', async () => {
    await served.session('filter');
    const { id } = await ran('filter', allStreams);
    const streams = [Stream.STREAM_WARNING, Stream.STREAM_DEBUG];
    const { records } = await served.calls.receive('filter', { pipeline: id, afterSequence: 0n, streams });
    expect(records.map((record) => `${String(record.sequence)} ${record.body?.$case ?? ''}`)).toEqual([
      '3 warning',
      '4 debug',
      '8 final',
    ]);
  });

  test('a reader that begins after any number gets the next ones, each once', async () => {
    await served.session('resume');
    const { id, records } = await ran('resume', 'for (let i = 1; i <= 30; i++) console.log(i)');
    const numbers = records.map(({ sequence }) => sequence);
    for (const after of [0n, ...numbers]) {
      const rest = await served.calls.receive('resume', { pipeline: id, afterSequence: after });
      expect([after, ...rest.records.map(({ sequence }) => sequence)]).toEqual([
        after,
        ...numbers.filter((number) => number > after),
      ]);
    }
  });

  test('a deeply nested value does not keep a reader from beginning in the middle of a batch', async () => {
    await served.session('deep');
    const { id } = await served.calls.start(
      'deep',
      'console.log(1); let deep = 1; for (let i = 0; i < 45; i++) deep = [deep]; deep',
    );
    const { records, failure } = await served.calls.receive('deep', { pipeline: id, afterSequence: 1n });
    expect([failure, ...records.map(({ sequence }) => sequence)]).toEqual([undefined, 2n, 3n]);
  });

  test('the snapshot comes first and says where the records come from', async () => {
    const session = await served.session('snapshot');
    const { id } = await ran('snapshot', '1');
    const { events } = await served.calls.receive('snapshot', { pipeline: id, afterSequence: 1n });
    expect(events[0]).toMatchObject({
      $case: 'snapshot',
      value: {
        pipeline: { id, number: 1n, state: 5, lastSequence: 2n, command: '1' },
        target: 'localhost',
        sessionId: session.id,
        sessionName: 'snapshot',
        runspaceId: session.info.runspaceId,
        afterSequence: 1n,
      },
    });
  });

  test('a reader that does not follow gets what is there, and its stream ends', async () => {
    await served.session('no-follow');
    const watch = served.calls.watch(['no-follow']);
    const { id } = await served.calls.start('no-follow', `console.log(1); console.log(2); ${never}`);
    const { events } = await served.calls.receive('no-follow', {
      pipeline: id,
      afterSequence: 0n,
      noFollow: true,
    });
    watch.cancel();
    const { records, failure } = await served.calls.receive('no-follow', {
      pipeline: id,
      afterSequence: 0n,
      noFollow: true,
    });
    await served.calls.stop('no-follow');
    expect([events[0]?.$case, failure]).toEqual(['snapshot', undefined]);
    expect(records.map(short).every((text) => /^[12] output/.test(text))).toBe(true);
  });
});

describe('P48 P49 readers', () => {
  test('two readers of one command each get every record', async () => {
    await served.session('two');
    const { id } = await served.calls.start('two', 'for (let i = 1; i <= 500; i++) console.log(i)');
    const both = await Promise.all(
      [1, 2].map(() => served.calls.receive('two', { pipeline: id, afterSequence: 0n })),
    );
    expect(both.map(({ records }) => records.length)).toEqual([501, 501]);
  });

  test('without a pipeline and a number the oldest one that owner has not finished goes on after what it acknowledged', async () => {
    await served.session('owner');
    const first = await ran('owner', 'console.log("a"); console.log("b")');
    const second = await ran('owner', 'console.log("c")');
    await served.calls.acknowledge('owner', first.id, 1n);
    const readings = [];
    for (const last of [3n, 2n]) {
      const { events, records } = await served.calls.receive('owner', { reader: 'owner' });
      const [snapshot] = events;
      const id = snapshot?.$case === 'snapshot' ? (snapshot.value.pipeline?.id ?? '') : '';
      readings.push([id, ...records.map(({ sequence }) => sequence)]);
      await served.calls.acknowledge('owner', id, last);
    }
    const nothing = await served.calls.receive('owner', { reader: 'owner' });
    expect(readings).toEqual([
      [first.id, 2n, 3n],
      [second.id, 1n, 2n],
    ]);
    expect([nothing.records, nothing.failure]).toEqual([[], undefined]);
  });

  test('without a pipeline, but with a number, it is the newest', async () => {
    await served.session('newest');
    await ran('newest', '"old"');
    await ran('newest', '"new"');
    const { records } = await served.calls.receive('newest', { afterSequence: 0n });
    expect(records.map(short)).toEqual(['1 output "new"', '2 final completed']);
  });

  test('an acknowledgement of a lower number changes nothing', async () => {
    await served.session('lower');
    const { id } = await ran('lower', 'for (let i = 1; i <= 9; i++) console.log(i)');
    const answers = [];
    for (const number of [5n, 3n, 0n, -1n, 10n])
      answers.push(await served.calls.acknowledge('lower', id, number));
    expect(answers.map(({ acknowledgedSequence }) => acknowledgedSequence)).toEqual([5n, 5n, 5n, 5n, 10n]);
  });

  test('a reader that is not owner acknowledges nothing', async () => {
    await served.session('cursor');
    const { id } = await ran('cursor', '1');
    await served.calls.receive('cursor', { pipeline: id, afterSequence: 0n, reader: 'other' });
    await served.calls.receive('cursor', { pipeline: id, afterSequence: 0n });
    expect((await served.calls.pipeline('cursor', id)).acknowledgedSequence).toBe(0n);
  });

  test('P36 an open stream of reader owner holds the idle clock, one of another reader does not', async () => {
    await served.session('idle');
    const { id } = await served.calls.start('idle', never);
    const watch = served.calls.watch(['idle']);
    const other = served.calls.open('idle', { pipeline: id, reader: 'other' });
    other.on('error', () => undefined).resume();
    const before = await served.calls.get('idle');
    const owner = served.calls.open('idle', { pipeline: id, reader: 'owner' });
    owner.on('error', () => undefined).resume();
    await watch.next('session', ({ value }) => value.idleDeadline === undefined);
    owner.cancel();
    await watch.next('session', ({ value }) => value.idleDeadline !== undefined);
    other.cancel();
    watch.cancel();
    expect(before.idleDeadline).toBeDefined();
  });
});

describe('P67 P68 stops, timeouts, nothing', () => {
  test('a stop ends an endless loop within a second, and the session goes on', async () => {
    await served.session('loop');
    const { id } = await served.calls.start('loop', 'let kept = 1; for (;;);');
    const before = Date.now();
    const { pipeline, problem } = await served.calls.stop('loop', { pipeline: id });
    const tookMs = Date.now() - before;
    const { records } = await ran('loop', '1');
    expect([pipeline?.state, pipeline?.problem?.reason, problem]).toEqual([4, 'STOPPED', undefined]);
    expect(tookMs).toBeLessThan(5_000);
    expect(records.map(short)).toEqual(['1 output 1', '2 final completed']);
  });

  test('what is written after a stop was asked for is one gap with reason STOPPED before the final record', async () => {
    await served.session('stop-gap');
    const script = `for (let i = 0; ; i++) { console.log(i); if (i % 10 === 0) await new Promise((r) => setTimeout(r, 1)); }`;
    const { id } = await served.calls.start('stop-gap', script);
    const reading = served.calls.receive('stop-gap', { pipeline: id, afterSequence: 0n });
    await served.calls.stop('stop-gap', { pipeline: id });
    const { events, records } = await reading;
    const gaps = events.flatMap((event) => (event.$case === 'gap' ? [event.value] : []));
    const final = records.at(-1);
    expect(final?.body).toMatchObject({
      $case: 'final',
      value: { state: 3, problem: { reason: 'STOPPED' } },
    });
    expect(gaps.length).toBeLessThanOrEqual(1);
    const numbers = records.map(({ sequence }) => sequence);
    const missing = (final?.sequence ?? 0n) - BigInt(numbers.length);
    expect(gaps.reduce((sum, { from, to }) => sum + to - from + 1n, 0n)).toBe(missing);
  });

  test.each([
    ['run_timeout', { runTimeout: { seconds: 0n, nanos: 300_000_000 } }, 'RUN_TIMEOUT'],
    ['output_timeout', { outputTimeout: { seconds: 0n, nanos: 300_000_000 } }, 'OUTPUT_TIMEOUT'],
  ])('a %s ends the command and keeps the session', async (name, timeout, reason) => {
    await served.session(name);
    await ran(name, 'let kept = 42');
    const { id } = await served.calls.start(name, { script: never, ...timeout });
    const { records } = await served.calls.receive(name, { pipeline: id, afterSequence: 0n });
    const after = await ran(name, 'kept');
    expect(records.map(short)).toEqual([`1 final stopped ${reason}`]);
    expect(after.records.map(short)).toEqual(['1 output 42', '2 final completed']);
  });

  test('P58 the longest run of the session holds for each command', async () => {
    await served.calls.create({
      name: 'longest',
      wait: true,
      ...options({ maximumRunTime: { seconds: 0n, nanos: 300_000_000 } }),
    });
    const { records } = await ran('longest', never);
    expect(records.map(short)).toEqual(['1 final stopped RUN_TIMEOUT']);
  });

  test('P68 null is one record, nothing is none', async () => {
    await served.session('nothing');
    expect((await ran('nothing', 'null')).records.map(short)).toEqual(['1 output {}', '2 final completed']);
    expect((await ran('nothing', 'undefined')).records.map(short)).toEqual(['1 final completed']);
  });
});

describe('P51 what nobody reads', () => {
  /** Lines of about 1 KiB, without an end. */
  const flood = `for (let i = 0; i < 2000; i++) { console.log(String(i).padEnd(1024, '.')); if (i % 20 === 0) await new Promise(setImmediate); }`;
  const limit = 256n * 1024n;

  test('Block: the command waits for a reader, which shows, and goes on when records are acknowledged', async () => {
    await served.calls.create({ name: 'block', wait: true, ...options({ unreadLimitBytes: limit }) });
    const watch = served.calls.watch(['block']);
    const { id } = await served.calls.start('block', flood);
    await watch.next('session', ({ value }) => value.waiting === waitingForReader);
    const blocked = await served.calls.pipeline('block', id);
    const numbers: bigint[] = [];
    for await (const { event } of served.calls.open('block', {
      pipeline: id,
      afterSequence: 0n,
      reader: 'owner',
    })) {
      if (event?.$case !== 'batch') continue;
      numbers.push(...event.value.records.map(({ sequence }) => sequence));
      await served.calls.acknowledge('block', id, numbers.at(-1) ?? 0n);
    }
    watch.cancel();
    expect(blocked.waiting).toBe(Waiting.WAITING_FOR_READER);
    expect(blocked.storedBytes).toBeLessThan(3n * limit);
    expect(numbers).toEqual(Array.from({ length: 2_001 }, (_, index) => BigInt(index + 1)));
  });

  test('Block: a stop ends a command that waits for a reader', async () => {
    await served.calls.create({ name: 'block-stop', wait: true, ...options({ unreadLimitBytes: limit }) });
    const watch = served.calls.watch(['block-stop']);
    const { id } = await served.calls.start('block-stop', flood);
    await watch.next('session', ({ value }) => value.waiting === waitingForReader);
    watch.cancel();
    const { pipeline } = await served.calls.stop('block-stop', { pipeline: id });
    const { records, events, failure } = await served.calls.receive('block-stop', {
      pipeline: id,
      afterSequence: 0n,
    });
    expect(failure).toBeUndefined();
    const gaps = events.flatMap((event) => (event.$case === 'gap' ? [event.value] : []));
    const final = records.at(-1);
    expect(pipeline?.state).toBe(4);
    expect(final?.sequence).toBe(
      BigInt(records.length) + gaps.reduce((sum, { from, to }) => sum + to - from + 1n, 0n),
    );
  });

  test('Block: what a command that was stopped had written is still there, until another one needs the room; its final record also then', async () => {
    await served.calls.create({ name: 'room', wait: true, ...options({ unreadLimitBytes: limit }) });
    const watch = served.calls.watch(['room']);
    const { id } = await served.calls.start('room', flood);
    await watch.next('session', ({ value }) => value.waiting === waitingForReader);
    await served.calls.stop('room', { pipeline: id });
    const kept = await served.calls.receive('room', { pipeline: id, afterSequence: 0n });
    await served.calls.start('room', flood);
    await watch.next('session', ({ value }) => value.waiting === waitingForReader);
    watch.cancel();
    const freed = await served.calls.receive('room', { pipeline: id, afterSequence: 0n });
    await served.calls.stop('room');
    const last = kept.records.at(-1)?.sequence ?? 0n;
    expect(kept.records.length).toBeGreaterThan(100);
    expect(freed.events.slice(1)).toMatchObject([
      { $case: 'gap', value: { from: 1n, to: last - 1n, reason: 3 } },
      {
        $case: 'batch',
        value: { records: [{ sequence: last, body: { $case: 'final', value: { state: 3 } } }] },
      },
    ]);
  });

  test('Drop: the command never waits, and a gap says exactly what is gone', async () => {
    await served.calls.create({
      name: 'drop',
      wait: true,
      ...options({
        unreadLimitBytes: limit,
        outputBufferingMode: OutputBufferingMode.OUTPUT_BUFFERING_MODE_DROP,
      }),
    });
    const watch = served.calls.watch(['drop']);
    const { id } = await served.calls.start('drop', flood);
    await watch.next('session', ({ value }) => value.runningPipelineId === id);
    await watch.next('session', ({ value }) => value.runningPipelineId === '');
    watch.cancel();
    const { records, events } = await served.calls.receive('drop', { pipeline: id, afterSequence: 0n });
    const gaps = events.flatMap((event) => (event.$case === 'gap' ? [event.value] : []));
    const { storedBytes } = await served.calls.pipeline('drop', id);
    expect(gaps).toEqual([{ from: 1n, to: (records[0]?.sequence ?? 0n) - 1n, reason: 1 }]);
    expect(gaps[0]?.to).toBeGreaterThan(1_000n);
    expect(records.at(-1)?.sequence).toBe(2_001n);
    expect(storedBytes).toBeLessThan(3n * limit);
  });

  test('P46 P110 a buffering mode that is changed at disconnecting lets a waiting command go on', async () => {
    await served.calls.create({ name: 'switch', wait: true, ...options({ unreadLimitBytes: limit }) });
    const watch = served.calls.watch(['switch']);
    const { id } = await served.calls.start('switch', flood);
    await watch.next('session', ({ value }) => value.waiting === waitingForReader);
    await served.calls.disconnect('switch', {
      outputBufferingMode: OutputBufferingMode.OUTPUT_BUFFERING_MODE_DROP,
    });
    await watch.next('session', ({ value }) => value.runningPipelineId === '');
    watch.cancel();
    expect((await served.calls.pipeline('switch', id)).state).toBe(5);
  });
});

test('the clear text of a command is in no log and no argument list of ours', async () => {
  const secret = `hush-${String(Date.now())}`;
  await served.session('quiet');
  await ran('quiet', `"${secret}".length`);
  const commands = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  expect(commands.includes(secret)).toBe(false);
});

test('a pipeline of another session is not found', async () => {
  await served.session('mine');
  await served.session('theirs');
  const { id } = await ran('theirs', '1');
  expect(await failureOf(served.calls.pipeline('mine', id))).toMatchObject({ reason: 'PIPELINE_NOT_FOUND' });
});
