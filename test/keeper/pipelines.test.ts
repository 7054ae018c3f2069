import { randomUUID } from 'node:crypto';
import type { StreamRecord } from '../../src/core/record';
import type { ValueFormat } from '../../src/gen/runspace/v1/pipeline';
import { ActionPreference, Command, PipelineState, Waiting } from '../../src/gen/runspace/v1/pipeline';
import { Stream } from '../../src/gen/runspace/v1/record';
import { OutputBufferingMode, RunspaceState } from '../../src/gen/runspace/v1/session';
import { reading, receive, short, start, TestKeeper } from '../support/keeper';
import { eventually, keptSession, receiveAndAcknowledge, refusal, text } from './support/kept-session';

describe('starting', () => {
  test('the same request id with the same payload is the same pipeline', async () => {
    await using it = await keptSession();
    const request = start(it.session, '1');
    const first = await it.client.startPipeline(request);
    const again = await it.client.startPipeline({ ...request, pipelineId: randomUUID() });
    expect(again.pipeline?.id).toBe(first.pipeline?.id);
  });

  test('concurrent duplicates of a request start it once', async () => {
    await using it = await keptSession();
    const request = start(it.session, '1');
    const many = Array.from({ length: 20 }, () =>
      it.client.startPipeline({ ...request, pipelineId: randomUUID() }),
    );
    const ids = new Set((await Promise.all(many)).map(({ pipeline }) => pipeline?.id));
    const { pipelines } = await it.client.listPipelines({ sessionId: it.session });
    expect([ids.size, pipelines.length, it.engine.runs]).toEqual([1, 1, 1]);
  });

  test('the same request id with another payload is refused', async () => {
    await using it = await keptSession();
    const request = start(it.session, '1');
    await it.client.startPipeline(request);
    expect(await refusal(it.client.startPipeline({ ...request, fingerprint: 'other' }))).toBe(
      'REQUEST_ID_REUSED',
    );
  });

  test.each([
    ['a blank script', { command: Command.fromPartial({ script: ' \n' }) }, 'INVALID_ARGUMENT'],
    ['no command', { command: undefined }, 'INVALID_ARGUMENT'],
    ['no request id', { requestId: '' }, 'INVALID_ARGUMENT'],
    ['an endless request id', { requestId: 'x'.repeat(129) }, 'INVALID_ARGUMENT'],
    ['a pipeline id that leads elsewhere', { pipelineId: '../../x' }, 'INVALID_ARGUMENT'],
    ['a run timeout of nothing', { runTimeout: { seconds: 0n, nanos: 0 } }, 'INVALID_ARGUMENT'],
    [
      'a using value without a name',
      { command: Command.fromPartial({ script: '1', usingValues: { ' ': { kind: undefined } } }) },
      'INVALID_ARGUMENT',
    ],
    [
      'the preference Break',
      {
        command: Command.fromPartial({
          script: '1',
          preferences: { error: ActionPreference.ACTION_PREFERENCE_BREAK },
        }),
      },
      'UNSUPPORTED',
    ],
    [
      'an argument out of range',
      {
        command: Command.fromPartial({
          script: '1',
          arguments: [{ name: '', value: { kind: { $case: 'uint8' as const, value: 300 } } }],
        }),
      },
      'INVALID_ARGUMENT',
    ],
  ])('%s is refused', async (_name, more, code) => {
    await using it = await keptSession();
    expect(await refusal(it.client.startPipeline(start(it.session, '1', more)))).toBe(code);
    expect((await it.client.listPipelines({ sessionId: it.session })).pipelines).toEqual([]);
  });

  test('commands for a busy session wait for their turn, and show their places', async () => {
    await using it = await keptSession();
    for (const script of ['a', 'b', 'c']) await it.client.startPipeline(start(it.session, script));
    const { pipelines } = await it.client.listPipelines({ sessionId: it.session });
    expect(
      pipelines.map(({ command, queuePlace, waiting, state }) => [command, queuePlace, waiting, state]),
    ).toEqual([
      ['a', 0, Waiting.WAITING_UNSPECIFIED, PipelineState.PIPELINE_STATE_RUNNING],
      ['b', 1, Waiting.WAITING_FOR_TURN, PipelineState.PIPELINE_STATE_NOT_STARTED],
      ['c', 2, Waiting.WAITING_FOR_TURN, PipelineState.PIPELINE_STATE_NOT_STARTED],
    ]);
  });

  test('commands run in the order in which they came', async () => {
    await using it = await keptSession();
    const scripts = ['a', 'b', 'c', 'd'];
    await Promise.all(scripts.map((script) => it.client.startPipeline(start(it.session, script))));
    const ran: string[] = [];
    while (ran.length < scripts.length) {
      const run = await it.engine.nextRun();
      ran.push(run.invocation.script);
      await run.end();
    }
    expect(ran).toEqual(scripts);
  });

  test('a caller who does not want to wait is told what runs', async () => {
    await using it = await keptSession();
    const running = await it.client.startPipeline(start(it.session, 'long'));
    const busy = it.client.startPipeline(start(it.session, 'short', { noWait: true }));
    await expect(busy).rejects.toMatchObject({
      code: 'SESSION_BUSY',
      facts: { pipeline: running.pipeline?.id },
    });
  });

  test('the 101st waiting command is refused with the limit', async () => {
    await using it = await keptSession();
    await Promise.all(Array.from({ length: 101 }, () => it.client.startPipeline(start(it.session, 'x'))));
    const full = it.client.startPipeline(start(it.session, 'x'));
    await expect(full).rejects.toMatchObject({ code: 'QUEUE_FULL', facts: { limit: '100' } });
  });
});

describe('receiving', () => {
  test('a reader that comes late gets every record once, in order', async () => {
    await using it = await keptSession();
    await it.client.startPipeline(start(it.session, 'x'));
    const run = await it.engine.nextRun();
    await run.outputs(1, 2);
    await run.outputs(3);
    await run.end();
    const { records } = await receive(it.client, it.session);
    expect(records.map(short)).toEqual(['1 output 1', '2 output 2', '3 output 3', '4 final completed']);
  });

  test('two readers, one in the middle of a batch, both get all that is theirs', async () => {
    await using it = await keptSession();
    await it.client.startPipeline(start(it.session, 'x'));
    const run = await it.engine.nextRun();
    const readers = [receive(it.client, it.session), receive(it.client, it.session, { afterSequence: 2n })];
    await run.outputs(1, 2, 3, 4);
    await run.end();
    const [all, rest] = await Promise.all(readers);
    expect(all?.records.map(({ sequence }) => sequence)).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(rest?.records.map(({ sequence }) => sequence)).toEqual([3n, 4n, 5n]);
  });

  test('a stream filter leaves out the rest, but never the final record', async () => {
    await using it = await keptSession();
    await it.client.startPipeline(start(it.session, 'x'));
    const run = await it.engine.nextRun();
    await run.write({ stream: 'warning', message: 'w' }, ...[1, 2].map((): StreamRecord => text(1)));
    await run.end();
    const { records } = await receive(it.client, it.session, { streams: [Stream.STREAM_WARNING] });
    expect(records.map(short)).toEqual(['1 warning', '4 final completed']);
  });

  test('a silent stream gives a sign of life every 15 s, with the number that was reached', async () => {
    await using it = await keptSession();
    await it.client.startPipeline(start(it.session, 'x'));
    const run = await it.engine.nextRun();
    await run.outputs(1, 2);
    const timers = it.clock.pending;
    const silent = receive(it.client, it.session, { streams: [Stream.STREAM_ERROR] });
    await eventually(() => (it.clock.pending > timers ? true : undefined));
    it.clock.advance(15_000);
    it.clock.advance(15_000);
    await run.end();
    expect((await silent).heartbeats).toContain(2n);
  });

  test('without following it ends with what is kept', async () => {
    await using it = await keptSession();
    await it.client.startPipeline(start(it.session, 'x'));
    const run = await it.engine.nextRun();
    await run.outputs(1);
    await eventually(async () => {
      const { pipelines } = await it.client.listPipelines({ sessionId: it.session });
      return pipelines[0]?.lastSequence === 1n ? true : undefined;
    });
    const { records } = await receive(it.client, it.session, { noFollow: true });
    expect(records.map(short)).toEqual(['1 output 1']);
  });

  test('a number beyond the end of a finished pipeline is refused', async () => {
    await using it = await keptSession();
    await it.client.startPipeline(start(it.session, 'x'));
    await (await it.engine.nextRun()).end();
    await receive(it.client, it.session);
    expect(await refusal(receive(it.client, it.session, { afterSequence: 2n }))).toBe('RECORDS_BEYOND_END');
  });

  test.each([
    ['a negative number', { afterSequence: -1n }, 'INVALID_ARGUMENT'],
    ['an unknown pipeline', { pipeline: 'beef' }, 'PIPELINE_NOT_FOUND'],
    ['an unknown form of values', { format: 77 as unknown as ValueFormat }, 'INVALID_ARGUMENT'],
    ['an unknown stream', { streams: [Stream.STREAM_UNSPECIFIED] }, 'INVALID_ARGUMENT'],
  ])('%s is refused', async (_name, more, code) => {
    await using it = await keptSession();
    await it.client.startPipeline(start(it.session, 'x'));
    expect(await refusal(receive(it.client, it.session, more))).toBe(code);
  });

  test('a bare reader goes on in the oldest pipeline that the owner has not finished', async () => {
    await using it = await keptSession();
    for (const script of ['a', 'b']) {
      await it.client.startPipeline(start(it.session, script));
      const run = await it.engine.nextRun();
      await run.outputs(1, 2);
      await run.end();
    }
    await it.client.acknowledgeRecords({ sessionId: it.session, pipeline: '1', sequence: 1n });
    const rest = await receive(it.client, it.session, { afterSequence: undefined });
    await it.client.acknowledgeRecords({ sessionId: it.session, pipeline: '1', sequence: 3n });
    const next = await receive(it.client, it.session, { afterSequence: undefined });
    expect([rest.records.map(short), next.records.map(short)]).toEqual([
      ['2 output 2', '3 final completed'],
      ['1 output 1', '2 output 2', '3 final completed'],
    ]);
  });

  test('raw messages are the very bytes of decoded ones', async () => {
    await using it = await keptSession();
    await it.client.startPipeline(start(it.session, 'x'));
    const run = await it.engine.nextRun();
    await run.outputs(1);
    await run.end();
    const request = reading(it.session, { pipeline: '1' });
    const raw: Uint8Array[] = [];
    for await (const bytes of it.client.receivePipelineRaw(request, AbortSignal.timeout(5_000)))
      raw.push(bytes);
    expect(raw.map((bytes) => bytes[0]).slice(0, 2)).toEqual([0x0a, 0x12]);
  });

  test('a reader that does not read holds the keeper back, not its memory', async () => {
    await using it = await keptSession();
    await it.client.startPipeline(start(it.session, 'x'));
    const run = await it.engine.nextRun();
    const writing = (async () => {
      for (let index = 0; index < 200; index += 1) await run.write(text(100_000));
      await run.end();
    })();
    const request = reading(it.session, { pipeline: '1' });
    const sequences: bigint[] = [];
    for await (const { event } of it.client.receivePipeline(request, AbortSignal.timeout(20_000))) {
      await writing;
      if (event?.$case === 'batch') sequences.push(...event.value.records.map(({ sequence }) => sequence));
    }
    expect(sequences).toEqual(Array.from({ length: 201 }, (_, index) => BigInt(index + 1)));
  });

  test('an open reader named owner is counted while it is there', async () => {
    await using it = await keptSession();
    await it.client.startPipeline(start(it.session, 'x'));
    const leaving = new AbortController();
    const over = receive(it.client, it.session, { reader: 'owner', signal: leaving.signal });
    const seen: number[] = [];
    for await (const { event } of it.client.watch(AbortSignal.timeout(5_000))) {
      if (event?.$case !== 'session') continue;
      if (seen.at(-1) !== event.value.ownerReaders) seen.push(event.value.ownerReaders);
      if (event.value.ownerReaders === 1) leaving.abort();
      if (seen.includes(1) && event.value.ownerReaders === 0) break;
    }
    await expect(over).rejects.toThrow();
    expect(seen.slice(-2)).toEqual([1, 0]);
  });
});

describe('stopping', () => {
  test('what is written after a stop is counted in one gap before the final record', async () => {
    await using it = await keptSession();
    it.engine.answersStops = false;
    await it.client.startPipeline(start(it.session, 'x'));
    const run = await it.engine.nextRun();
    await run.outputs(1);
    const stopping = it.client.stopPipeline({
      sessionId: it.session,
      pipeline: '',
      force: false,
      problem: undefined,
    });
    await run.stopAsked;
    await run.outputs(2, 3);
    await run.outputs(4);
    await run.end({ state: 'stopped' });
    const { pipeline } = await stopping;
    const { records, gaps } = await receive(it.client, it.session);
    expect([records.map(short), gaps, pipeline?.state]).toEqual([
      ['1 output 1', '5 final stopped STOPPED'],
      ['2-4 2'],
      PipelineState.PIPELINE_STATE_STOPPED,
    ]);
  });

  test('a stop that the engine does not answer is reported after 5 s, and the command goes on', async () => {
    await using it = await keptSession();
    it.engine.answersStops = false;
    await it.client.startPipeline(start(it.session, 'x'));
    const run = await it.engine.nextRun();
    const stopping = it.client.stopPipeline({
      sessionId: it.session,
      pipeline: '',
      force: false,
      problem: undefined,
    });
    await run.stopAsked;
    it.clock.advance(5_000);
    const { pipeline, problem } = await stopping;
    expect([pipeline?.state, problem?.reason]).toEqual([
      PipelineState.PIPELINE_STATE_STOPPING,
      'STOP_UNANSWERED',
    ]);
  });

  test('a forced stop ends the engine; the pipeline says why and the session is broken', async () => {
    await using it = await keptSession();
    it.engine.answersStops = false;
    await it.client.startPipeline(start(it.session, 'x'));
    await it.client.startPipeline(start(it.session, 'queued'));
    const run = await it.engine.nextRun();
    const stopping = it.client.stopPipeline({
      sessionId: it.session,
      pipeline: '',
      force: true,
      problem: undefined,
    });
    await run.stopAsked;
    it.clock.advance(5_000);
    await stopping;
    const { records } = await receive(it.client, it.session, { pipeline: '1' });
    const { pipelines } = await it.client.listPipelines({ sessionId: it.session });
    expect([records.map(short), pipelines[1]?.problem?.reason, it.engine.isDisposed]).toEqual([
      ['1 final stopped STOP_UNANSWERED'],
      'STOP_UNANSWERED',
      true,
    ]);
    expect(await refusal(it.client.startPipeline(start(it.session, 'y')))).toBe('SESSION_BROKEN');
  });

  test('a waiting command that is stopped never reaches the engine', async () => {
    await using it = await keptSession();
    await it.client.startPipeline(start(it.session, 'a'));
    const b = await it.client.startPipeline(start(it.session, 'b'));
    const id = b.pipeline?.id ?? '';
    const { pipeline } = await it.client.stopPipeline({
      sessionId: it.session,
      pipeline: id,
      force: false,
      problem: undefined,
    });
    await (await it.engine.nextRun()).end();
    const { records } = await receive(it.client, it.session, { pipeline: id });
    expect([pipeline?.state, records.map(short), it.engine.runs]).toEqual([
      PipelineState.PIPELINE_STATE_STOPPED,
      ['1 final stopped STOPPED'],
      1,
    ]);
  });

  test('stopping a finished command changes nothing; with nothing running there is nothing to stop', async () => {
    await using it = await keptSession();
    await it.client.startPipeline(start(it.session, 'a'));
    await (await it.engine.nextRun()).end();
    await receive(it.client, it.session);
    const stop = (pipeline: string) =>
      it.client.stopPipeline({ sessionId: it.session, pipeline, force: false, problem: undefined });
    expect((await stop('1')).pipeline?.state).toBe(PipelineState.PIPELINE_STATE_COMPLETED);
    expect(await refusal(stop(''))).toBe('PIPELINE_NOT_RUNNING');
  });
});

describe('time limits', () => {
  test('a command beyond its longest run is stopped with RUN_TIMEOUT; the session goes on', async () => {
    await using it = await keptSession();
    await it.client.startPipeline(start(it.session, 'x', { runTimeout: { seconds: 10n, nanos: 0 } }));
    await it.client.startPipeline(start(it.session, 'next'));
    const run = await it.engine.nextRun();
    it.clock.advance(10_000);
    await run.stopAsked;
    await (await it.engine.nextRun()).end();
    const { records } = await receive(it.client, it.session, { pipeline: '1' });
    expect(records.map(short)).toEqual(['1 final stopped RUN_TIMEOUT']);
  });

  test("the session's own longest run holds where a command asks for more", async () => {
    await using it = await keptSession({ maximumRunTime: { seconds: 5n, nanos: 0 } });
    await it.client.startPipeline(start(it.session, 'x', { runTimeout: { seconds: 10n, nanos: 0 } }));
    const run = await it.engine.nextRun();
    it.clock.advance(5_000);
    await expect(run.stopAsked).resolves.toBeUndefined();
  });

  test('a command that writes is not silent; one that stops writing is stopped with OUTPUT_TIMEOUT', async () => {
    await using it = await keptSession();
    await it.client.startPipeline(start(it.session, 'x', { outputTimeout: { seconds: 10n, nanos: 0 } }));
    const run = await it.engine.nextRun();
    it.clock.advance(9_000);
    await run.outputs(1);
    await eventually(() => (run.pulls > 1 ? true : undefined));
    it.clock.advance(9_000);
    await run.outputs(2);
    await eventually(() => (run.pulls > 2 ? true : undefined));
    it.clock.advance(10_000);
    await run.stopAsked;
    const { records } = await receive(it.client, it.session);
    expect(records.map(short)).toEqual(['1 output 1', '2 output 2', '3 final stopped OUTPUT_TIMEOUT']);
  });
});

describe('engines that die', () => {
  test('the running command fails with ENGINE_LOST, waiting ones too, and the session is broken', async () => {
    await using it = await keptSession();
    for (const script of ['a', 'b']) await it.client.startPipeline(start(it.session, script));
    const run = await it.engine.nextRun();
    await run.outputs(1);
    await it.engine.die();
    const finals = await Promise.all(
      ['1', '2'].map(async (pipeline) =>
        (await receive(it.client, it.session, { pipeline })).records.map(short),
      ),
    );
    expect(finals).toEqual([['1 output 1', '2 final failed ENGINE_LOST'], ['1 final failed ENGINE_LOST']]);
    expect(it.kept.keeper.session(it.session).kept()).toMatchObject({
      runspaceState: RunspaceState.RUNSPACE_STATE_BROKEN,
      problem: { reason: 'ENGINE_LOST' },
    });
  });

  test('an engine that is gone without a word still leaves a final record', async () => {
    await using it = await keptSession();
    it.engine.isMute = true;
    await it.client.startPipeline(start(it.session, 'a'));
    const run = await it.engine.nextRun();
    await run.outputs(1);
    await it.engine.die();
    const reading = receive(it.client, it.session);
    await eventually(() => (it.kept.keeper.session(it.session).state === 'broken' ? true : undefined));
    it.clock.advance(2_000);
    expect((await reading).records.map(short)).toEqual(['1 output 1', '2 final failed ENGINE_LOST']);
  });

  test('the other sessions of the keeper are unharmed', async () => {
    await using it = await keptSession();
    const other = await it.kept.open();
    await it.client.startPipeline(start(it.session, 'a'));
    await it.engine.die();
    await it.client.startPipeline(start(other, 'b'));
    expect(it.kept.keeper.session(other).state).toBe('opened');
  });

  test('an engine that cannot start leaves a broken session that says why', async () => {
    const engines = { javascript: () => Promise.reject(new Error('no such file')) };
    await using kept = await TestKeeper.start({
      engines,
      log: (await import('../../src/core/log')).silentLog,
    });
    const session = await kept.open();
    expect(kept.keeper.session(session).kept().problem?.reason).toBe('ENGINE_START_FAILED');
  });

  test('an unknown engine is refused by name', async () => {
    await using it = await keptSession();
    await expect(it.kept.open('cobol')).rejects.toMatchObject({
      code: 'ENGINE_NOT_FOUND',
      facts: { engine: 'cobol' },
    });
  });
});

describe('limits', () => {
  const small = { unreadLimitBytes: 1_024n * 1_024n };

  test('Block: a command whose output nobody reads waits for a reader, and goes on when it is read', async () => {
    await using it = await keptSession(small);
    await it.client.startPipeline(start(it.session, 'x'));
    const run = await it.engine.nextRun();
    const writing = (async () => {
      for (let index = 0; index < 40; index += 1) await run.write(text(65_000));
      await run.end();
    })();
    const waiting = await eventually(async () => {
      const { pipeline } = await it.client.getPipeline({ sessionId: it.session, pipeline: '1' });
      return pipeline?.waiting === Waiting.WAITING_FOR_READER ? pipeline : undefined;
    });
    expect(Number(waiting.storedBytes)).toBeLessThan(1.3 * 1_024 * 1_024);
    const { records } = await receiveAndAcknowledge(it);
    await writing;
    expect(records).toEqual(Array.from({ length: 41 }, (_, index) => BigInt(index + 1)));
  });

  test('Block never holds back a command that is being stopped', async () => {
    await using it = await keptSession(small);
    it.engine.answersStops = false;
    await it.client.startPipeline(start(it.session, 'x'));
    const run = await it.engine.nextRun();
    const writing = (async () => {
      for (let index = 0; index < 40; index += 1) await run.write(text(65_000));
      await run.end({ state: 'stopped' });
    })();
    await eventually(async () => {
      const { pipeline } = await it.client.getPipeline({ sessionId: it.session, pipeline: '1' });
      return pipeline?.waiting === Waiting.WAITING_FOR_READER ? true : undefined;
    });
    const { pipeline } = await it.client.stopPipeline({
      sessionId: it.session,
      pipeline: '1',
      force: false,
      problem: undefined,
    });
    await writing;
    expect([pipeline?.state, pipeline?.lastSequence]).toEqual([PipelineState.PIPELINE_STATE_STOPPED, 41n]);
  });

  test('Drop: the oldest output goes, readers get a gap, the command never waits', async () => {
    await using it = await keptSession({
      ...small,
      outputBufferingMode: OutputBufferingMode.OUTPUT_BUFFERING_MODE_DROP,
    });
    await it.client.startPipeline(start(it.session, 'x'));
    const run = await it.engine.nextRun();
    for (let index = 0; index < 60; index += 1) await run.write(text(65_000));
    await run.end();
    const { records, gaps } = await receive(it.client, it.session);
    const first = records[0]?.sequence ?? 0n;
    expect(gaps).toEqual([`1-${first - 1n} 1`]);
    expect(records.at(-1)?.sequence).toBe(61n);
  });
});
