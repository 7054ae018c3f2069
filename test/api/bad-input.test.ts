import { randomUUID } from 'node:crypto';
import type { ValueFormat } from '../../src/gen/runspace/v1/pipeline';
import { type InputLostPolicy } from '../../src/gen/runspace/v1/pipeline';
import type { Stream } from '../../src/gen/runspace/v1/record';
import { SessionOptions, type OutputBufferingMode } from '../../src/gen/runspace/v1/session';
import { DateTime_Kind, List_Kind, type Value } from '../../src/gen/runspace/v1/value';
import { failureOf } from './support/raw';
import { serve, valuesOf } from './support/served';

const served = serve();

/** What a caller is told: the status, the reason, and words that must be in the message. */
interface Told {
  readonly status: string;
  readonly reason: string;
  readonly says: readonly RegExp[];
}

interface Case extends Told {
  readonly what: string;
  readonly call: () => Promise<unknown>;
}

const seconds = (count: number) => ({
  seconds: BigInt(Math.floor(count)),
  nanos: Math.round((count % 1) * 1e9),
});
const options = (more: Partial<SessionOptions>) => ({
  options: { ...SessionOptions.fromPartial({}), ...more },
});
const nothing: Value = { kind: { $case: 'null', value: {} } };
/** A number off the wire that no enumeration has. */
const unnamed: unknown = 77;

const invalid = (...says: RegExp[]): Told => ({
  status: 'INVALID_ARGUMENT',
  reason: 'INVALID_ARGUMENT',
  says,
});
const outOfRange = (...says: RegExp[]): Told => ({
  status: 'INVALID_ARGUMENT',
  reason: 'OPTION_OUT_OF_RANGE',
  says,
});
const noSession = (...says: RegExp[]): Told => ({ status: 'NOT_FOUND', reason: 'SESSION_NOT_FOUND', says });
const noPipeline = (...says: RegExp[]): Told => ({ status: 'NOT_FOUND', reason: 'PIPELINE_NOT_FOUND', says });

const cases: readonly Case[] = [
  {
    what: 'an unknown session',
    call: () => served.calls.get('nowhere'),
    ...noSession(/"nowhere"/, /runspace ls/),
  },
  { what: 'no session at all', call: () => served.calls.get(''), ...noSession(/no session is named/) },
  { what: 'a session id of three characters', call: () => served.calls.get('abc'), ...noSession(/"abc"/) },
  {
    what: 'an unknown session in a list',
    call: () => served.calls.list({ sessions: ['nowhere'] }),
    ...noSession(/nowhere/),
  },
  {
    what: 'a command in an unknown session',
    call: () => served.calls.start('nowhere', '1'),
    ...noSession(/"nowhere"/),
  },
  {
    what: 'an unknown engine',
    call: () => served.calls.create({ engine: 'cobol' }),
    ...invalid(/"cobol"/, /powershell, javascript.* or /),
  },
  {
    what: 'a name that is taken',
    call: () => served.calls.create({ name: 'WITNESS' }),
    status: 'ALREADY_EXISTS',
    reason: 'SESSION_NAME_TAKEN',
    says: [/"witness"/, /another name/],
  },
  {
    what: 'P39 a name of digits only',
    call: () => served.calls.create({ name: '42' }),
    ...invalid(/"42"/, /digits/),
  },
  {
    what: 'P39 a new name of digits only',
    call: () => served.calls.rename('witness', '42'),
    ...invalid(/"42"/, /digits/),
  },
  { what: 'no new name', call: () => served.calls.rename('witness', ''), ...invalid(/blank/) },
  {
    what: 'a creation without a request id',
    call: () => served.calls.create({ requestId: '' }),
    ...invalid(/request_id/, /GUID/),
  },
  {
    what: 'a request id of 129 characters',
    call: () => served.calls.create({ requestId: 'x'.repeat(129) }),
    ...invalid(/request_id/, /128/),
  },
  {
    what: 'a start without a request id',
    call: () => served.calls.start('witness', { script: '1', requestId: '' }),
    ...invalid(/request_id/),
  },
  {
    what: 'connecting without a request id',
    call: () => served.calls.connect('witness', { requestId: '' }),
    ...invalid(/request_id/),
  },
  {
    what: 'connecting without a client id',
    call: () => served.calls.connect('witness', { clientId: '' }),
    ...invalid(/client_id/),
  },
  {
    what: 'a client id of 129 characters',
    call: () => served.calls.connect('witness', { clientId: 'x'.repeat(129) }),
    ...invalid(/client_id/, /128/),
  },
  {
    what: 'P36 P50 an idle timeout of 59.999 s',
    call: () => served.calls.create({ ...options({ idleTimeout: seconds(59.999) }) }),
    ...outOfRange(/IdleTimeout is 59999/, /from 60000/),
  },
  {
    what: 'P50 an idle timeout over 2^31-1 ms',
    call: () => served.calls.create({ ...options({ idleTimeout: seconds(2_147_484) }) }),
    ...outOfRange(/IdleTimeout/, /2147483647/),
  },
  {
    what: 'an idle timeout of 1 s at disconnecting',
    call: () => served.calls.disconnect('witness', { idleTimeout: seconds(1) }),
    ...outOfRange(/IdleTimeout/),
  },
  {
    what: 'a negative open timeout',
    call: () => served.calls.create({ ...options({ openTimeout: seconds(-1) }) }),
    ...invalid(/open_timeout/, /negative/),
  },
  {
    what: 'an open timeout of nothing',
    call: () => served.calls.create({ ...options({ openTimeout: seconds(0) }) }),
    ...outOfRange(/OpenTimeout/),
  },
  {
    what: 'a lifetime of 10 s',
    call: () => served.calls.create({ ...options({ lifetime: seconds(10) }) }),
    ...outOfRange(/Lifetime/),
  },
  {
    what: 'a negative object size',
    call: () => served.calls.create({ ...options({ maximumReceivedObjectSize: -5n }) }),
    ...outOfRange(/MaximumReceivedObjectSize is -5/),
  },
  {
    what: 'an unread limit of one byte',
    call: () => served.calls.create({ ...options({ unreadLimitBytes: 1n }) }),
    ...outOfRange(/UnreadLimit is 1/),
  },
  {
    what: 'an unknown buffering mode',
    call: () => served.calls.create({ ...options({ outputBufferingMode: unnamed as OutputBufferingMode }) }),
    ...invalid(/output_buffering_mode/, /77/),
  },
  {
    what: 'a lease of 25 h',
    call: () => served.calls.connect('witness', { lease: seconds(90_000) }),
    ...outOfRange(/lease/, /24 hours/),
  },
  {
    what: 'a negative run timeout',
    call: () => served.calls.start('witness', { script: '1', runTimeout: seconds(-1) }),
    ...invalid(/run_timeout/),
  },
  {
    what: 'a run timeout of nothing',
    call: () => served.calls.start('witness', { script: '1', runTimeout: seconds(0) }),
    ...invalid(/run_timeout/),
  },
  {
    what: 'an unknown policy for lost input',
    call: () => served.calls.start('witness', { script: '1', onInputLost: unnamed as InputLostPolicy }),
    ...invalid(/on_input_lost/),
  },
  { what: 'an empty script', call: () => served.calls.start('witness', ''), ...invalid(/command/) },
  { what: 'a script of blanks', call: () => served.calls.start('witness', ' \n\t '), ...invalid(/command/) },
  {
    what: 'no command',
    call: () => served.calls.start('witness', { script: '', command: undefined }),
    ...invalid(/command/),
  },
  {
    what: 'values for $Using:',
    call: () => served.calls.start('witness', { command: { script: '1', usingValues: { x: nothing } } }),
    status: 'UNIMPLEMENTED',
    reason: 'UNSUPPORTED',
    says: [/using_values/, /PowerShell/, /javascript/, /arguments/],
  },
  {
    what: 'an unknown pipeline',
    call: () => served.calls.received('witness', { pipeline: 'abcdef' }),
    ...noPipeline(/"abcdef"/),
  },
  {
    what: 'a pipeline number that never was',
    call: () => served.calls.received('witness', { pipeline: '999999' }),
    ...noPipeline(/999999/),
  },
  {
    what: 'a negative sequence',
    call: () => served.calls.received('witness', { afterSequence: -1n }),
    ...invalid(/after_sequence/, /-1/),
  },
  {
    what: 'a sequence beyond the end',
    call: () => served.calls.received('witness', { pipeline: '1', afterSequence: 1_000n }),
    status: 'OUT_OF_RANGE',
    reason: 'RECORDS_BEYOND_END',
    says: [/1000/, /ended with 1/],
  },
  {
    what: 'an acknowledgement beyond the end',
    call: () => served.calls.acknowledge('witness', '1', 1_000n),
    status: 'OUT_OF_RANGE',
    reason: 'RECORDS_BEYOND_END',
    says: [/1000/],
  },
  {
    what: 'an acknowledgement of nothing known',
    call: () => served.calls.acknowledge('witness', 'beef', 1n),
    ...noPipeline(/"beef"/),
  },
  {
    what: 'an unknown stream',
    call: () => served.calls.received('witness', { pipeline: '1', streams: [unnamed as Stream] }),
    ...invalid(/streams/, /77/),
  },
  {
    what: 'an unknown form of values',
    call: () => served.calls.received('witness', { pipeline: '1', format: unnamed as ValueFormat }),
    ...invalid(/format/, /77/),
  },
  {
    what: 'a stop where nothing runs',
    call: () => served.calls.stop('witness', {}),
    status: 'FAILED_PRECONDITION',
    reason: 'PIPELINE_NOT_RUNNING',
    says: [/"witness"/],
  },
  {
    what: 'a stop of an unknown pipeline',
    call: () => served.calls.stop('witness', { pipeline: 'beef' }),
    ...noPipeline(/"beef"/),
  },
  {
    what: 'input for a pipeline without input',
    call: () => served.calls.input('witness', { pipeline: '1', items: [{ number: 1n, value: nothing }] }),
    ...invalid(/without input/, /has_input/),
  },
  {
    what: 'input for an unknown pipeline',
    call: () => served.calls.input('witness', { pipeline: 'beef' }),
    ...noPipeline(/"beef"/),
  },
  { what: 'a negative page size', call: () => served.calls.list({ pageSize: -1 }), ...invalid(/page_size/) },
  {
    what: 'a page token of ours that is cut',
    call: () => served.calls.list({ pageToken: 'YWZ0' }),
    ...invalid(/page_token/),
  },
  {
    what: 'a page token of letters',
    call: () => served.calls.list({ pageToken: 'nonsense' }),
    ...invalid(/page_token "nonsense"/),
  },
  {
    what: 'a page token for pipelines',
    call: () => served.calls.pipelines('witness', { pageToken: '5' }),
    ...invalid(/page_token/),
  },
];

test.each(cases)('$what is refused with a reason that names it', async ({ call, status, reason, says }) => {
  const failure = await failureOf(call());
  expect(failure).toMatchObject({ status, reason, domain: 'runspaced' });
  expect(
    says
      .filter((words) => !words.test(failure.message))
      .map((words) => `${String(words)}: ${failure.message}`),
  ).toEqual([]);
});

test('an ambiguous session is refused with the candidates', async () => {
  await served.session('twin-a');
  await served.session('twin-b');
  const failure = await failureOf(served.calls.get('twin-*'));
  expect(failure).toMatchObject({ reason: 'SESSION_AMBIGUOUS', facts: { session: 'twin-*' } });
  expect(failure.message).toMatch(/twin-a .*twin-b/);
});

test('P36 an idle timeout of exactly 60 s is taken', async () => {
  const session = await served.calls.create({ ...options({ idleTimeout: seconds(60) }) });
  expect(session.options?.idleTimeout).toEqual({ seconds: 60n, nanos: 0 });
});

test.each<{ what: string; again: (requestId: string) => Promise<unknown> }>([
  { what: 'another script', again: (requestId) => served.calls.start('reused', { script: '2', requestId }) },
  {
    what: 'another argument',
    again: (requestId) => served.calls.start('reused', { script: '1', requestId, hasInput: true }),
  },
])('a request id that comes again with $what is refused', async ({ again }) => {
  const requestId = randomUUID();
  if ((await served.calls.list({ sessions: ['reuse*'] })).sessions.length === 0)
    await served.session('reused');
  await served.calls.start('reused', { script: '1', requestId });
  expect(await failureOf(again(requestId))).toMatchObject({
    status: 'INVALID_ARGUMENT',
    reason: 'REQUEST_ID_REUSED',
    domain: 'runspaced',
    facts: { request_id: requestId },
  });
});

test('a creation that is repeated with other options is refused, and repeated as it was gives the same session', async () => {
  const requestId = randomUUID();
  const first = await served.calls.create({ requestId, name: 'made-once' });
  const same = await served.calls.create({ requestId, name: 'made-once' });
  const failure = await failureOf(served.calls.create({ requestId, name: 'made-twice' }));
  expect(same.id).toBe(first.id);
  expect(failure).toMatchObject({ reason: 'REQUEST_ID_REUSED', domain: 'runspaced' });
});

test('one request id for two different methods is refused', async () => {
  const requestId = randomUUID();
  await served.calls.create({ requestId, name: 'one-id' });
  const again = served.calls.remove('one-id', { requestId });
  expect(await failureOf(again)).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
});

test('a removed session is told from one that never was', async () => {
  const session = await served.session('gone');
  await session.remove();
  const failures = await Promise.all([
    failureOf(served.calls.start('gone', '1')),
    failureOf(served.calls.received(session.id)),
    failureOf(served.calls.connect('gone')),
    failureOf(served.calls.remove('gone')),
  ]);
  expect(failures.map(({ status, reason }) => `${status} ${reason}`)).toEqual(
    Array.from({ length: 4 }, () => 'FAILED_PRECONDITION EXPIRED'),
  );
});

test('stopping a finished pipeline changes nothing', async () => {
  const { pipeline } = await served.calls.stop('witness', { pipeline: '1' });
  expect(pipeline?.state).toBe(5);
});

const nested = (depth: number): Value =>
  depth === 0
    ? { kind: { $case: 'int32', value: 1 } }
    : {
        kind: {
          $case: 'list',
          value: { kind: List_Kind.KIND_LIST, items: [nested(depth - 1)], referenceId: 0 },
        },
      };

test.each<{ what: string; value: Value; says: RegExp }>([
  {
    what: 'an odd number of UTF-16 bytes',
    value: { kind: { $case: 'stringUtf16', value: Buffer.of(1) } },
    says: /UTF-16|utf16/i,
  },
  { what: 'a GUID that is none', value: { kind: { $case: 'guid', value: 'not-a-guid' } }, says: /guid/i },
  {
    what: 'a date that is none',
    value: {
      kind: { $case: 'dateTime', value: { text: '2026-02-30T00:00:00Z', kind: DateTime_Kind.KIND_UTC } },
    },
    says: /date/i,
  },
  { what: 'a decimal that is none', value: { kind: { $case: 'decimal', value: '1e5x' } }, says: /decimal/i },
  {
    what: 'a big integer that is none',
    value: { kind: { $case: 'bigInteger', value: '12.5' } },
    says: /integer/i,
  },
  {
    what: 'a number beyond its kind',
    value: { kind: { $case: 'uint8', value: 300 } },
    says: /300|uint8|range/i,
  },
  { what: 'a character beyond 65535', value: { kind: { $case: 'char', value: 70_000 } }, says: /char/i },
  { what: 'a reference to nothing', value: { kind: { $case: 'reference', value: 7 } }, says: /reference/i },
])('$what is refused as an argument, by name', async ({ value, says }) => {
  const command = { script: '1', arguments: [{ name: '', value }] };
  const failure = await failureOf(served.calls.start('witness', { command }));
  expect(failure).toMatchObject({
    status: 'INVALID_ARGUMENT',
    reason: 'INVALID_ARGUMENT',
    domain: 'runspaced',
  });
  expect(failure.message).toMatch(/command\.arguments\[0\]\.value/);
  expect(failure.message).toMatch(says);
});

test('a value of 200 levels is refused before anything runs', async () => {
  const command = { script: '1', arguments: [{ name: '', value: nested(200) }] };
  expect(await failureOf(served.calls.start('witness', { command }))).toMatchObject({
    status: 'INVALID_ARGUMENT',
    reason: 'INVALID_ARGUMENT',
    domain: 'runspaced',
  });
});

test('a broken script is data: it ends as failed, and the session goes on', async () => {
  const session = await served.session('broken-script');
  const { id } = await served.calls.start('broken-script', 'function (');
  const stream = await served.calls.receive('broken-script', { pipeline: id, afterSequence: 0n });
  expect(stream.failure).toBeUndefined();
  expect(stream.records.map(({ body }) => body?.$case)).toEqual(['error', 'final']);
  expect(await valuesOf(session, '1 + 1')).toEqual([2]);
});
