import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { RunspaceError, SessionState, type RunspaceClient, type Session } from '../../clients/typescript';
import { eventually, Unfulfilled, within } from './support/eventually';
import { kill, Machine } from './support/machine';
import { Random } from './support/random';
import { readAll } from './support/reading';
import { javascript } from './support/scripts';
import { stateOf, untilState } from './support/sessions';

const rounds = 8;

/** Groups of engine processes: one for each engine. */
function engineGroups(machine: Machine): number {
  return new Set(machine.processes('engine').map(({ group }) => group)).size;
}

function passing(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What a session that settled is worth: `works`, or how it says that it does not. */
async function worthOf(client: RunspaceClient, session: Session): Promise<string> {
  const { info } = await eventually(`${session.name} is no longer opening`, async () => {
    const now = await session.refresh();
    return stateOf(now.info) === 'opening' ? new Unfulfilled('opening') : now;
  });
  if (info.state === SessionState.SESSION_STATE_BROKEN) return `broken ${String(info.problem?.reason)}`;
  const { end } = await readAll(client.pipelines.invoke(info.id, 'globalThis.process.pid'));
  return end === 'completed' ? 'works' : end;
}

test('P41: a daemon killed at any moment after CreateSession was answered leaves a session that works, or is Broken and says so; no engine is without its session', async () => {
  await using machine = new Machine();
  const random = new Random();
  const client = machine.client();
  let daemon = await machine.startReadyDaemon();
  const sessions: Session[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const moment = round === 0 ? 0 : random.below(400);
    sessions.push(await client.sessions.create({ engine: 'javascript', wait: false }));
    await passing(moment);
    await daemon.end('SIGKILL');
    daemon = await machine.startReadyDaemon();
  }
  const worths = await Promise.all(sessions.map((session) => worthOf(client, session)));
  const working = worths.filter((worth) => worth === 'works').length;
  const wrong = worths.filter((worth) => worth !== 'works' && worth !== 'broken KEEPER_LOST');
  await eventually('each engine has its session', () =>
    engineGroups(machine) === working ? true : new Unfulfilled([engineGroups(machine), worths]),
  );
  expect(wrong).toEqual([]);
}, 120_000);

test('P38 P41: a session whose removal a killed daemon did not finish is removed by the next one, with its engine and its records', async () => {
  await using machine = new Machine();
  const random = new Random();
  const client = machine.client();
  let daemon = await machine.startReadyDaemon();
  const leftovers: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const session = await client.sessions.create({ engine: 'javascript' });
    await session.start(javascript.endless);
    const removing = session.remove();
    await passing(random.below(60));
    await daemon.end('SIGKILL');
    daemon = await machine.startReadyDaemon();
    const { state } = await removing;
    const pipelines = join(machine.home, 'sessions', session.id, 'pipelines');
    if (state !== SessionState.SESSION_STATE_CLOSED) leftovers.push(`round ${String(round)}: ${state}`);
    if (existsSync(pipelines)) leftovers.push(`round ${String(round)}: ${readdirSync(pipelines).join()}`);
  }
  await machine.untilProcesses('engine', 0);
  const listed = await client.sessions.list();
  expect({ leftovers, listed: listed.map(({ name }) => name), seed: random.seed }).toEqual({
    leftovers: [],
    listed: [],
    seed: random.seed,
  });
}, 120_000);

test('P38 P41: the next daemon also finishes a removal that nobody asks for again', async () => {
  await using machine = new Machine();
  const random = new Random();
  let daemon = await machine.startReadyDaemon();
  const sessions: Session[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const doomed = machine.client();
    const session = await doomed.sessions.create({ engine: 'javascript' });
    await session.start(javascript.endless);
    const removing = session.remove().catch(() => undefined);
    await passing(random.below(60));
    await daemon.end('SIGKILL');
    doomed.close();
    await removing;
    daemon = await machine.startReadyDaemon();
    sessions.push(session);
  }
  const client = machine.client();
  const left = async (): Promise<readonly string[]> => {
    // What was killed before the daemon had heard of it lives on, whole.
    const living = (await client.sessions.list()).map(({ id }) => id);
    const gone = sessions.filter(({ id }) => !living.includes(id));
    const folders = gone.map(({ id }) => join(machine.home, 'sessions', id, 'pipelines')).filter(existsSync);
    return engineGroups(machine) === living.length
      ? folders
      : [...folders, `${String(engineGroups(machine))} engines`];
  };
  await eventually('nothing is left of removed sessions', async () => {
    const folders = await left();
    return folders.length === 0 ? true : new Unfulfilled(folders);
  });
  expect(await left()).toEqual([]);
}, 120_000);

test('a keeper killed while a session opens leaves it Broken(KEEPER_LOST), without an engine; the next session works', async () => {
  await using machine = new Machine();
  await machine.startReadyDaemon();
  const client = machine.client();
  await client.sessions.create({ engine: 'javascript', name: 'first' });
  const [keeper] = machine.processes('keeper');
  const opening = await client.sessions.create({ engine: 'javascript', wait: false });
  await eventually('its engine starts', () => (engineGroups(machine) === 2 ? true : new Unfulfilled('no')));
  await kill(keeper?.pid ?? 0);
  const { problem } = await untilState(client, opening, SessionState.SESSION_STATE_BROKEN);
  await machine.untilProcesses('engine', 0);
  const next = await client.sessions.create({ engine: 'javascript' });
  expect([problem?.reason, await worthOf(client, next)]).toEqual(['KEEPER_LOST', 'works']);
}, 120_000);

test('a keeper killed while the first session waits for it fails that session, not the daemon', async () => {
  await using machine = new Machine();
  await machine.startReadyDaemon();
  const client = machine.client();
  const opening = await client.sessions.create({ engine: 'javascript', wait: false });
  const keeper = await eventually(
    'a keeper starts',
    () => machine.processes('keeper')[0] ?? new Unfulfilled('none'),
  );
  await kill(keeper.pid);
  const { problem } = await untilState(client, opening, SessionState.SESSION_STATE_BROKEN);
  const next = await client.sessions.create({ engine: 'javascript' });
  expect([problem?.reason, await worthOf(client, next)]).toEqual(['KEEPER_START_FAILED', 'works']);
}, 120_000);

test('a keeper whose daemon died before it could say that it is ready leaves; the next daemon starts another', async () => {
  await using machine = new Machine();
  const daemon = await machine.startReadyDaemon();
  const client = machine.client();
  await client.sessions.create({ engine: 'javascript', wait: false });
  const orphan = await eventually(
    'a keeper starts',
    () => machine.processes('keeper')[0] ?? new Unfulfilled('none'),
  );
  await daemon.end('SIGKILL');
  await machine.startReadyDaemon();
  const next = await client.sessions.create({ engine: 'javascript' });
  const works = await worthOf(client, next);
  await eventually(
    'the keeper without sessions leaves',
    () =>
      machine.processes('keeper').some(({ pid }) => pid === orphan.pid) ? new Unfulfilled('it runs') : true,
    75_000,
  );
  expect(works).toBe('works');
}, 120_000);

test('a keeper whose last session was removed leaves within a minute or so, and the next session gets another', async () => {
  await using machine = new Machine();
  await machine.startReadyDaemon();
  const client = machine.client();
  const session = await client.sessions.create({ engine: 'javascript' });
  await session.remove();
  await machine.untilProcesses('keeper', 0, 75_000);
  const sockets = readdirSync(machine.runtimeFolder).filter((name) => name.startsWith('runspaced-k-'));
  const next = await client.sessions.create({ engine: 'javascript' });
  expect({ sockets, next: await worthOf(client, next) }).toEqual({ sockets: [], next: 'works' });
}, 120_000);

test('P41: sockets and locks that dead daemons and keepers left behind hinder nobody', async () => {
  await using machine = new Machine();
  const client = machine.client();
  for (let round = 0; round < 3; round += 1) {
    const daemon = await machine.startReadyDaemon();
    await client.sessions.create({ engine: 'javascript' });
    const keepers = machine.processes('keeper');
    await Promise.all([daemon.end('SIGKILL'), ...keepers.map(({ pid }) => kill(pid))]);
  }
  await machine.startReadyDaemon();
  await machine.untilProcesses('engine', 0);
  const next = await client.sessions.create({ engine: 'javascript' });
  const worth = await worthOf(client, next);
  const keepers = readdirSync(join(machine.home, 'keepers')).length;
  const sockets = readdirSync(machine.runtimeFolder).filter((name) => name.startsWith('runspaced-k-')).length;
  expect({ worth, keepers: keepers <= 2, sockets: sockets <= 2 }).toEqual({
    worth: 'works',
    keepers: true,
    sockets: true,
  });
}, 120_000);

test('P41: two daemons started at once on one state folder: one serves, the other says who does', async () => {
  await using machine = new Machine();
  const [first, second] = [machine.startDaemon(), machine.startDaemon()];
  const outcomes = await Promise.allSettled(
    [first.ready, second.ready].map((ready) => within('settled', 20_000, ready)),
  );
  const [refusal] = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [String(outcome.reason)] : [],
  );
  expect([outcomes.filter(({ status }) => status === 'fulfilled').length, refusal]).toEqual([
    1,
    expect.stringContaining('another daemon'),
  ]);
}, 120_000);

test('P41: a removed session is EXPIRED, not unknown, also after the daemon was killed', async () => {
  await using machine = new Machine();
  const daemon = await machine.startReadyDaemon();
  const client = machine.client();
  const session = await client.sessions.create({ engine: 'javascript' });
  await session.remove();
  await daemon.end('SIGKILL');
  await machine.startReadyDaemon();
  const error: unknown = await session.start('1').catch((thrown: unknown) => thrown);
  expect(error instanceof RunspaceError ? error.reason : error).toBe('EXPIRED');
}, 120_000);
