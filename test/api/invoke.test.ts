import {
  InputLostPolicy,
  PipelineState,
  Waiting,
  type InvokePipelineRequest,
} from '../../src/gen/runspace/v1/pipeline';
import { SessionState } from '../../src/gen/runspace/v1/session';
import { Calls } from './support/calls';
import { invocation, short, type Invocation } from './support/raw';
import { serve } from './support/served';

const served = serve();
const { INPUT_LOST_POLICY_END, INPUT_LOST_POLICY_STOP, INPUT_LOST_POLICY_WAIT } = InputLostPolicy;

const echo = 'for await (const item of input) console.log(item)';
const never = 'await new Promise(() => setInterval(() => undefined, 1000))';
const item = (number: bigint): NonNullable<InvokePipelineRequest['action']> => ({
  $case: 'input',
  value: { number, value: { kind: { $case: 'int32', value: Number(number) } } },
});
const stop: NonNullable<InvokePipelineRequest['action']> = { $case: 'stop', value: {} };
const endOfInput: NonNullable<InvokePipelineRequest['action']> = { $case: 'endOfInput', value: {} };

/** The session waits for this. */
function waitsFor(session: string, waiting: number): Promise<unknown> {
  const watch = served.calls.watch([session]);
  return watch
    .next('session', ({ value }) => value.waiting === waiting)
    .finally(() => {
      watch.cancel();
    });
}

async function lines(stream: Invocation): Promise<string[]> {
  const { records, failure } = await stream.rest();
  return [...records.map(short), ...(failure === undefined ? [] : [failure.reason])];
}

/** The command's last record, whoever started it. */
async function endOf(session: string, pipeline: string): Promise<string> {
  const { records } = await served.calls.receive(session, { pipeline, afterSequence: 0n });
  const final = records.at(-1);
  return final === undefined ? '' : short(final);
}

async function startedId(stream: Invocation): Promise<string> {
  const snapshot = await stream.next('snapshot');
  return snapshot?.$case === 'snapshot' ? (snapshot.value.pipeline?.id ?? '') : '';
}

test('a caller that says no more after its start gets all records', async () => {
  await served.session('half');
  const stream = served.calls.invoke(
    'half',
    `for (const i of [1, 2, 3]) { console.log(i); await new Promise((r) => setTimeout(r, 20)); }`,
  );
  stream.halfClose();
  expect(await lines(stream)).toEqual(['1 output "1"', '2 output "2"', '3 output "3"', '4 final completed']);
});

test('input and its end are taken from a caller that then says no more', async () => {
  await served.session('half-input');
  const stream = served.calls.invoke('half-input', { script: echo, hasInput: true });
  for (const action of [item(1n), item(2n), endOfInput]) stream.send(action);
  stream.halfClose();
  expect(await lines(stream)).toEqual(['1 output "1"', '2 output "2"', '3 final completed']);
});

test.each([
  ['ended', INPUT_LOST_POLICY_END, '2 final completed'],
  ['stopped', INPUT_LOST_POLICY_STOP, '2 final stopped STOPPED'],
])(
  'a command whose caller says no more in the middle of its input is %s if it asked for that',
  async (_how, onInputLost, final) => {
    await served.session(`half-${String(onInputLost)}`);
    const stream = served.calls.invoke(`half-${String(onInputLost)}`, {
      script: echo,
      hasInput: true,
      onInputLost,
    });
    stream.send(item(1n));
    await stream.next('batch');
    stream.halfClose();
    expect((await lines(stream)).at(-1)).toBe(final);
  },
);

test.each([
  ['ended', INPUT_LOST_POLICY_END, '2 final completed'],
  ['stopped', INPUT_LOST_POLICY_STOP, '2 final stopped STOPPED'],
])(
  'a command whose caller is lost in the middle of its input is %s if it asked for that',
  async (_how, onInputLost, final) => {
    const name = `lost-${String(onInputLost)}`;
    await served.session(name);
    const stream = served.calls.invoke(name, { script: echo, hasInput: true, onInputLost });
    const id = await startedId(stream);
    stream.send(item(1n));
    await stream.next('batch');
    stream.cancel();
    expect(await endOf(name, id)).toBe(final);
  },
);

test('a command whose caller is lost in the middle of its input waits, and another call goes on with it', async () => {
  await served.session('waits');
  const stream = served.calls.invoke('waits', {
    script: echo,
    hasInput: true,
    onInputLost: INPUT_LOST_POLICY_WAIT,
  });
  const id = await startedId(stream);
  stream.send(item(1n));
  await stream.next('inputAccepted');
  stream.cancel();
  await waitsFor('waits', Waiting.WAITING_FOR_INPUT);
  const { items } = {
    items: [1n, 2n].map((number) => ({ number, value: { kind: { $case: 'int32' as const, value: 7 } } })),
  };
  const { inputAccepted } = await served.calls.input('waits', { pipeline: id, items, endOfInput: true });
  const { records } = await served.calls.receive('waits', { pipeline: id, afterSequence: 0n });
  expect([inputAccepted, ...records.map(short)]).toEqual([
    2n,
    '1 output "1"',
    '2 output "7"',
    '3 final completed',
  ]);
});

test('the same start with the same request id goes on where a broken stream ended, and takes repeated input once', async () => {
  await served.session('again');
  const start = { script: echo, hasInput: true, requestId: 'again-1' };
  const first = served.calls.invoke('again', start);
  for (const number of [1n, 2n]) first.send(item(number));
  await first.next('batch');
  first.cancel();
  const second = served.calls.invoke('again', start, { afterSequence: 1n });
  for (const action of [item(1n), item(2n), item(3n), endOfInput]) second.send(action);
  expect(await lines(second)).toEqual(['2 output "2"', '3 output "3"', '4 final completed']);
});

test('a second start on one stream is refused, and the command goes on', async () => {
  await served.session('second-start');
  const script = 'for await (const _ of input); 1';
  const stream = served.calls.invoke('second-start', { script, hasInput: true });
  const id = await startedId(stream);
  const start = served.calls.startRequest('second-start', '2');
  stream.send({
    $case: 'start',
    value: { start, afterSequence: 0n, reader: '', streams: [], takeOver: false },
  });
  const { failure } = await stream.rest();
  expect(failure).toMatchObject({
    status: 'INVALID_ARGUMENT',
    reason: 'INVALID_ARGUMENT',
    domain: 'runspaced',
  });
  expect(failure?.message).toMatch(/second start/);
  await served.calls.input('second-start', { pipeline: id, endOfInput: true });
  expect(await endOf('second-start', id)).toBe('2 final completed');
});

test('input with a hole is refused with INPUT_OUT_OF_ORDER, which names the next number, and the command goes on', async () => {
  await served.session('hole');
  const start = { script: echo, hasInput: true, requestId: 'hole-1' };
  const stream = served.calls.invoke('hole', start);
  stream.send(item(1n));
  await stream.next('inputAccepted');
  stream.send(item(3n));
  const { failure } = await stream.rest();
  const second = served.calls.invoke('hole', start, { afterSequence: 1n });
  for (const action of [item(2n), item(3n), endOfInput]) second.send(action);
  expect(failure).toMatchObject({
    status: 'FAILED_PRECONDITION',
    reason: 'INPUT_OUT_OF_ORDER',
    facts: { number: '3' },
  });
  expect(failure?.message).toMatch(/item 2 comes next/);
  expect(await lines(second)).toEqual(['2 output "2"', '3 output "3"', '4 final completed']);
});

test('input after its end is refused', async () => {
  await served.session('after-end');
  const stream = served.calls.invoke('after-end', { script: never, hasInput: true });
  for (const action of [item(1n), endOfInput, item(2n)]) stream.send(action);
  const { failure } = await stream.rest();
  await served.calls.stop('after-end');
  expect(failure).toMatchObject({ reason: 'INPUT_OUT_OF_ORDER', facts: { number: '2' } });
});

test('input for a command that was started without is refused', async () => {
  await served.session('no-input');
  const stream = served.calls.invoke('no-input', never);
  stream.send(item(1n));
  const { failure } = await stream.rest();
  await served.calls.stop('no-input');
  expect(failure).toMatchObject({ reason: 'INVALID_ARGUMENT', domain: 'runspaced' });
  expect(failure?.message).toMatch(/has_input/);
});

test('an item that is no value is refused by its number', async () => {
  await served.session('bad-item');
  const stream = served.calls.invoke('bad-item', { script: never, hasInput: true });
  stream.send({ $case: 'input', value: { number: 1n, value: { kind: { $case: 'guid', value: 'none' } } } });
  const { failure } = await stream.rest();
  await served.calls.stop('bad-item');
  expect(failure).toMatchObject({ status: 'INVALID_ARGUMENT', reason: 'INVALID_ARGUMENT' });
  expect(failure?.message).toMatch(/items\[1\]\.value/);
});

test('a stop that stands behind input that nobody takes is heard', async () => {
  await served.session('behind');
  const stream = served.calls.invoke('behind', { script: never, hasInput: true });
  for (let number = 1n; number <= 1_500n; number += 1n) stream.send(item(number));
  stream.send(stop);
  expect(await lines(stream)).toEqual(['1 final stopped STOPPED']);
});

test('a command that ends before its input does ends well', async () => {
  await served.session('enough');
  const stream = served.calls.invoke('enough', {
    script: 'const first = await input.next(); await new Promise((r) => setTimeout(r, 50)); first.value',
    hasInput: true,
  });
  const over = new AbortController();
  const rest = lines(stream).finally(() => {
    over.abort();
  });
  for (let number = 1n; !over.signal.aborted && number < 100_000n; number += 1n) {
    stream.send(item(number));
    if (number % 100n === 0n) await new Promise(setImmediate);
  }
  expect(await rest).toEqual(['1 output 1', '2 final completed']);
});

test('a message without an action is refused', async () => {
  await served.session('empty');
  const call = served.calls.raw.pipelines.invokePipeline();
  const start = served.calls.startRequest('empty', never);
  call.write({
    action: { $case: 'start', value: { start, afterSequence: 0n, reader: '', streams: [], takeOver: false } },
  });
  call.write({ action: undefined });
  const failed = new Promise((resolve) => call.on('error', resolve));
  call.resume();
  expect(await failed).toMatchObject({ code: 3 });
  await served.calls.stop('empty');
});

test('an invocation needs a client id', async () => {
  await served.session('nameless');
  const { failure } = await served.calls.invoke('nameless', { script: '1', clientId: '' }).rest();
  expect(failure).toMatchObject({
    status: 'INVALID_ARGUMENT',
    reason: 'INVALID_ARGUMENT',
    facts: { field: 'client_id' },
  });
});

test('an acknowledgement beyond the end is refused with RECORDS_BEYOND_END', async () => {
  await served.session('ack-beyond');
  const stream = served.calls.invoke('ack-beyond', never, { reader: 'owner' });
  await stream.next('snapshot');
  stream.send({ $case: 'acknowledge', value: 5n });
  const { failure } = await stream.rest();
  await served.calls.stop('ack-beyond');
  expect(failure).toMatchObject({
    status: 'OUT_OF_RANGE',
    reason: 'RECORDS_BEYOND_END',
    domain: 'runspaced',
  });
});

test('a caller that leaves is disconnected, and its command goes on', async () => {
  await served.session('leaves');
  const stream = served.calls.invoke('leaves', `${never}; 1`);
  const id = await startedId(stream);
  const watch = served.calls.watch(['leaves']);
  await watch.next('session', ({ value }) => value.connectedClientId === 'raw');
  stream.cancel();
  await watch.next('session', ({ value }) => value.connectedClientId === '');
  watch.cancel();
  const { state } = await served.calls.pipeline('leaves', id);
  await served.calls.stop('leaves');
  expect(state).toBe(PipelineState.PIPELINE_STATE_RUNNING);
});

test('P33 a caller that is taken over gets CONNECTED_ELSEWHERE on its stream, and the command goes on', async () => {
  await served.session('taken');
  using other = new Calls(served.daemon.socketPath, 'other');
  const stream = served.calls.invoke('taken', never);
  const id = await startedId(stream);
  const rest = stream.rest();
  await other.connect('taken', { takeOver: true });
  const { failure } = await rest;
  const { state } = await other.pipeline('taken', id);
  await other.stop('taken');
  expect(failure).toMatchObject({
    status: 'FAILED_PRECONDITION',
    reason: 'CONNECTED_ELSEWHERE',
    facts: { session: 'taken', client: 'other' },
  });
  expect(state).toBe(PipelineState.PIPELINE_STATE_RUNNING);
});

test('when the engine dies its caller still gets the final record, and the session is broken', async () => {
  await served.session('dies');
  const stream = served.calls.invoke('dies', {
    script: 'console.log(1); for await (const _ of input) process.kill(process.ppid, "SIGKILL")',
    hasInput: true,
  });
  // What an engine holds when it is killed is lost with it: it dies when the first record is here.
  const first = await stream.next('batch');
  stream.send(item(1n));
  const watch = served.calls.watch(['dies']);
  const { value } = await watch.next(
    'session',
    (event) => event.value.state === SessionState.SESSION_STATE_BROKEN,
  );
  watch.cancel();
  expect(first?.$case === 'batch' && first.value.records.map(short)).toEqual(['1 output "1"']);
  expect(await lines(stream)).toEqual(['2 final failed ENGINE_LOST']);
  expect(value.problem?.reason).toBe('ENGINE_LOST');
});

test('how records are wanted is checked before the command is started', async () => {
  const session = await served.session('unwanted');
  const stream = served.calls.invoke('unwanted', '1', { afterSequence: -1n });
  const { failure } = await stream.rest();
  expect(failure).toMatchObject({ status: 'INVALID_ARGUMENT', reason: 'INVALID_ARGUMENT' });
  expect((await served.calls.pipelines(session.id)).pipelines).toEqual([]);
});

test('a stream that has not begun can be left', async () => {
  const stream = invocation(served.calls.raw);
  stream.cancel();
  const { failure } = await stream.rest();
  expect(failure?.status).toBe('CANCELLED');
});
