import { SessionState, type RunspaceClient, type SessionInfo } from '../../clients/typescript';
import { FakeClock } from '../support/fake-clock';
import { startInProcessDaemon } from '../support/in-process-daemon';

const hour = 3_600_000;
const { SESSION_STATE_DISCONNECTED, SESSION_STATE_OPENED } = SessionState;

async function stateOf(client: RunspaceClient, session: string): Promise<SessionInfo> {
  return (await client.sessions.get(session)).info;
}

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
