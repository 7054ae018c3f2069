import { nullValue, stringValue, type Value } from '../../src/core/value';
import { nodeCodec } from '../../src/engine/powershell/node-codec';
import { protocolVersions, type ProtocolVersion } from '../../src/psrp/capability';
import { scriptPipeline, type ScriptInvocation } from '../../src/psrp/create-pipeline';
import { LocalProtocolError } from '../../src/psrp/errors';
import type { ClientEvent } from '../../src/psrp/events';
import { emptyGuid } from '../../src/psrp/guid';
import type { HostCall } from '../../src/psrp/host-call';
import { clientPool, converse, FakePeer, openedPool, pipelineId, type Behaviour } from '../support/fake-peer';

const spec = (invocation: Partial<ScriptInvocation> = {}) =>
  scriptPipeline({ script: '1', ...invocation }, nodeCodec);

/** Writes the script's text as output and completes. */
const echo: Behaviour = (event, server) => {
  if (event.type !== 'pipelineCreated') return;
  const script = event.spec.commands.map((command) => command.text).join(';');
  server.write(event.pipelineId, { stream: 'output', value: stringValue(script) });
  server.finish(event.pipelineId, { state: 'completed' });
};

function outputs(events: readonly ClientEvent[]): Value[] {
  return events.flatMap((event) =>
    event.type === 'record' && event.record.stream === 'output' ? [event.record.value] : [],
  );
}

function kinds(events: readonly ClientEvent[]): string[] {
  return events.map((event) => event.type);
}

describe('opening', () => {
  test('agrees on a version, tells the private data, and is opened', () => {
    const peer = new FakePeer();
    const pool = clientPool();
    pool.open();
    expect(kinds(converse(pool, peer))).toEqual(['negotiated', 'applicationPrivateData', 'poolState']);
    expect(pool.state).toBe('opened');
  });

  test('hands the server what the client asked for', () => {
    const { peer, pool } = openedPool(undefined, {
      minRunspaces: 1,
      maxRunspaces: 3,
      applicationArguments: [['Name', stringValue('x')]],
    });
    expect(peer.events).toEqual([
      {
        type: 'poolOpening',
        poolId: pool.id,
        version: '2.4',
        spec: {
          minRunspaces: 1,
          maxRunspaces: 3,
          host: { is: 'text' },
          applicationArguments: [['Name', stringValue('x')]],
        },
      },
    ]);
  });

  const offers = protocolVersions.flatMap((ours) =>
    protocolVersions.map((theirs) => [ours, theirs] as const),
  );
  test.each(offers)('a client of %s and a server of %s agree on the smaller', (ours, theirs) => {
    const { pool } = openedPool(undefined, { offeredVersion: ours, newestVersion: theirs });
    expect(pool.version).toBe(ours < theirs ? ours : theirs);
  });

  test('a server newer than our offer is refused', () => {
    const newer = clientPool();
    const older = clientPool({ offeredVersion: '2.3' });
    const peer = new FakePeer();
    newer.open();
    older.open();
    peer.receive(newer.dataToSend() ?? new Uint8Array(0));
    older.receiveData(peer.server.dataToSend() ?? new Uint8Array(0));
    expect(() => older.nextEvent()).toThrow(/speaks protocol version "2.4"/);
    expect(older.state).toBe('broken');
  });

  test('a server that refuses gives its error', () => {
    const peer = new FakePeer();
    const pool = clientPool();
    pool.open();
    peer.server.receiveData(pool.dataToSend() ?? new Uint8Array(0));
    expect(peer.server.nextEvent()?.type).toBe('poolOpening');
    peer.server.reject({ stream: 'error', message: 'not today', category: 'ResourceUnavailable' });
    const [, state] = converse(pool, peer);
    expect(state).toMatchObject({ type: 'poolState', state: 'broken', error: { message: 'not today' } });
    expect(pool.state).toBe('broken');
  });

  test('a pipeline before the pool is opened is our own mistake', () => {
    expect(() => clientPool().createPipeline(pipelineId(1), spec())).toThrow(LocalProtocolError);
  });

  test('a pool opens only once', () => {
    const { pool } = openedPool();
    expect(() => {
      pool.open();
    }).toThrow(/open is not possible while opened/);
  });
});

describe('running', () => {
  test('a pipeline writes, ends, and is closed', () => {
    const { pool, peer } = openedPool(echo);
    pool.createPipeline(pipelineId(1), spec({ script: 'one' }));
    const events = converse(pool, peer);
    expect(kinds(events)).toEqual(['record', 'pipelineState', 'pipelineClosed']);
    expect(outputs(events)).toEqual([stringValue('one')]);
  });

  test('the server gets script, arguments, $using: values and flags as they were given', () => {
    const { pool, peer } = openedPool();
    const specified = spec({
      script: 'param($a) "_x0041_"',
      arguments: [{ name: 'a', value: { type: 'int32', value: 4 } }, { value: nullValue }],
      usingValues: [['$using:Log', stringValue('l')]],
      useLocalScope: true,
      hasInput: true,
      host: { is: 'text' },
    });
    pool.createPipeline(pipelineId(1), specified);
    converse(pool, peer);
    const created = peer.events.at(-1);
    expect(created?.type === 'pipelineCreated' ? created.spec : undefined).toEqual(specified);
  });

  test('a plain $using: key is lower-cased, an expression is not', () => {
    const { commands } = spec({
      usingValues: [
        ['$using:X', nullValue],
        ['$using:X.Length', nullValue],
      ],
    });
    const argument = commands[0]?.arguments[0]?.value;
    const keys = argument?.type === 'dictionary' ? argument.entries.map(([key]) => key) : [];
    expect(keys).toEqual([
      stringValue('JAB1AHMAaQBuAGcAOgB4AA=='),
      stringValue('JAB1AHMAaQBuAGcAOgBYAC4ATABlAG4AZwB0AGgA'),
    ]);
  });

  test('pipelines that were queued at once run in the order of their making', () => {
    const { pool, peer } = openedPool(echo);
    for (const number of [1, 2, 3]) pool.createPipeline(pipelineId(number), spec({ script: `p${number}` }));
    expect(outputs(converse(pool, peer))).toEqual(['p1', 'p2', 'p3'].map(stringValue));
  });

  test('nothing is sent for a pipeline before its last word was acknowledged', () => {
    const { pool, peer } = openedPool();
    pool.createPipeline(pipelineId(1), spec());
    expect(Buffer.from(pool.dataToSend() ?? []).toString()).toBe(`<Command PSGuid='${pipelineId(1)}' />\n`);
    expect(pool.dataToSend()).toBeUndefined();
    peer.receive(Buffer.from(`<Command PSGuid='${pipelineId(1)}' />\n`));
    pool.receiveData(peer.server.dataToSend() ?? new Uint8Array(0));
    expect(pool.nextEvent()).toBeUndefined();
    expect(Buffer.from(pool.dataToSend() ?? []).toString()).toMatch(/^<Data .*<\/Data>\n$/);
  });

  test('a large script arrives whole', () => {
    const { pool, peer } = openedPool(echo);
    const script = `'${'x'.repeat(500_000)}'`;
    pool.createPipeline(pipelineId(1), spec({ script }));
    expect(outputs(converse(pool, peer))).toEqual([stringValue(script)]);
  });

  test('input arrives in order, null included, and ends', () => {
    const { pool, peer } = openedPool((event, server) => {
      if (event.type === 'pipelineInput')
        server.write(event.pipelineId, { stream: 'output', value: event.value });
      if (event.type === 'pipelineInputEnded') server.finish(event.pipelineId, { state: 'completed' });
    });
    const pipeline = pool.createPipeline(pipelineId(1), spec({ hasInput: true }));
    const values = [stringValue('a'), nullValue, stringValue('b'.repeat(200_000)), stringValue('')];
    for (const value of values) pipeline.sendInput(value);
    expect(pipeline.unsentInputBytes).toBeGreaterThan(200_000);
    pipeline.endInput();
    expect(outputs(converse(pool, peer))).toEqual(values);
    expect(pipeline.unsentInputBytes).toBe(0);
  });

  test('input after its end is our own mistake', () => {
    const { pool } = openedPool();
    const pipeline = pool.createPipeline(pipelineId(1), spec({ hasInput: true }));
    pipeline.endInput();
    expect(() => {
      pipeline.sendInput(nullValue);
    }).toThrow(LocalProtocolError);
  });

  test('input for a pipeline that has finished is dropped', () => {
    const { pool, peer } = openedPool(echo);
    const pipeline = pool.createPipeline(pipelineId(1), spec({ hasInput: true }));
    converse(pool, peer);
    pipeline.sendInput(stringValue('late'));
    expect(pool.dataToSend()).toBeUndefined();
  });

  test('an object over the limit is reported, and the pipeline goes on', () => {
    const { pool, peer } = openedPool(
      (event, server) => {
        if (event.type !== 'pipelineCreated') return;
        for (const length of [100_000, 1]) {
          server.write(event.pipelineId, { stream: 'output', value: stringValue('x'.repeat(length)) });
        }
        server.finish(event.pipelineId, { state: 'completed' });
      },
      { maximumObjectSize: 50_000 },
    );
    pool.createPipeline(pipelineId(1), spec());
    const events = converse(pool, peer);
    expect(kinds(events)).toEqual(['objectTooLarge', 'record', 'pipelineState', 'pipelineClosed']);
    expect(events[0]).toMatchObject({ pipelineId: pipelineId(1), limit: 50_000 });
  });
});

describe('stopping', () => {
  const stopped: Behaviour = (event, server) => {
    if (event.type === 'stopRequested') server.finish(event.pipelineId, { state: 'stopped' });
  };

  test('a running pipeline that is stopped ends stopped and is closed', () => {
    const { pool, peer } = openedPool(stopped);
    const pipeline = pool.createPipeline(pipelineId(1), spec());
    converse(pool, peer);
    pipeline.stop();
    expect(converse(pool, peer)).toEqual([
      { type: 'pipelineState', pipelineId: pipelineId(1), state: 'stopped' },
      { type: 'pipelineClosed', pipelineId: pipelineId(1) },
    ]);
  });

  test('a stop right after the start waits until the pipeline is created', () => {
    const { pool, peer } = openedPool(stopped);
    pool.createPipeline(pipelineId(1), spec()).stop();
    expect(kinds(converse(pool, peer))).toEqual(['pipelineState', 'pipelineClosed']);
    expect(peer.events.map((event) => event.type)).toEqual([
      'poolOpening',
      'pipelineCreated',
      'stopRequested',
    ]);
  });

  test('a pipeline that was never sent is stopped here', () => {
    const { pool, peer } = openedPool(stopped);
    pool.createPipeline(pipelineId(1), spec());
    pool.createPipeline(pipelineId(2), spec()).stop();
    expect(converse(pool, peer)).toEqual([
      { type: 'pipelineState', pipelineId: pipelineId(2), state: 'stopped' },
      { type: 'pipelineClosed', pipelineId: pipelineId(2) },
    ]);
  });

  test('a stop overtakes input that was not sent', () => {
    const { pool, peer } = openedPool(stopped);
    const pipeline = pool.createPipeline(pipelineId(1), spec({ hasInput: true }));
    converse(pool, peer);
    for (let count = 0; count < 100; count++) pipeline.sendInput(stringValue('x'.repeat(10_000)));
    pipeline.stop();
    expect(kinds(converse(pool, peer))).toEqual(['pipelineState', 'pipelineClosed']);
    expect(peer.events.filter((event) => event.type === 'pipelineInput').length).toBeLessThan(10);
  });

  test('a stop that comes too late changes nothing', () => {
    const { pool, peer } = openedPool(echo);
    const pipeline = pool.createPipeline(pipelineId(1), spec());
    converse(pool, peer);
    pipeline.stop();
    expect(converse(pool, peer)).toEqual([]);
  });
});

describe('host calls', () => {
  const question: HostCall = {
    callId: 1n,
    method: 'ReadLine',
    parameters: [],
    needsResponse: true,
  };
  const asks: Behaviour = (event, server) => {
    if (event.type === 'pipelineCreated') server.callHost(event.pipelineId, question);
    if (event.type !== 'hostResponse' || event.pipelineId === undefined) return;
    const value = event.response.value ?? stringValue('an error');
    server.write(event.pipelineId, { stream: 'output', value });
    server.finish(event.pipelineId, { state: 'completed' });
  };

  test('an answer reaches the pipeline that asked', () => {
    const { pool, peer } = openedPool(asks);
    const pipeline = pool.createPipeline(pipelineId(1), spec());
    expect(converse(pool, peer)).toEqual([
      { type: 'pipelineHostCall', pipelineId: pipelineId(1), call: question },
    ]);
    pipeline.respond(question, { is: 'value', value: stringValue('42') });
    expect(outputs(converse(pool, peer))).toEqual([stringValue('42')]);
  });

  test('an error is an answer too', () => {
    const { pool, peer } = openedPool(asks);
    const pipeline = pool.createPipeline(pipelineId(1), spec());
    converse(pool, peer);
    pipeline.respond(question, { is: 'error', error: { stream: 'error', message: 'nobody is here' } });
    converse(pool, peer);
    const response = peer.events.find((event) => event.type === 'hostResponse')?.response;
    expect(response).toMatchObject({ callId: 1n, method: 'ReadLine', value: undefined });
    expect(response?.error).toMatchObject({ type: 'object', text: 'nobody is here' });
  });

  test('the pool itself can be asked, also while it opens', () => {
    const peer = new FakePeer();
    const pool = clientPool();
    pool.open();
    peer.server.receiveData(pool.dataToSend() ?? new Uint8Array(0));
    expect(peer.server.nextEvent()?.type).toBe('poolOpening');
    peer.server.callHost(undefined, question);
    pool.receiveData(peer.server.dataToSend() ?? new Uint8Array(0));
    expect(pool.nextEvent()?.type).toBe('negotiated');
    expect(pool.nextEvent()).toEqual({ type: 'poolHostCall', call: question });
    pool.respond(question, { is: 'value', value: stringValue('yes') });
    expect(Buffer.from(pool.dataToSend() ?? []).toString()).toMatch(/^<Data Stream='PromptResponse'/);
  });

  test('a call that needs no answer can not be answered', () => {
    const { pool } = openedPool();
    const pipeline = pool.createPipeline(pipelineId(1), spec());
    expect(() => {
      pipeline.respond({ ...question, needsResponse: false }, { is: 'value', value: undefined });
    }).toThrow(LocalProtocolError);
  });
});

describe('requests', () => {
  const answers: Behaviour = (event, server) => {
    if (event.type === 'resetRequested') server.answer(event.callId, true);
    if (event.type === 'availableRunspacesRequested') server.answer(event.callId, 3n);
    if (event.type === 'setRunspacesRequested') server.answer(event.callId, event.count <= 5);
  };

  test('reset, free runspaces and new limits are answered under their call ids', () => {
    const { pool, peer } = openedPool(answers);
    const calls = [pool.reset(), pool.getAvailableRunspaces(), pool.setRunspaces('maximum', 9)];
    expect(converse(pool, peer)).toEqual([
      { type: 'availability', callId: calls[0], answer: true },
      { type: 'availability', callId: calls[1], answer: 3n },
      { type: 'availability', callId: calls[2], answer: false },
    ]);
  });

  test('a server of 2.2 can not be reset', () => {
    const { pool } = openedPool(answers, { newestVersion: '2.2' });
    expect(() => pool.reset()).toThrow(/needs protocol version 2.3, this is 2.2/);
  });

  test.each(['2.2', '2.3'] satisfies ProtocolVersion[])('a server of %s runs pipelines', (newestVersion) => {
    const { pool, peer } = openedPool(echo, { newestVersion });
    pool.createPipeline(pipelineId(1), spec({ script: 'old' }));
    expect(outputs(converse(pool, peer))).toEqual([stringValue('old')]);
  });
});

describe('closing', () => {
  test('an idle pool closes', () => {
    const { pool, peer } = openedPool();
    pool.close();
    expect(kinds(converse(pool, peer))).toEqual(['poolState', 'poolState', 'poolClosed']);
    expect([pool.state, peer.server.state]).toEqual(['closed', 'closed']);
  });

  test('running and queued pipelines are closed first', () => {
    const { pool, peer } = openedPool((event, server) => {
      if (event.type === 'closeRequested') server.finish(event.pipelineId, { state: 'stopped' });
    });
    pool.createPipeline(pipelineId(1), spec());
    converse(pool, peer);
    pool.createPipeline(pipelineId(2), spec({ script: 'x'.repeat(100_000) }));
    pool.close();
    const events = converse(pool, peer);
    expect(kinds(events).at(-1)).toBe('poolClosed');
    expect(events.filter((event) => event.type === 'pipelineClosed')).toHaveLength(2);
  });

  test('the same server takes another pool afterwards', () => {
    const { pool, peer } = openedPool(echo);
    pool.close();
    converse(pool, peer);
    const next = clientPool({ id: '6e1f2d3c-0000-4000-8000-000000000002' });
    next.open();
    converse(next, peer);
    next.createPipeline(pipelineId(1), spec({ script: 'again' }));
    expect(outputs(converse(next, peer))).toEqual([stringValue('again')]);
  });

  test('a pool that was never opened closes without a word', () => {
    const pool = clientPool();
    pool.close();
    expect([pool.state, pool.dataToSend()]).toEqual(['closed', undefined]);
  });

  test('after the protocol is broken every call says so', () => {
    const { pool } = openedPool();
    pool.receiveData(Buffer.from('<Bogus />\n'));
    expect(() => pool.nextEvent()).toThrow(/no element Bogus/);
    expect(() => pool.nextEvent()).toThrow(/no element Bogus/);
    expect(() => pool.createPipeline(pipelineId(1), spec())).toThrow(/the pool is broken/);
  });
});

test.each([
  ['an acknowledgement of nothing', `<DataAck PSGuid='${emptyGuid}' />`],
  ['an acknowledgement for a pipeline that is not there', `<CommandAck PSGuid='${pipelineId(7)}' />`],
  ['Data for a pipeline that never was', `<Data Stream='Default' PSGuid='${pipelineId(7)}'>YWJj</Data>`],
  ['what only clients send', `<Close PSGuid='${pipelineId(7)}' />`],
])('%s breaks the protocol', (_, line) => {
  const { pool } = openedPool();
  pool.receiveData(Buffer.from(`${line}\n`));
  expect(() => pool.nextEvent()).toThrow(expect.objectContaining({ name: 'RemoteProtocolError' }) as Error);
});

test("what the server's own start-up command writes comes under the empty id", () => {
  const { pool, peer } = openedPool();
  const other = openedPool((event, server) => {
    if (event.type !== 'pipelineCreated') return;
    server.write(event.pipelineId, { stream: 'output', value: stringValue('start-up') });
    server.finish(event.pipelineId, { state: 'completed' });
  });
  other.pool.createPipeline(pipelineId(1), spec());
  other.peer.receive(other.pool.dataToSend() ?? new Uint8Array(0));
  other.pool.receiveData(other.peer.server.dataToSend() ?? new Uint8Array(0));
  expect(other.pool.nextEvent()).toBeUndefined();
  other.peer.receive(other.pool.dataToSend() ?? new Uint8Array(0));
  const text = Buffer.from(other.peer.server.dataToSend() ?? [])
    .toString()
    .replace(/<DataAck.*\n/, '');
  pool.receiveData(Buffer.from(text.replaceAll(`PSGuid='${pipelineId(1)}'`, `PSGuid='${emptyGuid}'`)));
  expect(converse(pool, peer)).toEqual([
    { type: 'record', pipelineId: emptyGuid, record: { stream: 'output', value: stringValue('start-up') } },
    { type: 'pipelineState', pipelineId: emptyGuid, state: 'completed' },
  ]);
});
