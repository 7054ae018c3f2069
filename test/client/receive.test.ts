import { status } from '@grpc/grpc-js';
import { RunspaceError } from '../../src/core/error';
import { silentLog } from '../../src/core/log';
import { toServiceError } from '../../src/status/service-error';
import { Gap_Reason } from '../../src/gen/runspace/v1/record';
import type { ReceivePipelineRequest, ReceivePipelineResponse } from '../../src/gen/runspace/v1/pipeline';
import type { Pipeline, SessionRecord } from '../../clients/typescript';
import { batch, final, ScriptedDaemon, snapshot } from './support/scripted-daemon';

async function sequences(pipeline: Pipeline): Promise<number[]> {
  const read: number[] = [];
  for await (const record of pipeline.records())
    read.push('sequence' in record ? Number(record.sequence) : 0);
  return read;
}

async function collect(pipeline: Pipeline): Promise<SessionRecord[]> {
  const records: SessionRecord[] = [];
  for await (const record of pipeline.records()) records.push(record);
  return records;
}

/** Streams of a daemon that ends each one in the way that the test lists, and goes on in the next. */
type Act = (
  send: (response: ReceivePipelineResponse) => void,
  request: ReceivePipelineRequest,
) => 'end' | 'cut' | 'hold' | Error;

async function scripted(
  ...acts: readonly Act[]
): Promise<{ daemon: ScriptedDaemon; requests: ReceivePipelineRequest[] }> {
  const requests: ReceivePipelineRequest[] = [];
  const daemon: ScriptedDaemon = await ScriptedDaemon.start({
    receivePipeline: (stream) => {
      const act = acts[requests.length];
      requests.push(stream.request);
      const how = act?.((response) => stream.write(response), stream.request) ?? new Error('no more acts');
      if (how === 'end') stream.end();
      else if (how === 'cut') setImmediate(() => daemon.cut());
      else if (how !== 'hold') stream.emit('error', how);
    },
  });
  return { daemon, requests };
}

test('P111 a stream that is cut goes on after the last number, and each record comes once', async () => {
  const { daemon, requests } = await scripted(
    (send) => {
      send(snapshot(0n));
      send(batch(1, 2, 3));
      return 'hold';
    },
    (send, { afterSequence = 0n }) => {
      send(snapshot(afterSequence));
      send(batch(4, 5));
      send(final(6));
      return 'end';
    },
  );
  await using used = daemon;
  const read: number[] = [];
  for await (const record of used.client().pipelines.receive('work', { afterSequence: 0n }).records()) {
    if ('sequence' in record) read.push(Number(record.sequence));
    if (read.length === 3) used.cut();
  }
  expect(read).toEqual([1, 2, 3, 4, 5, 6]);
  expect(requests.map(({ pipeline, afterSequence }) => [pipeline, afterSequence])).toEqual([
    ['', 0n],
    ['p1', 3n],
  ]);
});

test('records that come a second time are passed over', async () => {
  const { daemon } = await scripted((send) => {
    send(snapshot(0n));
    send(batch(1, 2));
    send(batch(2, 3));
    send(final(4));
    return 'end';
  });
  await using used = daemon;
  expect(await sequences(used.client().pipelines.receive('work'))).toEqual([1, 2, 3, 4]);
});

test('a stream that ends before the final record is opened again', async () => {
  const { daemon } = await scripted(
    (send) => {
      send(snapshot(0n));
      send(batch(1));
      return 'end';
    },
    (send) => {
      send(snapshot(1n));
      send(final(2));
      return 'end';
    },
  );
  await using used = daemon;
  expect(await sequences(used.client().pipelines.receive('work'))).toEqual([1, 2]);
});

test('with noFollow the end of what is kept is the end', async () => {
  const { daemon } = await scripted((send) => {
    send(snapshot(0n));
    send(batch(1));
    return 'end';
  });
  await using used = daemon;
  expect(await sequences(used.client().pipelines.receive('work', { noFollow: true }))).toEqual([1]);
});

test('P48 a stream without a snapshot says that there is nothing to receive', async () => {
  const { daemon } = await scripted(() => 'end');
  await using used = daemon;
  expect(await sequences(used.client().pipelines.receive('work'))).toEqual([]);
});

test('a gap stands in the place of its numbers, cut to what was not handed out', async () => {
  const gap = (from: bigint, to: bigint): ReceivePipelineResponse => ({
    event: { $case: 'gap', value: { from, to, reason: Gap_Reason.REASON_DROPPED } },
  });
  const { daemon } = await scripted((send) => {
    send(snapshot(2n));
    send(gap(1n, 5n));
    send(final(6));
    return 'end';
  });
  await using used = daemon;
  const records = await collect(used.client().pipelines.receive('work'));
  expect(records[0]).toMatchObject({
    stream: 'gap',
    from: 3n,
    to: 5n,
    reason: 'REASON_DROPPED',
    pipelineId: 'p1',
  });
});

test('P62 each record says target, session, runspace, pipeline, number and time', async () => {
  const { daemon } = await scripted((send) => {
    send(snapshot(0n));
    send(batch(1));
    send(final(2));
    return 'end';
  });
  await using used = daemon;
  const [record] = await collect(used.client().pipelines.receive('work'));
  expect(record).toMatchObject({
    stream: 'output',
    sequence: 1n,
    PSComputerName: 'localhost',
    RunspaceId: 'r1',
    PSShowComputerName: true,
    sessionId: 's1',
    sessionName: 'work',
    pipelineId: 'p1',
  });
});

test("a daemon that says when to come back is asked again, another error is the caller's", async () => {
  const refused = (code: 'RECOVERING' | 'PIPELINE_NOT_FOUND'): Error =>
    toServiceError(new RunspaceError(code, `it is ${code}`, { facts: { session: 'work' } }), silentLog);
  const { daemon, requests } = await scripted(
    () => refused('RECOVERING'),
    () => refused('PIPELINE_NOT_FOUND'),
  );
  await using used = daemon;
  await expect(sequences(used.client().pipelines.receive('work'))).rejects.toMatchObject({
    name: 'RunspaceError',
    reason: 'PIPELINE_NOT_FOUND',
    code: 'PIPELINE_NOT_FOUND',
    grpcCode: 'NOT_FOUND',
    message: 'it is PIPELINE_NOT_FOUND',
    metadata: { session: 'work' },
  });
  expect(requests).toHaveLength(2);
});

test('a daemon that stays away is given up at the limit', async () => {
  const { daemon } = await scripted(
    (send) => {
      send(snapshot(0n));
      return 'cut';
    },
    ...Array.from({ length: 50 }, (): Act => () => 'cut'),
  );
  await using used = daemon;
  await expect(sequences(used.client({ retryLimitMs: 200 }).pipelines.receive('work'))).rejects.toMatchObject(
    {
      reason: 'CONNECTION_LOST',
      grpcCode: 'UNAVAILABLE',
    },
  );
});

test('an abort leaves, with the reason of the signal', async () => {
  const { daemon } = await scripted(
    (send) => {
      send(snapshot(0n));
      send(batch(1));
      return 'end';
    },
    ...Array.from({ length: 50 }, (): Act => () => 'end'),
  );
  await using used = daemon;
  const leave = new AbortController();
  const reading = (async () => {
    for await (const record of used.client().pipelines.receive('work', { signal: leave.signal }).records()) {
      expect(record.stream).toBe('output');
      leave.abort(new Error('enough'));
    }
  })();
  await expect(reading).rejects.toThrow('enough');
});

test('records are acknowledged once the consumer asks for more, and the last ones before the end', async () => {
  const acknowledged: bigint[] = [];
  const daemon = await ScriptedDaemon.start({
    receivePipeline: (stream) => {
      for (const response of [snapshot(0n), batch(1, 2), final(3)]) stream.write(response);
      stream.end();
    },
    unary: {
      acknowledgeRecords: ({ sequence }: { sequence: bigint }) => {
        acknowledged.push(sequence);
        return { acknowledgedSequence: sequence };
      },
    },
  });
  await using used = daemon;
  const seen: bigint[][] = [];
  for await (const each of used.client().pipelines.receive('work', { acknowledge: true }).batches()) {
    seen.push([...acknowledged]);
    expect(each.length).toBeGreaterThan(0);
  }
  expect([seen[0], acknowledged.at(-1)]).toEqual([[], 3n]);
});

test('bare gRPC errors keep their code', async () => {
  const { daemon } = await scripted(() =>
    Object.assign(new Error('no'), { code: status.OUT_OF_RANGE, details: 'no' }),
  );
  await using used = daemon;
  await expect(sequences(used.client().pipelines.receive('work'))).rejects.toMatchObject({
    reason: 'OUT_OF_RANGE',
    grpcCode: 'OUT_OF_RANGE',
  });
});
