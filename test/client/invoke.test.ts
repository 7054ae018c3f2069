import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { InvokePipelineRequest, InvokePipelineResponse } from '../../src/gen/runspace/v1/pipeline';
import { fromValue, type Pipeline } from '../../clients/typescript';
import { batch, final, ScriptedDaemon, snapshot } from './support/scripted-daemon';

type InvokeStream = ServerDuplexStream<InvokePipelineRequest, InvokePipelineResponse>;

async function drain(pipeline: Pipeline): Promise<string[]> {
  const streams: string[] = [];
  for await (const record of pipeline.records()) streams.push(record.stream);
  return streams;
}

/** A daemon that takes input until its end, and cuts the connection after every `cutAfter` items. */
async function takingInput(
  cutAfter: number,
): Promise<{ daemon: ScriptedDaemon; taken: unknown[]; requestIds: Set<string> }> {
  const taken: unknown[] = [];
  const requestIds = new Set<string>();
  let sinceCut = 0;
  const take = (stream: InvokeStream, { action }: InvokePipelineRequest): void => {
    switch (action?.$case) {
      case 'start':
        requestIds.add(action.value.start?.requestId ?? '');
        stream.write(snapshot(action.value.afterSequence));
        break;
      case 'input':
        if (action.value.number === BigInt(taken.length) + 1n) {
          taken.push(fromValue(action.value.value as never));
          sinceCut += 1;
        }
        if (sinceCut === cutAfter) {
          sinceCut = 0;
          daemon.cut();
        } else stream.write({ event: { $case: 'inputAccepted', value: { number: BigInt(taken.length) } } });
        break;
      case 'endOfInput':
        stream.write(final(1));
        stream.end();
        break;
      case 'acknowledge':
      case 'stop':
      case undefined:
        throw new Error('not expected');
    }
  };
  const daemon: ScriptedDaemon = await ScriptedDaemon.start({
    invokePipeline: (stream) => {
      stream.on('data', (request: InvokePipelineRequest) => take(stream, request));
      stream.on('error', () => undefined);
    },
  });
  return { daemon, taken, requestIds };
}

test('P111 input is sent again after a cut, under the same request id, and each item arrives once', async () => {
  const { daemon, taken, requestIds } = await takingInput(7);
  await using used = daemon;
  const items = Array.from({ length: 100 }, (_, index) => index);
  expect(await drain(used.client().pipelines.invoke('work', 'x', { input: items }))).toEqual(['final']);
  expect([taken, requestIds.size]).toEqual([items, 1]);
});

test('input is pulled no further ahead than its window', async () => {
  let pulled = 0;
  let returned = false;
  const source = {
    [Symbol.iterator]: () => ({
      next: () => ({ done: false, value: (pulled += 1) }),
      return: () => {
        returned = true;
        return { done: true, value: undefined };
      },
    }),
  };
  let finish: () => void = () => undefined;
  const daemon = await ScriptedDaemon.start({
    invokePipeline: (stream) => {
      stream.on('data', ({ action }: InvokePipelineRequest) => {
        if (action?.$case === 'start') stream.write(snapshot(0n));
        if (action?.$case === 'input' && action.value.number === 256n) finish();
      });
      finish = () => {
        stream.write(final(1));
        stream.end();
      };
    },
  });
  await using used = daemon;
  await drain(used.client().pipelines.invoke('work', 'x', { input: source as Iterable<number> }));
  expect([pulled, returned]).toEqual([256, true]);
});

test('a source of input that fails stops the command and fails the reading, after the records that came', async () => {
  const stops: string[] = [];
  const daemon = await ScriptedDaemon.start({
    invokePipeline: (stream) => {
      stream.on('data', ({ action }: InvokePipelineRequest) => {
        if (action?.$case === 'start') stream.write(snapshot(0n));
        if (action?.$case === 'stop') {
          stops.push('stop');
          stream.write(final(1));
          stream.end();
        }
      });
    },
  });
  await using used = daemon;
  async function* source(): AsyncGenerator<number> {
    yield 1;
    throw new Error('the file is gone');
  }
  const streams: string[] = [];
  const reading = (async () => {
    const pipeline = used.client().pipelines.invoke('work', 'x', { input: source() });
    for await (const record of pipeline.records()) streams.push(record.stream);
  })();
  await expect(reading).rejects.toMatchObject({
    reason: 'INPUT_FAILED',
    message: expect.stringContaining('the file is gone'),
  });
  expect([stops, streams]).toEqual([['stop'], ['final']]);
});

test('a command runs also when nobody reads its records', async () => {
  let start: (script: string) => void = () => undefined;
  const started = new Promise<string>((resolve) => (start = resolve));
  const daemon = await ScriptedDaemon.start({
    invokePipeline: (stream) => {
      stream.on('error', () => undefined);
      stream.on('data', ({ action }: InvokePipelineRequest) => {
        if (action?.$case === 'start') start(action.value.start?.command?.script ?? '');
      });
    },
  });
  await using used = daemon;
  used.client().pipelines.invoke('work', '1 + 1');
  expect(await started).toBe('1 + 1');
});

test('values are the output as JavaScript, and a reader that lags holds the daemon back', async () => {
  const daemon = await ScriptedDaemon.start({
    invokePipeline: (stream) => {
      stream.once('data', () => {
        for (const response of [snapshot(0n), batch(1, 2), final(3)]) stream.write(response);
        stream.end();
      });
    },
  });
  await using used = daemon;
  const values: unknown[] = [];
  for await (const value of used.client().pipelines.invoke('work', 'x').values()) values.push(value);
  expect(values).toEqual([1, 2]);
});

test('P10 a blank script is refused before anything is sent', async () => {
  const daemon = await ScriptedDaemon.start({});
  await using used = daemon;
  expect(() => used.client().pipelines.invoke('work', ' \n')).toThrow(
    expect.objectContaining({ reason: 'INVALID_ARGUMENT' }),
  );
});
