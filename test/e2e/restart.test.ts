import { cpSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputLostPolicy, RunspaceError, type RunspaceClient, type Session } from '../../clients/typescript';
import { describeWith } from '../support/requirements';
import { eventually, Unfulfilled, within } from './support/eventually';
import { distFolder, kill, Machine } from './support/machine';
import { readAll, wholeness } from './support/reading';
import { bash, javascript, powershell, python, type Scripts } from './support/scripts';
import { stateOf } from './support/sessions';

async function valuesOf(session: Session, script: string): Promise<readonly string[]> {
  return (await readAll(session.invoke(script))).outputs;
}

describe('a daemon killed with 52 idle sessions in two keepers', () => {
  const count = 52;
  let machine: Machine;
  let client: RunspaceClient;
  let sessions: readonly Session[];
  /** Reasons that an impatient caller got while the new daemon was not ready. */
  const refusals = new Set<string>();

  beforeAll(async () => {
    machine = new Machine();
    const daemon = await machine.startReadyDaemon();
    client = machine.client();
    sessions = await openMany(client, count);
    await Promise.all(sessions.map((session, index) => session.start(javascript.set(index))));
    await daemon.end('SIGKILL');
    const started = performance.now();
    const next = machine.startDaemon();
    const impatient = askImpatiently(machine, sessions[0], refusals);
    await within('the daemon is ready', 60_000, next.ready);
    console.info(
      `a daemon with ${String(count)} sessions is back after ${String(Math.round(performance.now() - started))} ms`,
    );
    await impatient;
  }, 180_000);

  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  }, 120_000);

  test('P30 P41: every session has its variables when the daemon is back', async () => {
    const kept = await Promise.all(sessions.map((session) => valuesOf(session, javascript.get)));
    expect(kept).toEqual(sessions.map((_, index) => [String(index)]));
  }, 120_000);

  test('P41: who asks while the sessions are brought back hears RECOVERING at most, never that they are unknown', () => {
    const known = ['RECOVERING', 'DAEMON_UNREACHABLE', 'CONNECTION_LOST'];
    expect([...refusals].filter((reason) => !known.includes(reason))).toEqual([]);
  });

  test('the loss of one keeper leaves the sessions of the other as they were', async () => {
    const { keepers } = await client.daemon.status();
    const small = keepers.find(({ sessionIds }) => sessionIds.length < 10);
    await kill(Number(small?.pid));
    const wanted = sessions.map(({ id }) =>
      small?.sessionIds.includes(id) === true ? 'broken' : 'disconnected',
    );
    await eventually('the sessions of the killed keeper are broken', async () => {
      const states = (await client.sessions.list()).map(stateOf);
      return states.filter((state) => state === 'broken').length === 2 ? states : new Unfulfilled(states);
    });
    const listed = await client.sessions.list();
    expect(
      sessions.map(({ id }) => listed.find((info) => info.id === id)).map((info) => info && stateOf(info)),
    ).toEqual(wanted);
  }, 120_000);

  test('what the sessions of the lost keeper wrote can be read from the other, also after both are gone', async () => {
    const broken = (await client.sessions.list()).filter((info) => stateOf(info) === 'broken');
    const reads = await Promise.all(
      broken.map(({ id }) => readAll(client.pipelines.receive(id, { pipeline: '1', afterSequence: 0n }))),
    );
    expect(reads.map(({ numbers, end }) => [numbers, end])).toEqual(broken.map(() => [[1n], 'completed']));
  }, 120_000);
});

/** Opens sessions, some at a time. */
async function openMany(client: RunspaceClient, count: number): Promise<readonly Session[]> {
  const sessions: Session[] = [];
  while (sessions.length < count) {
    const some = Array.from({ length: Math.min(4, count - sessions.length) }, () =>
      client.sessions.create({ engine: 'javascript' }),
    );
    sessions.push(...(await Promise.all(some)));
  }
  return sessions;
}

/** Asks for a session again and again, by clients that never try twice, until one is answered. */
async function askImpatiently(
  machine: Machine,
  session: Session | undefined,
  refusals: Set<string>,
): Promise<void> {
  await eventually(
    'the session is answered for',
    async () => {
      const client = machine.impatientClient();
      try {
        return await client.sessions.get(session?.id ?? '');
      } catch (error) {
        const reason = error instanceof RunspaceError ? error.reason : String(error);
        refusals.add(reason);
        return new Unfulfilled(reason);
      } finally {
        client.close();
      }
    },
    60_000,
  );
}

function survivesUpgrade(scripts: Scripts): void {
  test('P41: the installation replaced under a running keeper changes nothing for its sessions; another installation serves them, too', async () => {
    await using machine = new Machine();
    const [old, next] = [machine.path('old'), machine.path('next')];
    for (const copy of [old, next]) copyInstallation(copy);
    const daemon = await machine.startReadyDaemon(old);
    const client = machine.client();
    const session = await client.sessions.create({ engine: scripts.engine });
    await valuesOf(session, scripts.set(40));
    const running = readAll(session.invoke(scripts.numbers(300, 10, 30)));
    for (const file of ['keeper.js', 'javascript-runner.js', 'api.binpb'])
      writeFileSync(join(old, 'lib', file), 'garbage(');

    await daemon.end('SIGKILL');
    await machine.startReadyDaemon(next);
    const whole = wholeness(await running, 300);
    const kept = await valuesOf(session, scripts.get);
    const another = await client.sessions.create({ engine: scripts.engine });
    const fresh = await valuesOf(another, scripts.numbers(2, 1, 1));

    expect({ whole, kept, fresh }).toEqual({ whole: 'whole', kept: ['40'], fresh: ['1', '2'] });
  }, 120_000);
}

/** A copy of dist/ that can be spoiled; packages are found from where they are. */
function copyInstallation(folder: string): void {
  cpSync(join(distFolder, 'bin'), join(folder, 'bin'), { recursive: true });
  cpSync(join(distFolder, 'lib'), join(folder, 'lib'), { recursive: true });
  symlinkSync(join(distFolder, 'minimal-host'), join(folder, 'minimal-host'));
  symlinkSync(join(distFolder, '..', 'node_modules'), join(folder, 'node_modules'));
}

describe('JavaScript, the installation replaced', () => {
  survivesUpgrade(javascript);
});

describe('bash, the installation replaced', () => {
  survivesUpgrade(bash);
});

describeWith('powershell', 'PowerShell, the installation replaced', () => {
  survivesUpgrade(powershell);
});

describeWith('python3', 'Python, the installation replaced', () => {
  survivesUpgrade(python);
});

test('P44 P41: commands that wait for their turn stay in line when the daemon is killed, and run in that order', async () => {
  await using machine = new Machine();
  const daemon = await machine.startReadyDaemon();
  const session = await machine.client().sessions.create({ engine: 'javascript' });
  await session.start(javascript.waitFor(machine.path('go')));
  const lines = [1, 2, 3].map(
    (line) => `globalThis.order = [...(globalThis.order ?? []), ${String(line)}]; undefined`,
  );
  for (const line of lines) await session.start(line);
  await daemon.end('SIGKILL');
  await machine.startReadyDaemon();
  const { queued } = (await session.refresh()).info;
  writeFileSync(machine.path('go'), '');
  expect({ queued, order: await valuesOf(session, "order.join(' ')") }).toEqual({
    queued: 3,
    order: ['1 2 3'],
  });
}, 120_000);

test('P41: a keeper goes on opening sessions for its daemon when its installation is gone', async () => {
  await using machine = new Machine();
  const old = machine.path('old');
  copyInstallation(old);
  await machine.startReadyDaemon(old);
  const client = machine.client();
  await client.sessions.create({ engine: 'javascript' });
  for (const file of ['keeper.js', 'javascript-runner.js']) writeFileSync(join(old, 'lib', file), 'garbage(');
  const another = await client.sessions.create({ engine: 'javascript' });
  expect(await valuesOf(another, '42')).toEqual(['42']);
}, 120_000);

test('P41: a keeper that lives but does not answer when the daemon starts is waited for; its sessions are not given up', async () => {
  await using machine = new Machine();
  const daemon = await machine.startReadyDaemon();
  const client = machine.client();
  const session = await client.sessions.create({ engine: 'javascript' });
  const { id } = await session.start(javascript.numbers(200, 10, 5));
  const [keeper] = machine.processes('keeper');
  process.kill(keeper?.pid ?? 0, 'SIGSTOP');
  await daemon.end('SIGKILL');
  await machine.startReadyDaemon();
  const meanwhile = stateOf((await session.refresh()).info);
  process.kill(keeper?.pid ?? 0, 'SIGCONT');
  const read = await readAll(session.receive({ pipeline: id, afterSequence: 0n }));
  expect({ meanwhile, read: wholeness(read, 200) }).toEqual({ meanwhile: 'disconnected', read: 'whole' });
}, 120_000);

test('P41: a keeper that did not answer when the daemon started, and then dies, is lost like any other', async () => {
  await using machine = new Machine();
  const daemon = await machine.startReadyDaemon();
  const client = machine.client();
  const session = await client.sessions.create({ engine: 'javascript' });
  const { id } = await session.start(javascript.endless);
  const [keeper] = machine.processes('keeper');
  process.kill(keeper?.pid ?? 0, 'SIGSTOP');
  await daemon.end('SIGKILL');
  await machine.startReadyDaemon();
  await kill(keeper?.pid ?? 0);
  const { end } = await readAll(session.receive({ pipeline: id, afterSequence: 0n }));
  const { info } = await session.refresh();
  expect({ end, state: stateOf(info) }).toEqual({ end: 'failed KEEPER_LOST', state: 'broken' });
}, 120_000);

test('P41: `runspaced stop` ends the daemon only: the command goes on, and the next daemon has all of it', async () => {
  await using machine = new Machine();
  await machine.startReadyDaemon();
  const client = machine.client();
  const session = await client.sessions.create({ engine: 'javascript' });
  const { id } = await session.start(javascript.numbers(500, 10, 20));
  const { code } = await machine.run('runspaced', ['stop']);
  const left = [machine.processes('daemon').length, machine.processes('keeper').length];
  await machine.startReadyDaemon();
  const read = await readAll(session.receive({ pipeline: id, afterSequence: 0n }));
  expect({ code, left, read: wholeness(read, 500) }).toEqual({ code: 0, left: [0, 1], read: 'whole' });
}, 120_000);

test('`runspaced stop --sessions` ends everything: no process and no socket is left', async () => {
  await using machine = new Machine();
  await machine.startReadyDaemon();
  const client = machine.client();
  const sessions = await Promise.all([1, 2, 3].map(() => client.sessions.create({ engine: 'javascript' })));
  await Promise.all(sessions.slice(1).map((session) => session.start(javascript.endless)));
  const { code, stderr } = await machine.run('runspaced', ['stop', '--sessions']);
  await eventually('every process ends', () => {
    const left = machine.processes();
    return left.length === 0 ? true : new Unfulfilled(left);
  });
  expect({ code, stderr, sockets: machine.sockets() }).toEqual({ code: 0, stderr: '', sockets: [] });
}, 120_000);

test.each(['SIGTERM', 'SIGINT'] as const)(
  'P41: %s ends the daemon in good order; sessions go on',
  async (name) => {
    await using machine = new Machine();
    const daemon = await machine.startReadyDaemon();
    const session = await machine.client().sessions.create({ engine: 'javascript' });
    const reading = readAll(session.invoke(javascript.numbers(500, 10, 20)));
    const code = await daemon.end(name);
    await machine.startReadyDaemon();
    expect({ code, read: wholeness(await reading, 500) }).toEqual({ code: 0, read: 'whole' });
  },
  120_000,
);

test('SIGHUP, as when the terminal closes that started it, changes nothing for the daemon', async () => {
  await using machine = new Machine();
  const daemon = await machine.startReadyDaemon();
  process.kill(daemon.pid, 'SIGHUP');
  const session = await machine.client().sessions.create({ engine: 'javascript' });
  expect(await valuesOf(session, '42')).toEqual(['42']);
}, 120_000);

test.each(['SIGINT', 'SIGHUP'] as const)(
  '%s does not end a keeper: it belongs to no terminal',
  async (name) => {
    await using machine = new Machine();
    await machine.startReadyDaemon();
    const session = await machine.client().sessions.create({ engine: 'javascript' });
    await valuesOf(session, javascript.set(1));
    for (const { pid } of machine.processes('keeper')) process.kill(pid, name);
    expect(await valuesOf(session, javascript.get)).toEqual(['1']);
  },
  120_000,
);

test('SIGTERM ends a keeper in good order: its command ends with a final record, no engine is left, the session is over and says why', async () => {
  await using machine = new Machine();
  await machine.startReadyDaemon();
  const session = await machine.client().sessions.create({ engine: 'javascript' });
  let begun: () => void = () => undefined;
  const hasBegun = new Promise<void>((resolve) => (begun = resolve));
  const reading = readAll(session.invoke(javascript.endless), begun);
  await hasBegun;
  const [keeper] = machine.processes('keeper');
  await kill(keeper?.pid ?? 0, 'SIGTERM');
  const { outputs, end } = await reading;
  await machine.untilProcesses('engine', 0);
  const { info } = await session.refresh();
  expect({
    outputs,
    end: end === 'no final record',
    state: stateOf(info),
    why: info.problem !== undefined,
  }).toEqual({
    outputs: ['begun'],
    end: false,
    state: 'broken',
    why: true,
  });
}, 120_000);

test.each([InputLostPolicy.INPUT_LOST_POLICY_STOP, InputLostPolicy.INPUT_LOST_POLICY_END])(
  'P41: a daemon that ends in good order is no client that is lost: under %s the input goes on with the next daemon',
  async (onInputLost) => {
    await using machine = new Machine();
    const daemon = await machine.startReadyDaemon();
    const session = await machine.client().sessions.create({ engine: 'javascript' });
    let half: () => void = () => undefined;
    const isHalfSent = new Promise<void>((resolve) => (half = resolve));
    let goOn: () => void = () => undefined;
    const isBack = new Promise<void>((resolve) => (goOn = resolve));
    const reading = readAll(
      session.invoke(javascript.echo, {
        onInputLost,
        input: (async function* () {
          for (let item = 1; item <= 40; item += 1) {
            if (item === 20) {
              half();
              await isBack;
            }
            yield item;
          }
        })(),
      }),
    );
    await isHalfSent;
    await daemon.end('SIGTERM');
    await machine.startReadyDaemon();
    goOn();
    expect(wholeness(await reading, 40)).toBe('whole');
  },
  120_000,
);
