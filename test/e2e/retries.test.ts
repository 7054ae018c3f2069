import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CreateOptions, RunspaceClient, Session } from '../../clients/typescript';
import { describeWith } from '../support/requirements';
import { Sshd } from '../support/sshd';
import { eventually, Unfulfilled } from './support/eventually';
import { Fleet, freePort } from './support/fleet';
import type { Machine } from './support/machine';
import { readAll } from './support/reading';
import { bash } from './support/scripts';

let fleet: Fleet;
let near: Machine;
let client: RunspaceClient;

beforeAll(async () => {
  fleet = await Fleet.start();
  near = await fleet.visitor('anna');
  client = near.client();
}, 60_000);

afterAll(async () => {
  await near[Symbol.asyncDispose]();
  await fleet[Symbol.asyncDispose]();
}, 60_000);

/** How often keepers of this side have said so. */
function said(what: string): number {
  const folder = join(near.home, 'keepers');
  const logs = readdirSync(folder).map((keeper) => join(folder, keeper, 'keeper.log'));
  return logs.flatMap((log) => readFileSync(log, 'utf8').split(what)).length - logs.length;
}

/** A session at a place that nobody reaches until it was tried for three times; then `appear` is called. */
async function openedAfterTries(options: CreateOptions, appear: () => Promise<unknown>): Promise<Session> {
  const before = said('target is tried again');
  const opening = client.sessions.create({ engine: 'bash', ...options });
  opening.catch(() => undefined); // It is awaited below.
  await eventually('it is tried again', () => {
    const count = said('target is tried again') - before;
    return Promise.resolve(count >= 3 ? count : new Unfulfilled(`${String(count)} times`));
  });
  await appear();
  return await opening;
}

/** How a command in it ends. */
async function endIn(session: Session): Promise<string> {
  const { end } = await readAll(session.invoke(bash.set(42)));
  await session.remove();
  return end;
}

test('P52 another daemon that comes up later is reached, as often as MaxConnectionRetryCount says', async () => {
  const port = await freePort('127.0.0.11');
  const target = { is: 'daemon', host: '127.0.0.11', port } as const;
  await expect(client.sessions.create({ engine: 'bash', target })).rejects.toMatchObject({
    reason: 'CONNECTION_REFUSED',
  });
  const few = { engine: 'bash', target, options: { maximumConnectionRetryCount: 1 } };
  const before = said('target is tried again');
  await expect(client.sessions.create(few)).rejects.toMatchObject({ reason: 'CONNECTION_REFUSED' });
  expect(said('target is tried again') - before).toBe(1);
  const session = await openedAfterTries({ target, options: { maximumConnectionRetryCount: 30 } }, async () =>
    cleanUp.push(await fleet.daemon('127.0.0.11', { port })),
  );
  expect(await endIn(session)).toBe('completed');
}, 60_000);

test('P52 a session that is removed while its target is tried for is gone at once', async () => {
  const port = await freePort('127.0.0.12');
  const session = await client.sessions.create({
    engine: 'bash',
    target: { is: 'daemon', host: '127.0.0.12', port },
    options: { maximumConnectionRetryCount: 1_000 },
    wait: false,
  });
  await session.remove();
  expect((await client.sessions.list()).map(({ id }) => id)).not.toContain(session.id);
}, 60_000);

describeWith('sshd', 'over ssh', () => {
  test('P52 a host whose sshd comes up later is reached', async () => {
    const sshd = await Sshd.start();
    cleanUp.push(sshd);
    await sshd.stop();
    const target = {
      is: 'ssh',
      host: '127.0.0.1',
      port: sshd.port,
      keyFilePath: sshd.key,
      direct: true,
      options: { UserKnownHostsFile: sshd.knownHosts, GlobalKnownHostsFile: '/dev/null' },
    } as const;
    const session = await openedAfterTries({ target, options: { maximumConnectionRetryCount: 30 } }, () =>
      sshd.startAgain(),
    );
    expect(await endIn(session)).toBe('completed');
  }, 60_000);
});

const cleanUp: AsyncDisposable[] = [];

afterEach(async () => {
  for (const one of cleanUp.splice(0)) await one[Symbol.asyncDispose]();
});
