import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunspaceClient, Session } from '../../clients/typescript';
import { describeWith } from '../support/requirements';
import { eventually, Unfulfilled } from './support/eventually';
import { kill, Machine } from './support/machine';

/** Of all keepers together. */
async function poolOf(client: RunspaceClient): Promise<{ ready: number; hits: number; misses: number }> {
  const { keepers } = await client.daemon.status();
  const sum = (of: (keeper: (typeof keepers)[number]) => number): number =>
    keepers.reduce((total, keeper) => total + of(keeper), 0);
  return {
    ready: sum(({ preparedEngines }) => preparedEngines),
    hits: sum(({ preparedHits }) => Number(preparedHits)),
    misses: sum(({ preparedMisses }) => Number(preparedMisses)),
  };
}

async function untilReady(client: RunspaceClient, count = 1): Promise<void> {
  await eventually(
    `${String(count)} engines are ready`,
    async () => {
      const pool = await poolOf(client);
      return pool.ready === count ? true : new Unfulfilled(pool);
    },
    60_000,
  );
}

async function valueOf(session: Session, script: string): Promise<unknown> {
  for await (const value of session.invoke(script).values()) return value;
  return undefined;
}

interface Language {
  readonly engine: string;
  readonly folder: string;
  readonly set: string;
  readonly isSet: string;
}

const languages: Readonly<Record<'javascript' | 'python' | 'bash' | 'powershell', Language>> = {
  javascript: {
    engine: 'javascript',
    folder: 'process.cwd()',
    set: 'globalThis.mine = 1',
    isSet: 'String(typeof mine)',
  },
  python: {
    engine: 'python',
    folder: '__import__("os").getcwd()',
    set: 'mine = 1',
    isSet: '"number" if "mine" in globals() else "undefined"',
  },
  bash: {
    engine: 'bash',
    folder: 'pwd',
    set: 'mine=1',
    isSet: '[[ -v mine ]] && echo number || echo undefined',
  },
  powershell: {
    engine: 'powershell',
    folder: '$ExecutionContext.SessionState.Path.CurrentLocation.Path',
    set: '$mine = 1',
    isSet: 'if ($null -eq $mine) { "undefined" } else { "number" }',
  },
};

/** The session's folder is the one it asks for, by every way to know it. */
function opensAtOnce({ engine, folder, set, isSet }: Language): void {
  test(`P114 a session like one before it has its engine at once, a new one, in the folder it asks for (${engine})`, async () => {
    await using machine = new Machine({ warmPool: 1 });
    await machine.startReadyDaemon();
    const client = machine.client();
    const first = await client.sessions.create({ engine, workingDirectory: '/' });
    await valueOf(first, set);
    await untilReady(client);
    const second = await client.sessions.create({ engine, workingDirectory: '/usr' });
    expect(await poolOf(client)).toMatchObject({ hits: 1, misses: 1 });
    expect([await valueOf(second, isSet), await valueOf(second, folder)]).toEqual(['undefined', '/usr']);
    await untilReady(client);
    const third = await client.sessions.create({ engine, workingDirectory: '/usr' });
    expect(await valueOf(third, folder)).toBe('/usr');
    expect(await poolOf(client)).toMatchObject({ hits: 2, misses: 1 });
  }, 120_000);
}

describe('engines that are kept ready', () => {
  opensAtOnce(languages.javascript);
  opensAtOnce(languages.bash);

  test('P114 a session that is not alike gets an engine of its own: another environment', async () => {
    await using machine = new Machine({ warmPool: 1 });
    await machine.startReadyDaemon();
    const client = machine.client();
    const create = (environment: Readonly<Record<string, string>>): Promise<Session> =>
      client.sessions.create({ engine: 'javascript', environment });
    await create({ COLOUR: 'green' });
    await untilReady(client);
    const blue = await create({ COLOUR: 'blue' });
    expect(await valueOf(blue, 'process.env.COLOUR')).toBe('blue');
    expect(await poolOf(client)).toMatchObject({ hits: 0, misses: 2 });
    await untilReady(client, 2);
    const green = await create({ COLOUR: 'green' });
    expect(await valueOf(green, 'process.env.COLOUR')).toBe('green');
    expect(await poolOf(client)).toMatchObject({ hits: 1, misses: 2 });
  }, 60_000);

  test('P114 one that died in the meantime is nobody’s: the next session starts its own', async () => {
    await using machine = new Machine({ warmPool: 1 });
    await machine.startReadyDaemon();
    const client = machine.client();
    const first = await client.sessions.create({ engine: 'javascript' });
    const own = Number(await valueOf(first, 'process.pid'));
    await untilReady(client);
    const groupOfFirst = machine.processes('engine').find(({ pid }) => pid === own)?.group;
    for (const { pid, group } of machine.processes('engine')) if (group !== groupOfFirst) await kill(pid);
    await untilReady(client, 0);
    const second = await client.sessions.create({ engine: 'javascript' });
    expect(await valueOf(second, '6 * 7')).toBe(42);
    expect(await poolOf(client)).toMatchObject({ hits: 0, misses: 2 });
  }, 60_000);

  test('P114 none outlives its keeper, and none its daemon that ends with its sessions', async () => {
    await using machine = new Machine({ warmPool: 1 });
    const daemon = await machine.startReadyDaemon();
    const client = machine.client();
    await client.sessions.create({ engine: 'javascript' });
    await untilReady(client);
    const { keepers } = await client.daemon.status();
    await daemon.end('SIGKILL');
    await kill(Number(keepers[0]?.pid));
    await machine.startReadyDaemon();
    await machine.untilProcesses('engine', 0);
    await client.sessions.create({ engine: 'javascript' });
    await untilReady(client);
    await client.daemon.stop({ endSessions: true });
    await machine.untilProcesses('engine', 0);
    await machine.untilProcesses('keeper', 0);
    expect(machine.processes('engine')).toEqual([]);
  }, 60_000);

  test('P114 P40 a configuration says how many; its start-up script has run in each, and by default nobody’s script runs unasked', async () => {
    await using machine = new Machine({ warmPool: 1 });
    await machine.startReadyDaemon();
    const client = machine.client();
    const runs = machine.path('runs');
    mkdirSync(runs);
    const register = (name: string, ...lines: readonly string[]) =>
      client.configurations.register(
        [
          `name: ${name}`,
          'engine: javascript',
          `startup_script: require('fs').writeFileSync(${JSON.stringify(runs)} + '/${name}-' + process.pid, ''); var started = process.pid`,
          ...lines,
        ].join('\n'),
      );
    await register('quiet');
    await register('busy', 'warm_pool_size: 2');
    await client.sessions.create({ configuration: 'quiet' });
    await client.sessions.create({ configuration: 'busy' });
    await untilReady(client, 2);
    expect(readdirSync(runs).map((name) => name.replace(/-.*/, ''))).toEqual([
      'busy',
      'busy',
      'busy',
      'quiet',
    ]);
    const second = await client.sessions.create({ configuration: 'busy' });
    expect(await valueOf(second, 'started === process.pid')).toBe(true);
    expect(await poolOf(client)).toMatchObject({ hits: 1 });
    // What it was prepared with is no longer what the configuration says.
    await register('busy', 'warm_pool_size: 1', 'environment: { NEW: yes }');
    const third = await client.sessions.create({ configuration: 'busy' });
    expect(await valueOf(third, 'process.env.NEW')).toBe('yes');
    expect(await poolOf(client)).toMatchObject({ hits: 1 });
    await untilReady(client, 1);
  }, 60_000);

  test('P114 with a pool of none nothing is kept ready, and a folder that is not there fails as ever', async () => {
    await using machine = new Machine({ warmPool: 1 });
    await machine.startReadyDaemon();
    const client = machine.client();
    await client.configurations.register('name: cold\nengine: javascript\nwarm_pool_size: 0');
    await client.sessions.create({ configuration: 'cold' });
    await client.sessions.create({ engine: 'javascript' });
    await untilReady(client);
    const nowhere = join(machine.path('nowhere'));
    const failing = client.sessions.create({ engine: 'javascript', workingDirectory: nowhere });
    await expect(failing).rejects.toMatchObject({ reason: 'ENGINE_START_FAILED' });
    expect(await poolOf(client)).toMatchObject({ hits: 0 });
    await expect(
      client.configurations.register('name: many\nengine: javascript\nwarm_pool_size: 17'),
    ).rejects.toMatchObject({ reason: 'CONFIGURATION_INVALID' });
  }, 60_000);
});

describeWith('python', 'engines that are kept ready, Python', () => {
  opensAtOnce(languages.python);
});

describeWith('powershell', 'engines that are kept ready, PowerShell', () => {
  opensAtOnce(languages.powershell);

  test('P114 P30 a reset goes back to the folder that the session asked for, and history is empty', async () => {
    await using machine = new Machine({ warmPool: 1 });
    await machine.startReadyDaemon();
    const client = machine.client();
    const create = (workingDirectory: string): Promise<Session> =>
      client.sessions.create({ engine: 'powershell', workingDirectory });
    await create('/');
    await untilReady(client);
    const odd = machine.path('a [b] $c');
    mkdirSync(odd);
    writeFileSync(join(odd, 'here.txt'), '');
    const session = await create(odd);
    expect(await poolOf(client)).toMatchObject({ hits: 1 });
    const where = '$ExecutionContext.SessionState.Path.CurrentLocation.Path';
    expect(await valueOf(session, '[IO.File]::Exists("here.txt"); ')).toBe(true);
    expect(await valueOf(session, '@(Get-History).Count + $Error.Count')).toBe(0);
    await valueOf(session, "$null = $ExecutionContext.SessionState.Path.SetLocation('/usr')");
    await client.sessions.reset(session.id);
    expect(await valueOf(session, where)).toBe(odd);
  }, 120_000);
});
