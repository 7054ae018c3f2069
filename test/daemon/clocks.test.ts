import {
  SessionState,
  type RunspaceClient,
  type SessionInfo,
  type WatchEvent,
} from '../../clients/typescript';
import { FakeClock } from '../support/fake-clock';
import { startInProcessDaemon } from '../support/in-process-daemon';

const hour = 3_600_000;
const { SESSION_STATE_CLOSED, SESSION_STATE_DISCONNECTED, SESSION_STATE_OPENED } = SessionState;

async function stateOf(client: RunspaceClient, session: string): Promise<SessionInfo> {
  return (await client.sessions.get(session)).info;
}

/** Begins to watch; what is returned settles with the session once it is in this state. */
async function watching(
  client: RunspaceClient,
  session: string,
  state: SessionState,
): Promise<() => Promise<SessionInfo>> {
  const events = client.sessions.watch({ sessions: [session] })[Symbol.asyncIterator]();
  let next = await events.next();
  while (next.done !== true && next.value.is !== 'ready') next = await events.next();
  return async () => {
    let info = await stateOf(client, session);
    while (info.state !== state) {
      const event = await events.next();
      if (event.done === true) throw new Error('the watch ended');
      if (event.value.is === 'session') info = event.value.session;
    }
    return info;
  };
}

/** Settles when a watcher is told this. */
async function told(events: AsyncGenerator<WatchEvent>, what: WatchEvent['is']): Promise<void> {
  let next = await events.next();
  while (next.done !== true && next.value.is !== what) next = await events.next();
}

test('P36 a session is closed with IDLE_TIMEOUT after 2:00:00 of disconnection, with a loop running', async () => {
  const clock = new FakeClock();
  await using daemon = await startInProcessDaemon(clock);
  const client = daemon.client('ann');
  const session = await client.sessions.create({ name: 'work', engine: 'javascript' });
  await session.start('for (;;) await new Promise((resolve) => setTimeout(resolve, 10))');
  clock.advance(2 * hour - 1);
  expect((await stateOf(client, session.id)).state).toBe(SESSION_STATE_DISCONNECTED);
  const closing = await watching(client, session.id, SESSION_STATE_CLOSED);
  clock.advance(1);
  const closed = await closing();
  expect(closed.problem?.reason).toBe('IDLE_TIMEOUT');
});

test('P36 connecting stops the idle clock, disconnecting starts it anew', async () => {
  const clock = new FakeClock();
  await using daemon = await startInProcessDaemon(clock);
  const client = daemon.client('ann');
  const session = await client.sessions.create({ name: 'work', engine: 'javascript' });
  clock.advance(hour);
  await session.connect();
  clock.advance(5 * hour);
  const whileConnected = await stateOf(client, session.id);
  await session.disconnect();
  clock.advance(2 * hour - 1);
  const later = await stateOf(client, session.id);
  expect([whileConnected.idleDeadline, whileConnected.state, later.state]).toEqual([
    undefined,
    SESSION_STATE_OPENED,
    SESSION_STATE_DISCONNECTED,
  ]);
});

test('P36 an idle timeout that passed while no daemon ran is applied at its next start', async () => {
  const clock = new FakeClock();
  await using daemon = await startInProcessDaemon(clock);
  const session = await daemon.client('ann').sessions.create({ name: 'work', engine: 'javascript' });
  clock.advance(hour);
  const restarting = daemon.restart();
  clock.advance(hour);
  await restarting;
  const closed = await (await watching(daemon.client('ann'), session.id, SESSION_STATE_CLOSED))();
  expect(closed.problem?.reason).toBe('IDLE_TIMEOUT');
});

test('a lease ends by itself', async () => {
  const clock = new FakeClock();
  await using daemon = await startInProcessDaemon(clock);
  const client = daemon.client('ann');
  const session = await client.sessions.create({ name: 'work', engine: 'javascript' });
  await session.connect({ leaseMs: 60_000 });
  clock.advance(60_000);
  expect((await stateOf(client, session.id)).state).toBe(SESSION_STATE_DISCONNECTED);
});

test("a lease outlives the daemon's restart", async () => {
  const clock = new FakeClock();
  await using daemon = await startInProcessDaemon(clock);
  const session = await daemon.client('ann').sessions.create({ name: 'work', engine: 'javascript' });
  await session.connect();
  await daemon.restart();
  expect((await stateOf(daemon.client('ann'), session.id)).state).toBe(SESSION_STATE_OPENED);
});

test('a session is closed at the end of its lifetime, although a client is connected', async () => {
  const clock = new FakeClock();
  await using daemon = await startInProcessDaemon(clock);
  const client = daemon.client('ann');
  const session = await client.sessions.create({ engine: 'javascript', options: { lifetimeMs: hour } });
  await session.connect();
  const closing = await watching(client, session.id, SESSION_STATE_CLOSED);
  clock.advance(hour);
  expect((await closing()).problem?.reason).toBe('LIFETIME_ENDED');
});

test('a closed session is forgotten after a week', async () => {
  const clock = new FakeClock();
  await using daemon = await startInProcessDaemon(clock);
  const client = daemon.client('ann');
  const session = await client.sessions.create({ engine: 'javascript' });
  const events = client.sessions.watch();
  await told(events, 'ready');
  await session.remove();
  clock.advance(7 * 24 * hour - 1);
  expect((await stateOf(client, session.id)).state).toBe(SESSION_STATE_CLOSED);
  clock.advance(60_001);
  await told(events, 'removed');
  await expect(stateOf(client, session.id)).rejects.toMatchObject({ reason: 'SESSION_NOT_FOUND' });
});

test('P36 P73 the session of a job is not idle while its command runs, however long that is', async () => {
  const clock = new FakeClock();
  await using daemon = await startInProcessDaemon(clock);
  const client = daemon.client('ann');
  const session = await client.sessions.create({ name: 'work', engine: 'javascript' });
  const script = 'console.log("begun"); await new Promise((done) => { globalThis.done = done; })';
  const job = await client.jobs.start({ command: script, targets: [session.id] });
  for await (const event of client.jobs.receive(job.id, { wait: true, keep: true }))
    if (event.is === 'records') break;
  // The keeper tells the daemon that somebody reads for the owner.
  for await (const event of client.sessions.watch({ sessions: [session.id] }))
    if (event.is === 'session' && event.session.idleDeadline === undefined) break;
  clock.advance(5 * hour);
  expect((await stateOf(client, session.id)).state).not.toBe(SESSION_STATE_CLOSED);
  await client.jobs.stop(job.id);
  await client.jobs.wait([job.id]);
  expect((await client.jobs.get(job.id)).children[0]?.problem?.reason).toBe('STOPPED');
});

test('P15 finished jobs are kept for a time and a number, the newest first; what runs stays', async () => {
  const clock = new FakeClock();
  await using daemon = await startInProcessDaemon(clock, {
    jobLimits: { keptMs: hour, most: 2, mostBytes: 2 ** 30 },
  });
  const client = daemon.client('ann');
  const session = await client.sessions.create({ name: 'work', engine: 'javascript' });
  const start = async (name: string): Promise<void> => {
    await client.jobs.start({ command: '1', targets: [session.id], name });
    await client.jobs.wait([name]);
    clock.advance(1);
  };
  for (const name of ['one', 'two', 'three']) await start(name);
  const names = async () => (await client.jobs.list()).map(({ name }) => name);
  const byNumber = await names();
  clock.advance(hour);
  await names(); // The daemon looks again a minute after it has looked.
  clock.advance(60_000);
  expect([byNumber, await names()]).toEqual([['two', 'three'], []]);
});

test('P15 finished jobs whose output is too large together go, the oldest first', async () => {
  const clock = new FakeClock();
  await using daemon = await startInProcessDaemon(clock, {
    jobLimits: { keptMs: hour, most: 100, mostBytes: 3_000_000 },
  });
  const client = daemon.client('ann');
  for (const name of ['large1', 'large2', 'small']) {
    const command = name === 'small' ? '1' : '"x".repeat(2_000_000)';
    await client.jobs.start({ command, targets: [{ create: { engine: 'javascript' } }], name });
    await client.jobs.wait([name]);
    clock.advance(1);
  }
  expect((await client.jobs.list()).map(({ name }) => name)).toEqual(['large2', 'small']);
});
