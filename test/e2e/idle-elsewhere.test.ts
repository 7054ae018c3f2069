import { SessionState, type Session, type Target } from '../../clients/typescript';
import { FakeClock } from '../support/fake-clock';
import { startInProcessDaemon } from '../support/in-process-daemon';
import { describeWith } from '../support/requirements';
import { eventually, Unfulfilled } from './support/eventually';
import { FarMachine } from './support/far-machine';
import { Fleet } from './support/fleet';

const hour = 3_600_000;

/** What becomes of a session of this side that nobody is connected to, a moment before its time and then. */
async function idleFates(target: Target, certificatesFolder?: string): Promise<readonly unknown[]> {
  const clock = new FakeClock();
  const choices = certificatesFolder === undefined ? {} : { certificatesFolder };
  await using daemon = await startInProcessDaemon(clock, choices);
  const session = await daemon.client('ann').sessions.create({ engine: 'bash', target });
  const before = await fateAfter(2 * hour - 1, session, clock);
  clock.advance(1);
  const after = await eventually('it is over', async () => {
    const { info } = await session.refresh();
    const isOver = info.state === SessionState.SESSION_STATE_CLOSED;
    return isOver ? info.problem?.reason : new Unfulfilled(info.state);
  });
  return [before, after];
}

async function fateAfter(ms: number, session: Session, clock: FakeClock): Promise<SessionState> {
  clock.advance(ms);
  return (await session.refresh()).info.state;
}

const expected = [SessionState.SESSION_STATE_DISCONNECTED, 'IDLE_TIMEOUT'];

describeWith('sshd', 'over ssh', () => {
  let far: FarMachine;

  beforeAll(async () => {
    far = await FarMachine.start();
  }, 60_000);

  afterAll(async () => {
    await far[Symbol.asyncDispose]();
  }, 60_000);

  test('P36 a session without a daemon there is closed when it was idle for its time, and its connection ends', async () => {
    expect(await idleFates(far.target({ direct: true }))).toEqual(expected);
    await eventually('no connection is left', () => {
      const left = far.sshd.connectionProcesses().length;
      return Promise.resolve(left === 0 ? left : new Unfulfilled(`${String(left)} processes`));
    });
  }, 60_000);

  test('P36 a session at the daemon there is closed too, on both sides', async () => {
    expect(await idleFates(far.target())).toEqual(expected);
    expect(await far.machine.client().sessions.list()).toEqual([]);
  }, 60_000);
});

test('P36 a session at another daemon is closed when it was idle for its time, on both sides', async () => {
  await using fleet = await Fleet.start();
  await using far = await fleet.daemon('127.0.0.13');
  await fleet.pki('client', 'anna', '--out', fleet.office.path('anna'));
  expect(await idleFates(far.target(), fleet.office.path('anna'))).toEqual(expected);
  const { code, stdout } = await far.machine.run('runspaced', ['audit', '-o', 'ndjson']);
  expect([code, stdout]).toEqual([0, expect.stringContaining('sessionRemoved')]);
}, 60_000);
