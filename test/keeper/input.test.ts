import type { SendPipelineInputRequest } from '../../src/gen/runspace/keeper/v1/keeper';
import { InputLostPolicy, Waiting } from '../../src/gen/runspace/v1/pipeline';
import type { Value as ProtoValue } from '../../src/gen/runspace/v1/value';
import { receive, short, start } from '../support/keeper';
import { eventually, keptSession, refusal, type Kept } from './support/kept-session';

const number = (value: number): ProtoValue => ({ kind: { $case: 'int32', value } });
const items = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    number: BigInt(from + index),
    value: number(from + index),
  }));

const input = (it: Kept, more: Partial<SendPipelineInputRequest>) =>
  it.client.sendPipelineInput({
    sessionId: it.session,
    pipelineId: '1',
    items: [],
    endOfInput: false,
    clientLost: false,
    ...more,
  });

async function started(it: Kept, onInputLost = InputLostPolicy.INPUT_LOST_POLICY_UNSPECIFIED) {
  await it.client.startPipeline(start(it.session, 'x', { hasInput: true, onInputLost }));
  const run = await it.engine.nextRun();
  const values = run.invocation.input?.[Symbol.asyncIterator]();
  if (values === undefined) throw new Error('no input');
  const next = async (): Promise<unknown> => {
    const result = await values.next();
    return result.done === true ? 'end' : 'value' in result.value ? result.value.value : result.value.type;
  };
  return { run, next };
}

test('items reach the engine once and in order, whatever is sent twice', async () => {
  await using it = await keptSession();
  const { next } = await started(it);
  await input(it, { items: items(1, 2) });
  const { inputAccepted } = await input(it, { items: items(1, 3), endOfInput: true });
  expect([inputAccepted, await next(), await next(), await next(), await next()]).toEqual([
    3n,
    1,
    2,
    3,
    'end',
  ]);
});

test('a hole is refused and nothing of it is taken', async () => {
  await using it = await keptSession();
  await started(it);
  await input(it, { items: items(1, 1) });
  expect(await refusal(input(it, { items: items(3, 4) }))).toBe('INPUT_OUT_OF_ORDER');
  expect((await input(it, {})).inputAccepted).toBe(1n);
});

test('an item after the end is refused', async () => {
  await using it = await keptSession();
  await started(it);
  await input(it, { items: items(1, 1), endOfInput: true });
  expect(await refusal(input(it, { items: items(2, 2) }))).toBe('INPUT_OUT_OF_ORDER');
});

test('a bad value is refused, naming the item', async () => {
  await using it = await keptSession();
  await started(it);
  const bad = { number: 1n, value: { kind: { $case: 'int8' as const, value: 1_000 } } };
  await expect(input(it, { items: [bad] })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    facts: { path: 'items[1].value' },
  });
});

test('a command that was started without input takes none', async () => {
  await using it = await keptSession();
  await it.client.startPipeline(start(it.session, 'x'));
  expect(await refusal(input(it, { items: items(1, 1) }))).toBe('INVALID_ARGUMENT');
});

test('a command that waits for its client to send shows it', async () => {
  await using it = await keptSession();
  const { next } = await started(it);
  const first = next();
  const waiting = async () =>
    (await it.client.getPipeline({ sessionId: it.session, pipeline: '1' })).pipeline?.waiting;
  await eventually(async () => ((await waiting()) === Waiting.WAITING_FOR_INPUT ? true : undefined));
  await input(it, { items: items(1, 1) });
  await first;
  expect(await waiting()).toBe(Waiting.WAITING_UNSPECIFIED);
});

test('a sender that is faster than the engine waits for its answer until there is room', async () => {
  await using it = await keptSession();
  const { next } = await started(it);
  let isAnswered = false;
  const sending = input(it, { items: items(1, 1_000) }).then((answer) => {
    isAnswered = true;
    return answer;
  });
  await eventually(async () => {
    const { pipeline } = await it.client.getPipeline({ sessionId: it.session, pipeline: '1' });
    return pipeline?.inputAccepted === 1_000n ? true : undefined;
  });
  expect(isAnswered).toBe(false);
  await next();
  expect((await sending).inputAccepted).toBe(1_000n);
});

test('a sender that waits is let go when the command ends', async () => {
  await using it = await keptSession();
  const { run } = await started(it);
  const sending = input(it, { items: items(1, 2_000) });
  await eventually(() =>
    it.kept.keeper.session(it.session).find('1').input?.lastAccepted === 2_000n ? true : undefined,
  );
  await run.end();
  expect((await sending).inputAccepted).toBe(2_000n);
});

test('a finished command takes no new items, and passes over those it had', async () => {
  await using it = await keptSession();
  const { run } = await started(it);
  await input(it, { items: items(1, 1) });
  await run.end();
  await receive(it.client, it.session);
  expect(await refusal(input(it, { items: items(2, 2) }))).toBe('PIPELINE_FINISHED');
  expect((await input(it, { items: items(1, 1) })).inputAccepted).toBe(1n);
});

test('a lost client: the input ends where the caller asked for that', async () => {
  await using it = await keptSession();
  const { next } = await started(it, InputLostPolicy.INPUT_LOST_POLICY_END);
  await input(it, { items: items(1, 1), clientLost: true });
  expect([await next(), await next()]).toEqual([1, 'end']);
});

test('a lost client: the command is stopped where the caller asked for that', async () => {
  await using it = await keptSession();
  await started(it, InputLostPolicy.INPUT_LOST_POLICY_STOP);
  await input(it, { clientLost: true });
  const { records } = await receive(it.client, it.session);
  expect(records.map(short)).toEqual(['1 final stopped STOPPED']);
});

test('a lost client: otherwise the command waits, and another client goes on', async () => {
  await using it = await keptSession();
  const { next } = await started(it);
  await input(it, { items: items(1, 1), clientLost: true });
  await input(it, { items: items(2, 2) });
  expect([await next(), await next()]).toEqual([1, 2]);
});
