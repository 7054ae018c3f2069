import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, Unfulfilled } from './support/eventually';
import { Machine } from './support/machine';
import { readAll } from './support/reading';

type Entry = Readonly<Record<string, unknown>>;

async function entriesOf(machine: Machine, ...filters: readonly string[]): Promise<readonly Entry[]> {
  const { stdout } = await machine.run('runspaced', ['audit', '-o', 'ndjson', ...filters]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry);
}

/** The entries once so many commands have an end. */
function withEnds(machine: Machine, ends: number): Promise<readonly Entry[]> {
  return eventually(`${String(ends)} commands have ended in the audit log`, async () => {
    const entries = await entriesOf(machine);
    const seen = entries.filter(({ event }) => event === 'commandEnded');
    return seen.length >= ends ? entries : new Unfulfilled(entries);
  });
}

test('P116: the audit log says who ran what where, and how it ended, also of commands that ended while no daemon ran', async () => {
  await using machine = new Machine();
  const daemon = await machine.startReadyDaemon();
  const client = machine.client();
  const session = await client.sessions.create({ engine: 'javascript', name: 'work' });
  await readAll(session.invoke('1 + 1'));
  await readAll(session.invoke('throw new Error("no")'));
  await withEnds(machine, 2);
  const mark = join(machine.home, 'slow-command-is-over');
  const slow = await session.start(
    `await new Promise((done) => setTimeout(done, 1500)); require('fs').writeFileSync(${JSON.stringify(mark)}, '')`,
  );
  await daemon.end('SIGKILL');
  await eventually('the command is over', () => existsSync(mark) || new Unfulfilled('no mark'));
  await machine.startReadyDaemon();
  await readAll(session.receive({ pipeline: slow.id, afterSequence: 0n }));
  const entries = await withEnds(machine, 3);
  await session.remove();
  const facts = [...entries, ...(await entriesOf(machine, '--event', 'sessionRemoved'))].map(
    ({ event, name, target, transport, state, reason }) =>
      [event, name, target, transport, state, reason]
        .filter((fact) => fact !== undefined && fact !== '')
        .join(' '),
  );
  expect(facts).toEqual([
    'sessionCreated work localhost local',
    'commandStarted work localhost local',
    'commandEnded work localhost local completed',
    'commandStarted work localhost local',
    'commandEnded work localhost local failed SCRIPT_FAILED',
    'commandStarted work localhost local',
    'commandEnded work localhost local completed',
    'sessionRemoved work localhost local',
  ]);
  expect(new Set(entries.map(({ principal }) => principal))).toEqual(new Set([session.info.owner]));
  expect(JSON.stringify(entries)).not.toContain('1 + 1');
}, 120_000);
