import { setTimeout as pause } from 'node:timers/promises';
import { Waiting } from '../../src/gen/runspace/v1/pipeline';
import { Availability, SessionState, type Session } from '../../src/gen/runspace/v1/session';
import { Calls } from './support/calls';
import { failureOf } from './support/raw';
import { serve } from './support/served';

const served = serve();
const never = 'await new Promise(() => setInterval(() => undefined, 1000))';

let ann: Calls;
let ben: Calls;

beforeAll(() => {
  ann = new Calls(served.daemon.socketPath, 'ann');
  ben = new Calls(served.daemon.socketPath, 'ben');
});

afterAll(() => {
  ann[Symbol.dispose]();
  ben[Symbol.dispose]();
});

/** State and availability by name: `Opened Available`. */
function shown({ state, availability }: Session): string {
  const word = (text: string) => text.charAt(0) + text.slice(1).toLowerCase();
  return [
    SessionState[state].replace('SESSION_STATE_', ''),
    Availability[availability].replace('AVAILABILITY_', ''),
  ]
    .map(word)
    .join(' ');
}

async function startNever(session: string): Promise<string> {
  const watch = ann.watch([session]);
  const { id } = await ann.start(session, never);
  await watch.next('session', ({ value }) => value.runningPipelineId === id);
  watch.cancel();
  return id;
}

describe('P31 a session as each sees it', () => {
  test('free: Disconnected, None', async () => {
    await served.session('view-free');
    expect(shown(await ann.get('view-free'))).toBe('Disconnected None');
  });

  test('free with a command running: Disconnected, None', async () => {
    await served.session('view-running');
    await startNever('view-running');
    expect(shown(await ben.get('view-running'))).toBe('Disconnected None');
  });

  test('own and idle: Opened, Available', async () => {
    await served.session('view-own');
    expect(shown(await ann.connect('view-own'))).toBe('Opened Available');
  });

  test('own and running: Opened, Busy', async () => {
    await served.session('view-busy');
    await ann.connect('view-busy');
    await startNever('view-busy');
    expect(shown(await ann.get('view-busy'))).toBe('Opened Busy');
  });

  test("another's: Disconnected, Busy", async () => {
    await served.session('view-other');
    await ann.connect('view-other');
    expect(shown(await ben.get('view-other'))).toBe('Disconnected Busy');
  });

  test('removed: Closed, None', async () => {
    await served.session('view-closed');
    expect(shown(await ann.remove('view-closed'))).toBe('Closed None');
  });

  test('in a list, and in what a watcher is told, as in an answer', async () => {
    await served.session('view-list');
    const watch = ben.watch(['view-list']);
    await watch.next('ready');
    await ann.connect('view-list');
    const told = await watch.next('session', ({ value }) => value.connectedClientId !== '');
    watch.cancel();
    const { sessions } = await ben.list({ sessions: ['view-list'] });
    expect([told.value, ...sessions].map(shown)).toEqual(['Disconnected Busy', 'Disconnected Busy']);
  });
});

describe('who is connected', () => {
  test.each<[what: string, call: (session: string) => Promise<unknown>]>([
    ['connecting', (session) => ben.connect(session)],
    ['starting a command', (session) => ben.start(session, '1')],
    ['disconnecting', (session) => ben.disconnect(session)],
    ['renaming', (session) => ben.rename(session, 'mine')],
    ['removing', (session) => ben.remove(session)],
    ['attaching', (session) => ben.attach(session).end()],
  ])('%s is refused to others with CONNECTED_ELSEWHERE, which names who is connected', async (what, call) => {
    const name = `held-${what.replaceAll(' ', '-')}`;
    await served.session(name);
    await ann.connect(name);
    const failure = await failureOf(call(name));
    expect(failure).toMatchObject({
      status: 'FAILED_PRECONDITION',
      reason: 'CONNECTED_ELSEWHERE',
      domain: 'runspaced',
      facts: { session: name, client: 'ann' },
    });
    expect(failure.message).toMatch(/ann .*take over/);
  });

  test('reading needs no connection', async () => {
    await served.session('read');
    await ann.connect('read');
    const { id } = await ann.start('read', '1');
    const { failure, records } = await ben.receive('read', { pipeline: id, afterSequence: 0n });
    expect([failure, records.length]).toEqual([undefined, 2]);
  });

  test('P33 the entitled take over, and the former client is told so on its streams and calls', async () => {
    await served.session('taken-over');
    const attached = ann.attach('taken-over');
    await attached.next('snapshot');
    const ended = failureOf(attached.end());
    await ben.connect('taken-over', { takeOver: true });
    const failures = [await ended, await failureOf(ann.start('taken-over', '1'))];
    expect(failures.map(({ reason, facts }) => [reason, facts['client']])).toEqual([
      ['CONNECTED_ELSEWHERE', 'ben'],
      ['CONNECTED_ELSEWHERE', 'ben'],
    ]);
  });

  test('P33 variables are there for whoever takes over', async () => {
    const session = await served.session('variables');
    await ann.connect('variables');
    await ann.start('variables', 'let p = 40');
    await ben.connect('variables', { takeOver: true });
    const { id } = await ben.start('variables', 'p + 2');
    const { records } = await ben.receive(session.id, { pipeline: id, afterSequence: 0n });
    expect(records[0]?.body).toMatchObject({ value: { value: { kind: { $case: 'int32', value: 42 } } } });
  });

  test('P45 connecting to what one is connected to, and disconnecting what is disconnected, changes nothing', async () => {
    await served.session('idempotent');
    const states = [
      await ann.connect('idempotent'),
      await ann.connect('idempotent'),
      await ann.disconnect('idempotent'),
      await ann.disconnect('idempotent'),
      await ben.disconnect('idempotent'),
    ];
    expect(states.map(shown)).toEqual([
      'Opened Available',
      'Opened Available',
      'Disconnected None',
      'Disconnected None',
      'Disconnected None',
    ]);
  });

  test('P45 connecting and disconnecting what is closed or broken fails, each with its own reason', async () => {
    await served.session('closed');
    await served.session('broken');
    await ann.remove('closed');
    const watch = ann.watch(['broken']);
    await ann.start('broken', 'process.kill(process.ppid, "SIGKILL"); await new Promise(() => undefined)');
    await watch.next('session', ({ value }) => value.state === SessionState.SESSION_STATE_BROKEN);
    watch.cancel();
    const failures = await Promise.all(
      [ann.connect('closed'), ann.disconnect('closed'), ann.connect('broken'), ann.disconnect('broken')].map(
        (call) => failureOf(call),
      ),
    );
    expect(failures.map(({ status, reason }) => `${status} ${reason}`)).toEqual([
      'FAILED_PRECONDITION EXPIRED',
      'FAILED_PRECONDITION EXPIRED',
      'FAILED_PRECONDITION SESSION_BROKEN',
      'FAILED_PRECONDITION SESSION_BROKEN',
    ]);
  });

  test('connecting again renews the lease', async () => {
    await served.session('lease');
    const lease = (seconds: bigint) => ({ lease: { seconds, nanos: 0 } });
    const first = await ann.connect('lease', lease(60n));
    const second = await ann.connect('lease', lease(3_600n));
    const grownMs = Number(second.connectedUntil) - Number(first.connectedUntil);
    expect(grownMs).toBeGreaterThanOrEqual(3_540_000);
  });

  test('a lease that ends disconnects', async () => {
    await served.session('short-lease');
    const watch = ann.watch(['short-lease']);
    await ann.connect('short-lease', { lease: { seconds: 1n, nanos: 0 } });
    await watch.next('session', ({ value }) => value.connectedClientId === 'ann');
    const told = await watch.next('session', ({ value }) => value.connectedClientId === '');
    watch.cancel();
    expect(shown(told.value)).toBe('Disconnected None');
  });

  test('an attached stream that ends disconnects, its command goes on', async () => {
    await served.session('presence');
    const watch = ben.watch(['presence']);
    const attached = ann.attach('presence');
    await attached.next('snapshot');
    const id = await startNever('presence');
    attached.cancel();
    const told = await watch.next(
      'session',
      ({ value }) => value.connectedClientId === '' && value.runningPipelineId === id,
    );
    watch.cancel();
    expect(shown(told.value)).toBe('Disconnected None');
  });

  test('a connection by a stream and by a lease lasts as long as either', async () => {
    await served.session('both');
    const attached = ann.attach('both');
    await attached.next('snapshot');
    await ann.connect('both');
    const watch = ben.watch(['both']);
    await watch.next('ready');
    attached.cancel();
    await pause(100); // Nothing is to happen.
    expect((await ben.get('both')).connectedClientId).toBe('ann');
    watch.cancel();
  });

  test('an attached stream tells the session, then its own numbered records', async () => {
    await served.session('records');
    const attached = ann.attach('records', { afterSequence: 0n });
    const { value: snapshot } = await attached.next(
      'snapshot',
      ({ value }) => value.connectedClientId === 'ann',
    );
    const { value: batch } = await attached.next('batch');
    attached.cancel();
    expect([snapshot.name, batch.records[0]?.sequence, batch.records[0]?.body?.$case]).toEqual([
      'records',
      1n,
      'sessionEvent',
    ]);
  });

  test('commands come and go without a word in the records of the session; a connection that stays has one', async () => {
    await served.session('passing');
    for (const script of ['1', '2']) await ann.invoke('passing', script).rest();
    const staying = ann.invoke('passing', never);
    await staying.next('snapshot');
    await ann.connect('passing');
    const attached = ben.attach('passing', { afterSequence: 0n, readOnly: true });
    const events: string[] = [];
    while (events.length < 2) {
      const { value } = await attached.next('batch');
      for (const { body } of value.records)
        if (body?.$case === 'sessionEvent') events.push(`${body.value.event} ${body.value.clientId}`);
    }
    attached.cancel();
    await ann.stop('passing');
    await staying.rest();
    expect(events).toEqual(['disconnected ', 'opened ann']);
  });

  test('who only looks is not connected', async () => {
    await served.session('looks');
    await ann.connect('looks');
    const attached = ben.attach('looks', { readOnly: true });
    const { value } = await attached.next('snapshot');
    attached.cancel();
    expect(value.connectedClientId).toBe('ann');
  });
});

describe('P44 a busy session', () => {
  test('runs commands in the order in which they came, and shows their places', async () => {
    await served.session('queue');
    await startNever('queue');
    const started = [];
    for (const script of ['"a"', '"b"', '"c"']) started.push(await ben.start('queue', script));
    const places = started.map(({ queuePlace, waiting }) => [queuePlace, waiting]);
    const { queued } = await ben.get('queue');
    await ann.stop('queue');
    await ben.receive('queue', { pipeline: started[2]?.id ?? '', afterSequence: 0n });
    const { pipelines } = await ben.pipelines('queue');
    const starts = pipelines.map(({ startTime }) => Number(startTime));
    expect(places).toEqual([1, 2, 3].map((place) => [place, Waiting.WAITING_FOR_TURN]));
    expect(queued).toBe(3);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
  });

  test('refuses a caller that does not wait with SESSION_BUSY, which names what runs', async () => {
    await served.session('busy');
    const id = await startNever('busy');
    const failure = await failureOf(ben.start('busy', { script: '1', noWait: true }));
    expect(failure).toMatchObject({
      status: 'FAILED_PRECONDITION',
      reason: 'SESSION_BUSY',
      domain: 'runspaced',
      facts: { pipeline: id },
    });
  });

  test('takes a caller that does not wait when it is idle', async () => {
    await served.session('not-busy');
    const { id } = await ben.start('not-busy', { script: '1', noWait: true });
    expect((await ben.receive('not-busy', { pipeline: id, afterSequence: 0n })).records).toHaveLength(2);
  });

  test('lets 100 commands wait and refuses the next with QUEUE_FULL', async () => {
    await served.session('full');
    await startNever('full');
    const scripts = Array.from({ length: 100 }, (_, index) => String(index));
    const started = await Promise.all(scripts.map((script) => ben.start('full', script)));
    const failure = await failureOf(ben.start('full', '1'));
    expect(started).toHaveLength(100);
    expect(failure).toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      reason: 'QUEUE_FULL',
      domain: 'runspaced',
      facts: { session: 'full', limit: '100' },
      details: ['ErrorInfo', 'QuotaFailure'],
    });
    await ann.remove('full');
  });

  test('a waiting command that is stopped never runs, and the next one moves up', async () => {
    await served.session('moves-up');
    await startNever('moves-up');
    const first = await ben.start('moves-up', 'globalThis.ran = true');
    const second = await ben.start('moves-up', 'typeof ran');
    const stopped = await ben.stop('moves-up', { pipeline: first.id });
    const { queuePlace } = await ben.pipeline('moves-up', second.id);
    await ben.stop('moves-up');
    const { records } = await ben.receive('moves-up', { pipeline: second.id, afterSequence: 0n });
    expect([stopped.pipeline?.state, queuePlace]).toEqual([4, 1]);
    expect(records[0]?.body).toMatchObject({ value: { value: { kind: { value: 'undefined' } } } });
  });
});

describe('removing', () => {
  test('a session that is still opening leaves nothing', async () => {
    const session = await ann.create({ name: 'early' });
    const removed = await ann.remove(session.id);
    const status = await served.client.daemon.status();
    expect(shown(removed)).toBe('Closed None');
    expect(status.keepers.flatMap(({ sessionIds }) => sessionIds)).not.toContain(session.id);
  });

  test('stops what runs', async () => {
    await served.session('runs');
    const id = await startNever('runs');
    const rest = ben.receive('runs', { pipeline: id, afterSequence: 0n });
    await ann.remove('runs');
    const { records, failure } = await rest;
    const end = records.at(-1)?.body?.$case ?? failure?.reason;
    expect(['final', 'EXPIRED']).toContain(end);
  });

  test('frees the name at once', async () => {
    const first = await served.session('freed');
    await ann.remove('freed');
    const second = await served.session('freed');
    expect(second.id).not.toBe(first.id);
  });
});
