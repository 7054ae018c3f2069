import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  RunspaceError,
  SessionState,
  type Pipeline,
  type RunspaceClient,
  type Session,
} from '../../clients/typescript';
import { describeWith } from '../support/requirements';
import { eventually, Unfulfilled } from './support/eventually';
import { kill, Machine } from './support/machine';
import { Random } from './support/random';
import { orderOf, readAll, wholeness, type Read } from './support/reading';
import { bash, javascript, powershell, python, type Scripts } from './support/scripts';
import { stateOf, untilState } from './support/sessions';

const { SESSION_STATE_BROKEN: broken } = SessionState;

/** The process of the keeper that holds a session. */
async function keeperOf(client: RunspaceClient, session: Session): Promise<number> {
  const { keepers } = await client.daemon.status();
  const keeper = keepers.find(({ sessionIds }) => sessionIds.includes(session.id));
  if (keeper === undefined) throw new Error(`no keeper holds session ${session.name}`);
  return Number(keeper.pid);
}

/** Reads a command that is in the middle of writing, until it has given so many records; then calls `then`. */
async function readAnd(session: Session, script: string, then: { after: number; call: () => Promise<void> }) {
  let seen = 0;
  let called: Promise<void> | undefined;
  const read = await readAll(session.invoke(script), () => {
    seen += 1;
    if (seen === then.after) called = then.call();
  });
  await called;
  return read;
}

function keeperIsKilled(scripts: Scripts): void {
  test('a killed keeper costs its session the engine, not a record: the command ends as Failed(KEEPER_LOST), the session is Broken and says so', async () => {
    await using machine = new Machine();
    await machine.startReadyDaemon();
    const client = machine.client();
    const session = await client.sessions.create({ engine: scripts.engine });
    const keeper = await keeperOf(client, session);
    const live = await readAnd(session, scripts.numbers(100_000, 10, 2), {
      after: 200,
      call: () => kill(keeper),
    });
    const { problem, state } = await untilState(client, session, broken);
    const again = await readAll(session.receive({ pipeline: '1', afterSequence: 0n }));

    expect({
      live: [orderOf(live), live.end],
      again: [orderOf(again), again.end],
      same: again.outputs.join() === live.outputs.join(),
      session: [stateOf({ state }), problem?.reason],
    }).toEqual({
      live: ['whole', 'failed KEEPER_LOST'],
      again: ['whole', 'failed KEEPER_LOST'],
      same: true,
      session: ['broken', 'KEEPER_LOST'],
    });
  }, 120_000);

  test('no process of a killed keeper is left, and a session opened afterwards works', async () => {
    await using machine = new Machine();
    await machine.startReadyDaemon();
    const client = machine.client();
    const lost = await client.sessions.create({ engine: scripts.engine });
    await lost.start(scripts.endless);
    await kill(await keeperOf(client, lost));
    await machine.untilProcesses('engine', 0);
    const next = await client.sessions.create({ engine: scripts.engine });
    const read = await readAll(next.invoke(scripts.numbers(3, 1, 1)));
    expect(wholeness(read, 3)).toBe('whole');
  }, 120_000);

  test('an engine killed amid a command ends it as Failed(ENGINE_LOST) and breaks its session; its neighbour in the same keeper goes on', async () => {
    await using machine = new Machine();
    await machine.startReadyDaemon();
    const client = machine.client();
    const [victim, neighbour] = await Promise.all([
      client.sessions.create({ engine: scripts.engine }),
      client.sessions.create({ engine: scripts.engine }),
    ]);
    const undisturbed = readAll(neighbour.invoke(scripts.numbers(500, 10, 10)));
    const engine = Number((await victim.refresh()).info.enginePid);
    const read = await readAnd(victim, scripts.numbers(100_000, 10, 2), {
      after: 100,
      call: () => kill(engine),
    });
    const { problem } = await untilState(client, victim, broken);
    const beside = await undisturbed;

    expect({
      read: [orderOf(read), read.end],
      session: problem?.reason,
      beside: [orderOf(beside), beside.end, beside.outputs.length],
    }).toEqual({
      read: ['whole', 'failed ENGINE_LOST'],
      session: 'ENGINE_LOST',
      beside: ['whole', 'completed', 500],
    });
  }, 120_000);
}

describe('JavaScript, keeper and engine killed', () => {
  keeperIsKilled(javascript);
});

describe('bash, keeper and engine killed', () => {
  keeperIsKilled(bash);
});

describeWith('powershell', 'PowerShell, keeper and engine killed', () => {
  keeperIsKilled(powershell);
});

describeWith('python3', 'Python, keeper and engine killed', () => {
  keeperIsKilled(python);
});

/** What became of a command whose keeper was killed: what its reader saw, and what can be read of it afterwards. */
async function fate(session: Session, reading: Promise<Read>): Promise<string> {
  const again = (pipeline = '1') => readAll(session.receive({ pipeline, afterSequence: 0n }));
  const live = await reading.catch((error: unknown) => reasonOf(error));
  if (typeof live === 'string') {
    const later = await again().catch((error: unknown) => reasonOf(error));
    return `refused ${live}, then ${typeof later === 'string' ? later : 'run'}`;
  }
  const later = await again();
  if (later.outputs.join() !== live.outputs.join()) return 'its records changed';
  return [live, later].map((read) => `${orderOf(read)}, ${read.end}`).join(', then ');
}

function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  if (cause instanceof RunspaceError) return cause.reason;
  throw error;
}

// One that had not reached the keeper's journal is refused, as no reader was told of it.
const fates = {
  refused: 'refused SESSION_BROKEN, then PIPELINE_NOT_FOUND',
  lost: 'whole, failed KEEPER_LOST, then whole, failed KEEPER_LOST',
};

test('P111: what a reader had of a command whose keeper was killed, at any moment, is never taken back or changed', async () => {
  await using machine = new Machine();
  const random = new Random();
  await machine.startReadyDaemon();
  const client = machine.client();
  const outcomes: string[] = [];
  for (let round = 0; round < 16; round += 1) {
    const session = await client.sessions.create({ engine: 'javascript' });
    const keeper = await keeperOf(client, session);
    const outcome = fate(session, readAll(session.invoke(javascript.numbers(1_000_000, 50, 1))));
    // Half of them around the moment in which the command is accepted, half while it writes.
    await new Promise((resolve) => setTimeout(resolve, random.below(round % 2 === 0 ? 12 : 300)));
    await kill(keeper);
    outcomes.push(await outcome);
  }
  expect(outcomes.filter((outcome) => !Object.values(fates).includes(outcome))).toEqual([]);
  expect(outcomes).toContain(fates.lost);
}, 180_000);

test('P44: a command that waited behind the running one when the keeper was killed ends as Failed(KEEPER_LOST) too, and never runs', async () => {
  await using machine = new Machine();
  await machine.startReadyDaemon();
  const client = machine.client();
  const session = await client.sessions.create({ engine: 'javascript' });
  await session.start(javascript.endless);
  const waiting = await session.start(javascript.append(machine.path('ran')));
  await kill(await keeperOf(client, session));
  const read = await readAll(session.receive({ pipeline: waiting.id, afterSequence: 0n }));
  const ran = readdirSync(machine.path('.')).includes('ran');
  expect({ numbers: read.numbers, end: read.end, ran }).toEqual({
    numbers: [1n],
    end: 'failed KEEPER_LOST',
    ran: false,
  });
}, 120_000);

test('keeper and daemon killed together: the next daemon has every record, ends the command as Failed(KEEPER_LOST), and no engine is left', async () => {
  await using machine = new Machine();
  const daemon = await machine.startReadyDaemon();
  const client = machine.client();
  const session = await client.sessions.create({ engine: 'javascript' });
  const live = await readAnd(session, javascript.numbers(100_000, 10, 2), {
    after: 200,
    call: async () => {
      await Promise.all([kill(await keeperOf(client, session)), daemon.end('SIGKILL')]);
      await machine.startReadyDaemon();
    },
  });
  await machine.untilProcesses('engine', 0);
  const { info } = await session.refresh();
  expect({ order: orderOf(live), end: live.end, state: stateOf(info), reason: info.problem?.reason }).toEqual(
    {
      order: 'whole',
      end: 'failed KEEPER_LOST',
      state: 'broken',
      reason: 'KEEPER_LOST',
    },
  );
}, 120_000);

test('an adopted session can be read after yet another kill of its new keeper, and after a restart of the daemon', async () => {
  await using machine = new Machine();
  const daemon = await machine.startReadyDaemon();
  const client = machine.client();
  const session = await client.sessions.create({ engine: 'javascript' });
  await readAll(session.invoke(javascript.numbers(50, 10, 1)));
  const first = await keeperOf(client, session);
  await kill(first);
  const second = await eventually('another keeper has adopted it', async () => {
    const pid = await keeperOf(client, session).catch(() => first);
    return pid === first ? new Unfulfilled('none') : pid;
  });
  await kill(second);
  const afterTwo = await readAll(session.receive({ pipeline: '1', afterSequence: 0n }));
  await daemon.end('SIGKILL');
  await machine.startReadyDaemon();
  const afterRestart = await readAll(session.receive({ pipeline: '1', afterSequence: 0n }));
  expect([afterTwo, afterRestart].map((read) => [orderOf(read), read.end, read.numbers.length])).toEqual([
    ['whole', 'completed', 51],
    ['whole', 'completed', 51],
  ]);
}, 120_000);

test('P41: a daemon killed at any moment while another keeper takes over gives way to one that ends what is left', async () => {
  await using machine = new Machine();
  const random = new Random();
  let daemon = await machine.startReadyDaemon();
  const client = machine.client();
  const outcomes: unknown[] = [];
  for (let round = 0; round < 5; round += 1) {
    const sessions = await Promise.all([1, 2, 3].map(() => client.sessions.create({ engine: 'javascript' })));
    const pipelines = await Promise.all(sessions.map((session) => session.start(javascript.endless)));
    await Promise.all(machine.processes('keeper').map(({ pid }) => kill(pid)));
    await new Promise((resolve) => setTimeout(resolve, random.below(500)));
    await daemon.end('SIGKILL');
    daemon = await machine.startReadyDaemon();
    const reads = await Promise.all(
      sessions.map((session, index) =>
        readAll(session.receive({ pipeline: pipelines[index]?.id ?? '', afterSequence: 0n })),
      ),
    );
    outcomes.push(...reads.map((read) => [orderOf(read), read.end]));
  }
  await machine.untilProcesses('engine', 0);
  expect(outcomes).toEqual(outcomes.map(() => ['whole', 'failed KEEPER_LOST']));
}, 120_000);

/** The newest segment of a session's only pipeline. */
function newestSegment(machine: Machine, session: Session): string {
  const pipelines = join(machine.home, 'sessions', session.id, 'pipelines');
  const [pipeline = ''] = readdirSync(pipelines);
  const files = readdirSync(join(pipelines, pipeline), { recursive: true, encoding: 'utf8' }).map((name) =>
    join(pipelines, pipeline, name),
  );
  const [newest] = files
    .filter((file) => statSync(file).isFile() && /\d{10,}/.test(file))
    .sort()
    .slice(-1);
  if (newest === undefined) throw new Error(`no segment among ${files.join(', ')}`);
  return newest;
}

test.each([
  {
    how: 'cut off in the middle of its last entry',
    damage: (file: string) => {
      truncateSync(file, statSync(file).size - 5);
    },
    numbers: [1n],
  },
  {
    how: 'with half an entry behind its last one',
    damage: (file: string) => {
      appendFileSync(file, 'half an ent');
    },
    numbers: [1n, 2n],
  },
  {
    how: 'with a last entry that the disk garbled',
    damage: (file: string) => {
      const bytes = readFileSync(file);
      writeFileSync(file, bytes.fill(0xa5, bytes.length - 8));
    },
    numbers: ['gap 1-1', 2n],
  },
])(
  'a journal that a dying machine left $how is read up to there, and ends as Failed(KEEPER_LOST)',
  async ({ damage, numbers }) => {
    await using machine = new Machine();
    const daemon = await machine.startReadyDaemon();
    const client = machine.client();
    const session = await client.sessions.create({ engine: 'javascript' });
    const keeper = await keeperOf(client, session);
    const { id } = await session.start(javascript.endless);
    await firstRecord(session.receive({ pipeline: id, afterSequence: 0n }));
    // The daemon first: one that sees its keeper die has another write the end into the journal that is to be damaged.
    await daemon.end('SIGKILL');
    await kill(keeper);
    damage(newestSegment(machine, session));
    await machine.startReadyDaemon();
    const read = await readAll(session.receive({ pipeline: id, afterSequence: 0n }));
    expect({ numbers: read.numbers, end: read.end }).toEqual({ numbers, end: 'failed KEEPER_LOST' });
  },
  120_000,
);

async function firstRecord(pipeline: Pipeline): Promise<void> {
  await pipeline.records().next();
  await pipeline.close();
}
