import { existsSync, readFileSync } from 'node:fs';
import { RunspaceError, type RunspaceClient, type Session } from '../../clients/typescript';
import { describeWith } from '../support/requirements';
import { eventually, Unfulfilled } from './support/eventually';
import { kill, Machine } from './support/machine';
import { Random } from './support/random';
import { readAll } from './support/reading';
import { bash, javascript, powershell, python, type Scripts } from './support/scripts';

/** How often the command ran. */
function runs(file: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').length : 0;
}

function endOf(session: Session, pipeline: string): Promise<string> {
  return readAll(session.receive({ pipeline, afterSequence: 0n })).then(({ end }) => end);
}

function runsAtMostOnce(scripts: Scripts): void {
  test('P111: a start repeated after the daemon was killed is the same pipeline, and its command ran once', async () => {
    await using machine = new Machine();
    let daemon = await machine.startReadyDaemon();
    const client = machine.client();
    const session = await client.sessions.create({ engine: scripts.engine });
    const random = new Random();
    const outcomes: unknown[] = [];
    for (let round = 0; round < 5; round += 1) {
      const file = machine.path(`ran-${String(round)}`);
      const options = { requestId: `request-${String(round)}` };
      const first = session.start(scripts.append(file), options);
      await new Promise((resolve) => setTimeout(resolve, random.below(20)));
      await daemon.end('SIGKILL');
      daemon = await machine.startReadyDaemon();
      const again = await session.start(scripts.append(file), options);
      const end = await endOf(session, again.id);
      outcomes.push({ same: (await first).id === again.id, end, runs: runs(file) });
    }
    expect(outcomes).toEqual(outcomes.map(() => ({ same: true, end: 'completed', runs: 1 })));
  }, 120_000);

  test('P111: a start repeated after its keeper was killed is never run again: it is the same, ended pipeline', async () => {
    await using machine = new Machine();
    await machine.startReadyDaemon();
    const client = machine.client();
    const session = await client.sessions.create({ engine: scripts.engine });
    const file = machine.path('ran');
    const script = `${scripts.append(file)}\n${scripts.endless}`;
    const first = await session.start(script, { requestId: 'one' });
    await eventually('the command has begun', () => (runs(file) === 1 ? true : new Unfulfilled(runs(file))));
    await Promise.all(machine.processes('keeper').map(({ pid }) => kill(pid)));
    const again = await session.start(script, { requestId: 'one' });
    expect({ same: again.id === first.id, end: await endOf(session, again.id), runs: runs(file) }).toEqual({
      same: true,
      end: 'failed KEEPER_LOST',
      runs: 1,
    });
  }, 120_000);
}

describe('JavaScript, starts repeated', () => {
  runsAtMostOnce(javascript);
});

describe('bash, starts repeated', () => {
  runsAtMostOnce(bash);
});

describeWith('powershell', 'PowerShell, starts repeated', () => {
  runsAtMostOnce(powershell);
});

describeWith('python3', 'Python, starts repeated', () => {
  runsAtMostOnce(python);
});

test('P111: one request sent by twenty clients at once, while the daemon is killed, starts one pipeline', async () => {
  await using machine = new Machine();
  let daemon = await machine.startReadyDaemon();
  const clients = Array.from({ length: 20 }, () => machine.client());
  const [client] = clients as [RunspaceClient];
  const session = await client.sessions.create({ engine: 'javascript' });
  const random = new Random();
  const outcomes: unknown[] = [];
  for (let round = 0; round < 5; round += 1) {
    const file = machine.path(`ran-${String(round)}`);
    const starts = clients.map(({ pipelines }) =>
      pipelines.start(session.id, javascript.append(file), { requestId: `request-${String(round)}` }),
    );
    await new Promise((resolve) => setTimeout(resolve, random.below(30)));
    await daemon.end('SIGKILL');
    daemon = await machine.startReadyDaemon();
    const ids = new Set((await Promise.all(starts)).map(({ id }) => id));
    const [id = ''] = ids;
    outcomes.push({ pipelines: ids.size, end: await endOf(session, id), runs: runs(file) });
  }
  expect(outcomes).toEqual(outcomes.map(() => ({ pipelines: 1, end: 'completed', runs: 1 })));
}, 120_000);

test('P111: CreateSession repeated after the daemon was killed gives the same session', async () => {
  await using machine = new Machine();
  let daemon = await machine.startReadyDaemon();
  const client = machine.client();
  const random = new Random();
  const outcomes: unknown[] = [];
  for (let round = 0; round < 5; round += 1) {
    const options = { engine: 'javascript', requestId: `request-${String(round)}`, wait: false };
    const first = client.sessions.create(options);
    await new Promise((resolve) => setTimeout(resolve, random.below(40)));
    await daemon.end('SIGKILL');
    daemon = await machine.startReadyDaemon();
    const again = await client.sessions.create(options);
    outcomes.push((await first).id === again.id);
  }
  const listed = await client.sessions.list();
  expect({ outcomes, listed: listed.length }).toEqual({ outcomes: outcomes.map(() => true), listed: 5 });
}, 120_000);

test('P111: the same request id with another command is refused, also by the next daemon', async () => {
  await using machine = new Machine();
  const daemon = await machine.startReadyDaemon();
  const client = machine.client();
  const session = await client.sessions.create({ engine: 'javascript' });
  await session.start('1', { requestId: 'one' });
  await daemon.end('SIGKILL');
  await machine.startReadyDaemon();
  const error: unknown = await session.start('2', { requestId: 'one' }).catch((thrown: unknown) => thrown);
  expect(error instanceof RunspaceError ? error.reason : error).toBe('REQUEST_ID_REUSED');
}, 120_000);
