import { SessionState } from '../../src/gen/runspace/v1/session';
import { failureOf } from './support/raw';
import { serve } from './support/served';

const served = serve();

describe('P39 P127 names and numbers', () => {
  test('a session without a name is Runspace and its number', async () => {
    const { name, number } = await served.calls.create();
    expect(name).toBe(`Runspace${String(number)}`);
  });

  test('a number whose name is taken is passed over', async () => {
    const { number } = await served.calls.create();
    await served.calls.create({ name: `runspace${String(number + 2n)}` });
    const next = await served.calls.create();
    expect([next.number, next.name]).toEqual([number + 3n, `Runspace${String(number + 3n)}`]);
  });

  test('numbers grow and are not used again', async () => {
    const first = await served.calls.create();
    await served.calls.remove(first.id);
    const second = await served.calls.create();
    expect(second.number).toBeGreaterThan(first.number);
  });

  test('a session is found by number, id, beginning of its id, and name in any case', async () => {
    const { id, number } = await served.calls.create({ name: 'Found-Me' });
    const references = [String(number), id, id.toUpperCase(), id.slice(0, 8), 'found-me', 'FOUND-*'];
    const found = await Promise.all(references.map((reference) => served.calls.get(reference)));
    expect(found.map((session) => session.id)).toEqual(references.map(() => id));
  });

  test('a new name is found at once, shown in snapshots, and the former one is free', async () => {
    const { id } = await served.session('before');
    await served.calls.rename('before', 'after');
    await served.calls.create({ name: 'before' });
    const pipeline = await served.calls.start('after', '1');
    const { events } = await served.calls.receive('after', { pipeline: pipeline.id, afterSequence: 0n });
    const [first] = events;
    expect((await served.calls.get('after')).id).toBe(id);
    expect(first?.$case === 'snapshot' ? first.value.sessionName : '').toBe('after');
  });

  test('a name that another living session has is refused, in any case', async () => {
    await served.calls.create({ name: 'one' });
    await served.calls.create({ name: 'two' });
    expect(await failureOf(served.calls.rename('two', 'ONE'))).toMatchObject({
      reason: 'SESSION_NAME_TAKEN',
    });
  });

  test('a name may change its case', async () => {
    await served.calls.create({ name: 'lower' });
    expect((await served.calls.rename('lower', 'LOWER')).name).toBe('LOWER');
  });
});

describe('P47 lists', () => {
  test('closed sessions are left out, unless they are asked for by state', async () => {
    await served.calls.create({ name: 'list-closed' });
    const { id } = await served.calls.remove('list-closed');
    const open = await served.calls.list({ pageSize: 1_000 });
    const closed = await served.calls.list({ states: [SessionState.SESSION_STATE_CLOSED], pageSize: 1_000 });
    expect(open.sessions.map((session) => session.id)).not.toContain(id);
    expect(closed.sessions.map((session) => session.id)).toContain(id);
  });

  test('patterns, states, engines and several names choose', async () => {
    await served.session('list-a');
    await served.session('list-b');
    await served.calls.connect('list-b');
    const names = async (more: Parameters<typeof served.calls.list>[0]) =>
      (await served.calls.list(more)).sessions.map(({ name }) => name);
    expect(await names({ sessions: ['list-[ab]'] })).toEqual(['list-a', 'list-b']);
    expect(await names({ sessions: ['list-?'], states: [SessionState.SESSION_STATE_OPENED] })).toEqual([
      'list-b',
    ]);
    expect(await names({ sessions: ['list-a', 'LIST-B', 'list-*'] })).toEqual(['list-a', 'list-b']);
    expect(await names({ sessions: ['list-?'], engine: 'powershell' })).toEqual([]);
    expect(await names({ sessions: ['nothing-*'] })).toEqual([]);
  });

  test('pages go through all sessions once, by number, while others come and go', async () => {
    for (let count = 0; count < 5; count += 1) await served.calls.create({ name: `page-${String(count)}` });
    const first = await served.calls.list({ sessions: ['page-*'], pageSize: 2 });
    await served.calls.remove('page-0');
    const second = await served.calls.list({
      sessions: ['page-*'],
      pageSize: 2,
      pageToken: first.nextPageToken,
    });
    const third = await served.calls.list({
      sessions: ['page-*'],
      pageSize: 2,
      pageToken: second.nextPageToken,
    });
    expect([first, second, third].map(({ sessions }) => sessions.map(({ name }) => name))).toEqual([
      ['page-0', 'page-1'],
      ['page-2', 'page-3'],
      ['page-4'],
    ]);
    expect(third.nextPageToken).toBe('');
  });

  test('pages of pipelines go through all of them, oldest first', async () => {
    await served.session('paged');
    for (let count = 0; count < 3; count += 1) await served.calls.start('paged', String(count));
    const first = await served.calls.pipelines('paged', { pageSize: 2 });
    const second = await served.calls.pipelines('paged', { pageSize: 2, pageToken: first.nextPageToken });
    const numbers = [first, second].map(({ pipelines }) => pipelines.map(({ number }) => number));
    expect(numbers).toEqual([[1n, 2n], [3n]]);
    expect(second.nextPageToken).toBe('');
  });
});

describe('watching', () => {
  test('tells the sessions as they are, then that it is ready, then changes', async () => {
    await served.session('watched');
    const watch = served.calls.watch(['watched']);
    const { value } = await watch.next('session');
    await watch.next('ready');
    await served.calls.connect('watched');
    const changed = await watch.next('session', (event) => event.value.connectedClientId === 'raw');
    watch.cancel();
    expect([value.name, changed.value.name]).toEqual(['watched', 'watched']);
  });

  test('tells of sessions that come later, and of their end with its reason', async () => {
    const watch = served.calls.watch(['later-*']);
    await watch.next('ready');
    const { id } = await served.session('later-1');
    const come = await watch.next('session');
    await served.calls.remove('later-1');
    const gone = await watch.next(
      'session',
      ({ value }) => value.state === SessionState.SESSION_STATE_CLOSED,
    );
    watch.cancel();
    expect([come.value.id, gone.value.id, gone.value.problem?.reason]).toEqual([id, id, 'REMOVED']);
  });

  test('P116 a watcher that reads late is told the last state', async () => {
    await served.session('slow');
    const watch = served.calls.watch(['slow']);
    await watch.next('ready');
    for (let round = 0; round < 100; round += 1) {
      await served.calls.connect('slow');
      await served.calls.disconnect('slow');
    }
    const last = await served.calls.disconnect('slow', { idleTimeout: { seconds: 123n, nanos: 0 } });
    const { value } = await watch.next(
      'session',
      (event) => event.value.options?.idleTimeout?.seconds === 123n,
    );
    watch.cancel();
    expect([value.state, value.connectedClientId]).toEqual([last.state, '']);
  });
});
