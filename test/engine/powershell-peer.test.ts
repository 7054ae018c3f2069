import { setImmediate as turn } from 'node:timers/promises';
import type { FinalRecord, StreamRecord } from '../../src/core/record';
import { stringValue, type Value } from '../../src/core/value';
import type { Engine, EngineOptions, SessionHostCall } from '../../src/engine/engine';
import { openPowerShell } from '../../src/engine/powershell/open';
import type { ProtocolVersion } from '../../src/psrp/capability';
import type { HostCall, HostMethod } from '../../src/psrp/host-call';
import type { WrittenRecord } from '../../src/psrp/records';
import type { ServerPool } from '../../src/psrp/server-pool';
import type { Transport, TransportEnd } from '../../src/transport/transport';
import { FakePeer, type Behaviour } from '../support/fake-peer';
import { engineOptions, run } from '../support/powershell';

/** A transport whose far end is the server half, in this process. */
class PeerTransport implements Transport {
  readonly processId = undefined;
  readonly output: AsyncIterable<Uint8Array>;
  readonly ended: Promise<TransportEnd>;
  readonly peer: FakePeer;
  readonly #chunks: Uint8Array[] = [];
  #isOver = false;
  #wake: () => void = () => undefined;
  #end: (end: TransportEnd) => void = () => undefined;

  constructor(peer: FakePeer) {
    this.peer = peer;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.output = this.#read();
  }

  /** Hands over what the peer has to say. */
  deliver(): void {
    const bytes = this.peer.server.dataToSend();
    if (bytes !== undefined) this.#chunks.push(bytes);
    this.#wake();
  }

  diagnostics(): string {
    return 'no words';
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.peer.receive(bytes);
    this.deliver();
  }

  end(): void {
    this.#isOver = true;
    this.#end({ is: 'exited', code: 0, signal: undefined });
    this.#wake();
  }

  signal(): void {
    this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) yield chunk;
      else if (this.#isOver) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

interface Opened {
  readonly engine: Engine;
  readonly transport: PeerTransport;
  readonly notices: StreamRecord[];
}

async function open(
  behaviour: Behaviour,
  options: Partial<EngineOptions> & { readonly newestVersion?: ProtocolVersion } = {},
): Promise<Opened> {
  const { newestVersion, ...rest } = options;
  const transport = new PeerTransport(new FakePeer(behaviour, newestVersion));
  const notices: StreamRecord[] = [];
  const onNotice = (record: StreamRecord): number => notices.push(record);
  const engine = await openPowerShell(engineOptions({ program: 'peer', onNotice, ...rest }), {
    spawn: async () => transport,
  });
  return { engine, transport, notices };
}

/** Does this in each pipeline, then completes it. */
function doing(action: (server: ServerPool, pipelineId: string) => void): Behaviour {
  return (event, server) => {
    if (event.type !== 'pipelineCreated') return;
    action(server, event.pipelineId);
    server.finish(event.pipelineId, { state: 'completed' });
  };
}

function told(method: HostMethod, ...parameters: Value[]): HostCall {
  return { callId: -100n, method, parameters, needsResponse: false };
}

const int32 = (value: number): Value => ({ type: 'int32', value });

describe('what arrives twice is one record', () => {
  const progress: WrittenRecord = {
    stream: 'progress',
    activity: 'a',
    activityId: 1,
    parentActivityId: -1,
    statusDescription: 's',
    currentOperation: '',
    percentComplete: 5,
    secondsRemaining: -1,
    completed: false,
  };
  const twice: [WrittenRecord, HostCall][] = [
    [{ stream: 'warning', message: 'w' }, told('WriteWarningLine', stringValue('w'))],
    [{ stream: 'verbose', message: 'v' }, told('WriteVerboseLine', stringValue('v'))],
    [{ stream: 'debug', message: 'd' }, told('WriteDebugLine', stringValue('d'))],
    [
      { stream: 'information', value: stringValue('i'), message: 'i', tags: [] },
      told('WriteLine2', stringValue('i')),
    ],
  ];

  test.each(twice.map(([record, call]) => [record.stream, record, call] as const))(
    '%s',
    async (_, record, call) => {
      const { engine } = await open(
        doing((server, id) => {
          server.write(id, record);
          server.callHost(id, call);
          server.callHost(id, call);
        }),
      );
      const records = await run(engine, '1');
      expect(records.map(({ stream }) => stream)).toEqual([record.stream, record.stream, 'final']);
    },
  );

  test('progress, in all its fields', async () => {
    const { engine } = await open(
      doing((server, id) => {
        server.write(id, progress);
        server.callHost(id, told('SetShouldExit', int32(4)));
        server.write(id, { ...progress, percentComplete: 6 });
      }),
    );
    expect(await run(engine, '1')).toEqual([
      progress,
      { ...progress, percentComplete: 6 },
      { stream: 'final', state: 'completed', exitCode: 4 },
    ]);
  });

  test('but text that something else came before is its own record', async () => {
    const { engine } = await open(
      doing((server, id) => {
        server.write(id, { stream: 'warning', message: 'w' });
        server.write(id, { stream: 'output', value: int32(1) });
        server.callHost(id, told('WriteWarningLine', stringValue('w')));
      }),
    );
    expect((await run(engine, '1')).map(({ stream }) => stream)).toEqual([
      'warning',
      'output',
      'warning',
      'final',
    ]);
  });
});

test('P65 what a host with a screen would do is told; calls that mean nothing to us are let pass', async () => {
  const { engine } = await open(
    doing((server, id) => {
      for (const method of ['NotifyBeginApplication', 'SetWindowTitle', 'FlushInputBuffer'] as const) {
        server.callHost(id, told(method, stringValue('x')));
      }
    }),
  );
  expect(await run(engine, '1')).toEqual([
    {
      stream: 'hostCall',
      callId: 0n,
      method: 'SetWindowTitle',
      parameters: [stringValue('x')],
      needsResponse: false,
    },
    { stream: 'final', state: 'completed' },
  ]);
});

test('a question about the host is answered at once, and what no host of ours has is an error', async () => {
  const answers: unknown[] = [];
  const questions: HostMethod[] = ['GetName', 'GetCurrentCulture', 'GetIsRunspacePushed', 'GetRunspace'];
  const { engine } = await open((event, server) => {
    if (event.type === 'hostResponse') answers.push(event.response.value ?? event.response.error);
    const isNext = event.type === 'pipelineCreated' || event.type === 'hostResponse';
    const pipelineId = isNext ? event.pipelineId : undefined;
    if (pipelineId === undefined) return;
    const method = questions[answers.length];
    if (method === undefined) server.finish(pipelineId, { state: 'completed' });
    else server.callHost(pipelineId, { callId: 1n, method, parameters: [], needsResponse: true });
  });
  await run(engine, '1');
  expect(answers).toMatchObject([
    stringValue('runspaced'),
    stringValue('en-US'),
    { type: 'bool', value: false },
    { type: 'object', text: 'the host of this session has no GetRunspace' },
  ]);
});

test('P65 a call outside any command waits for its answer; one that does not fit leaves it waiting', async () => {
  const answers: unknown[] = [];
  const asked: SessionHostCall[] = [];
  const { engine } = await open(
    (event, server) => {
      if (event.type === 'hostResponse') answers.push(event.response.value);
      if (event.type !== 'poolOpening') return;
      server.callHost(undefined, { callId: 5n, method: 'ReadLine', parameters: [], needsResponse: true });
    },
    { onHostCall: (call) => asked.push(call) },
  );
  const [call] = asked;
  expect(call?.record).toMatchObject({
    stream: 'hostCall',
    callId: 5n,
    method: 'ReadLine',
    needsResponse: true,
  });
  expect(() => call?.respond({ is: 'value', value: int32(1) })).toThrow('ReadLine expects a string');
  call?.respond({ is: 'value', value: stringValue('yes') });
  expect(() => call?.respond({ is: 'default' })).toThrow('no host call 5 waits');
  await engine.close();
  expect(answers).toEqual([stringValue('yes')]);
});

test('a stop waits until PowerShell has begun to run the pipeline', async () => {
  const order: string[] = [];
  let questions = 0;
  const { engine } = await open((event, server) => {
    if (event.type === 'availableRunspacesRequested') {
      order.push('asked');
      server.answer(event.callId, ++questions < 3 ? 1n : 0n);
    }
    if (event.type !== 'stopRequested') return;
    order.push('stopped');
    server.finish(event.pipelineId, { state: 'stopped' });
  });
  const running = run(engine, '1');
  await turn();
  engine.stop();
  engine.stop();
  const final = (await running).at(-1) as FinalRecord;
  expect([order, final.state]).toEqual([['asked', 'asked', 'asked', 'stopped'], 'stopped']);
});

test('a pipeline that ends while its stop waits has ended', async () => {
  const { engine } = await open((event, server) => {
    if (event.type !== 'availableRunspacesRequested') return;
    server.finish(pipelineIds.at(-1) ?? '', { state: 'completed' });
    server.answer(event.callId, 1n);
  });
  const pipelineIds = ['6e1f2d3c-0000-4000-9000-00000000000a'];
  const running = run(engine, '1', { pipelineId: pipelineIds[0] ?? '' });
  await turn();
  engine.stop();
  expect(await running).toEqual([{ stream: 'final', state: 'completed' }]);
});

describe('a PowerShell of protocol version 2.3', () => {
  test('runs commands', async () => {
    const { engine } = await open(
      doing((server, id) => {
        server.write(id, { stream: 'output', value: int32(1) });
      }),
      { newestVersion: '2.3' },
    );
    expect((await run(engine, '1'))[0]).toEqual({ stream: 'output', value: int32(1) });
  });

  test('P66 gets secure strings under its session key, and writes them under it', async () => {
    const arrived: unknown[] = [];
    const peers: FakePeer[] = [];
    const { engine, transport } = await open(
      (event, server) => {
        if (event.type === 'pipelineInput') arrived.push(event.value);
        if (event.type !== 'pipelineInputEnded') return;
        const value: Value = { type: 'list', items: [peers[0]?.sealed('back') ?? int32(0)] };
        server.write(event.pipelineId, { stream: 'output', value });
        server.finish(event.pipelineId, { state: 'completed' });
      },
      { newestVersion: '2.3' },
    );
    peers.push(transport.peer);
    const [output] = await run(engine, '1', { input: inputOf(plain('there')) });
    expect(output).toEqual({ stream: 'output', value: { type: 'list', items: [plain('back')] } });
    const [input] = arrived as { type: string; sealed: string }[];
    expect(transport.peer.opened(input?.sealed ?? '')).toBe('there');
    expect(input).not.toEqual(plain('there'));
  });

  test('P66 that seals with a key of its own breaks the protocol', async () => {
    const sealed = new FakePeer().sealed('x');
    const { engine } = await open(
      doing((server, id) => {
        server.write(id, { stream: 'output', value: sealed });
      }),
      { newestVersion: '2.3' },
    );
    expect((await run(engine, '1')).at(-1)).toMatchObject({
      state: 'failed',
      reason: { code: 'ENGINE_PROTOCOL_ERROR', facts: { problem: 'SECURE_STRING_UNREADABLE' } },
    });
  });

  test('P66 gets no application argument with a secure string, since it would wait for ever', async () => {
    const applicationArguments = [['Token', { type: 'list', items: [plain('x')] }]] as const;
    await expect(open(() => undefined, { newestVersion: '2.3', applicationArguments })).rejects.toMatchObject(
      {
        code: 'ENGINE_START_FAILED',
        message: expect.stringContaining('"Token"') as string,
      },
    );
  });

  test('P66 that sends no session key does not open, and the error says for what it waited', async () => {
    const peer = new FakePeer(() => undefined, '2.3');
    peer.server.sendSessionKey = () => undefined;
    const transport = new PeerTransport(peer);
    const opening = openPowerShell(engineOptions({ program: 'peer', openTimeoutMs: 200 }), {
      spawn: async () => transport,
    });
    await expect(opening).rejects.toMatchObject({ code: 'ENGINE_TIMEOUT' });
  });
});

function plain(text: string): Value {
  return { type: 'secureString', sealed: Buffer.from(text, 'utf16le').toString('base64') };
}

async function* inputOf(value: Value): AsyncGenerator<Value> {
  yield value;
}

test('a runspace that closes by itself is a lost engine', async () => {
  const { engine, transport } = await open(() => undefined);
  const running = run(engine, '1');
  await turn();
  transport.end();
  expect((await running).at(-1)).toMatchObject({ state: 'failed', reason: { code: 'ENGINE_LOST' } });
  expect(await engine.ended).toMatchObject({ is: 'lost' });
});

test('a refused runspace is ENGINE_START_FAILED with the reason of PowerShell', async () => {
  const peer = new FakePeer();
  const transport = new PeerTransport(peer);
  const { server } = peer;
  transport.write = async (bytes) => {
    server.receiveData(bytes);
    if (server.nextEvent()?.type === 'poolOpening') server.reject({ stream: 'error', message: 'not today' });
    transport.deliver();
  };
  const opening = openPowerShell(engineOptions({ program: 'peer' }), { spawn: async () => transport });
  await expect(opening).rejects.toMatchObject({ code: 'ENGINE_START_FAILED' });
  await expect(opening).rejects.toThrow(/not today/);
});
