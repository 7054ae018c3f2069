import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import {
  fromValue,
  SessionState,
  type ContainerTarget,
  type CreateOptions,
  type RunspaceClient,
  type Session,
} from '../../clients/typescript';
import { ContainerBed } from '../support/container';
import { describeWith } from '../support/requirements';
import { eventually, Unfulfilled } from './support/eventually';
import { kill, Machine } from './support/machine';
import { orderOf, readAll, wholeness } from './support/reading';
import { javascript, powershell, python, type Scripts } from './support/scripts';
import { untilState } from './support/sessions';

const { SESSION_STATE_BROKEN: broken } = SessionState;

jest.setTimeout(120_000);

describeWith('containers', 'P08 P110 sessions in containers', () => {
  let bed: ContainerBed;
  let machine: Machine;
  let client: RunspaceClient;

  beforeAll(async () => {
    bed = new ContainerBed();
    machine = new Machine({ more: bed.environment });
    await Promise.all([bed.start('web', { powershell: true }), machine.startReadyDaemon()]);
    client = machine.client();
  });

  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
    await bed[Symbol.asyncDispose]();
  });

  function open(
    engine: string,
    options: Omit<CreateOptions, 'target'> & { readonly at?: Partial<ContainerTarget> } = {},
  ): Promise<Session> {
    const { at, ...others } = options;
    return client.sessions.create({
      engine,
      wait: true,
      ...others,
      target: { is: 'container', container: 'web', ...at },
    });
  }

  async function outputs(session: Session, script: string): Promise<readonly string[]> {
    const { outputs: texts, end } = await readAll(session.invoke(script));
    return [...texts, end];
  }

  /** Waits until nothing but its first process runs in a container. */
  function untilEmpty(name: string): Promise<true> {
    return eventually(`nothing runs in ${name}`, async () => {
      const found = await bed.processes(name);
      return found.length === 0 ? true : new Unfulfilled(found);
    });
  }

  const bash = {
    engine: 'bash' as const,
    set: (value: number) => `kept=${String(value)}`,
    get: 'echo "$kept"',
  };
  const busy = {
    javascript: 'console.log("begun"); while (true) {}',
    python: 'print("begun")\nwhile True: pass',
    bash: 'echo begun; while :; do :; done',
    powershell: '"begun"; while ($true) {}',
  };

  test.each<Pick<Scripts, 'engine' | 'set' | 'get'>>([javascript, powershell, python, bash])(
    'P08 P113 $engine keeps its variables in a container, by name, says which one it is, and leaves nothing behind',
    async (scripts) => {
      const session = await open(scripts.engine);
      await outputs(session, scripts.set(42));
      let computer = '';
      for await (const record of session.invoke(scripts.get).records())
        if (record.stream === 'output') computer = record.PSComputerName;
      expect([computer, await outputs(session, scripts.get)]).toEqual(['web', ['42', 'completed']]);
      await session.remove();
      await untilEmpty('web');
    },
  );

  test.each(['javascript', 'python', 'bash', 'powershell'] as const)(
    'P08 P67 an endless loop of %s in a container is stopped, and the next command runs',
    async (engine) => {
      const session = await open(engine);
      const pipeline = session.invoke(busy[engine]);
      const read = await readAll(pipeline, (record) => {
        if (record.stream === 'output') void pipeline.stop();
      });
      expect(read.end).toBe('stopped STOPPED');
      expect(await outputs(session, engine === 'bash' ? 'echo 1' : '1')).toEqual(['1', 'completed']);
      await session.remove();
    },
  );

  test('P08 P67 a native program that sleeps in a container is ended with its command', async () => {
    const session = await open('bash');
    const pipeline = session.invoke('echo begun; sleep 1000; echo after');
    const read = await readAll(pipeline, (record) => {
      if (record.stream === 'output') void pipeline.stop();
    });
    expect(read).toMatchObject({ outputs: ['begun'], end: 'stopped STOPPED' });
    await session.remove();
    await untilEmpty('web');
  });

  test('P08 by its id and by the beginning of its id', async () => {
    const id = await bed.podman('inspect', '--format', '{{.Id}}', 'web');
    for (const container of [id, id.slice(0, 12)]) {
      const session = await open('bash', { at: { container, displayName: 'shown' } });
      expect(session.info.target).toBe('shown');
      await session.remove();
    }
  });

  test('P08 every record of much output comes once, all input arrives, and bytes and characters are kept', async () => {
    const session = await open('python');
    expect(wholeness(await readAll(session.invoke(python.numbers(100_000, 100_000, 0))), 100_000)).toBe(
      'whole',
    );
    const input = ['é', '\x10\x11', '€😀', 'x'.repeat(100_000)];
    const echoed = await readAll(session.invoke(python.echo, { input }));
    expect(echoed.outputs).toEqual(input);
    const all = Buffer.from(Array.from({ length: 256_000 }, (_, index) => index & 255));
    const values: unknown[] = [];
    for await (const record of session.invoke('bytes(range(256)) * 1000').records())
      if (record.stream === 'output') values.push(fromValue(record.value));
    expect(values.map((value) => value instanceof Uint8Array && all.equals(value))).toEqual([true]);
    await session.remove();
  });

  test("P08 P30 its environment and folder are the container's own and what the caller gives, in nobody's command line", async () => {
    await bed.start('own', {
      options: ['-e', 'OWN=yes', '-e', 'CHANGED=no', '-w', '/opt', '-e', 'HOME=/var'],
    });
    const at = { container: 'own' };
    const session = await open('bash', { at, environment: { CHANGED: 'yes', TOKEN: 'hunter2' } });
    expect(await outputs(session, 'echo "$PWD $HOME $OWN $CHANGED $TOKEN"')).toEqual([
      '/opt /var yes yes hunter2',
      'completed',
    ]);
    const { stdout } = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(stdout).toContain('podman exec');
    expect(stdout).not.toContain('hunter2');
    await session.remove();
    const shown = await open('powershell', { at: {}, workingDirectory: '/var' });
    expect(await outputs(shown, '"$pwd"')).toEqual(['/var', 'completed']);
    await shown.remove();
    await expect(open('bash', { at, workingDirectory: '/there/is/none' })).rejects.toMatchObject({
      reason: 'ENGINE_START_FAILED',
      metadata: { container: 'own', folder: '/there/is/none' },
    });
  });

  test("P08 RunAsAdministrator is root, and else it is the container's own user", async () => {
    await bed.start('user', { options: ['--user', '65534:65534'] });
    for (const [runAsAdministrator, user] of [
      [false, '65534'],
      [true, '0'],
    ] as const) {
      const session = await open('bash', { at: { container: 'user', runAsAdministrator } });
      expect(await outputs(session, 'id -u; [ -w /root ] && echo w')).toEqual([
        user,
        ...(runAsAdministrator ? ['w'] : []),
        expect.stringMatching(/^completed/),
      ]);
      await session.remove();
    }
  });

  test('P08 without a name the engine is PowerShell where the container has it, else the first that is there', async () => {
    await bed.start('plain');
    const engines = [];
    for (const container of ['web', 'plain']) {
      const session = await open('', { at: { container } });
      engines.push(session.info.engine);
      await session.remove();
    }
    expect(engines).toEqual(['powershell', 'javascript']);
    await expect(open('powershell', { at: { container: 'plain' } })).rejects.toMatchObject({
      reason: 'ENGINE_NOT_FOUND',
      message: expect.stringContaining('pwsh on the PATH in container plain') as string,
    });
  });

  test('P08 a container that is not there, that does not run, or of a runtime that is not there has its own error', async () => {
    await bed.podman('--runtime', 'runc', 'create', '--name', 'idle', '--rootfs', '/', '/usr/bin/true');
    await expect(open('bash', { at: { container: 'nowhere' } })).rejects.toMatchObject({
      reason: 'CONTAINER_NOT_FOUND',
      metadata: { container: 'nowhere' },
    });
    await expect(open('bash', { at: { container: 'idle' } })).rejects.toMatchObject({
      reason: 'CONTAINER_NOT_RUNNING',
      message: expect.stringContaining('podman start idle') as string,
    });
    await expect(open('bash', { at: { container: 'web', runtime: 'docker' } })).rejects.toMatchObject({
      reason: 'CONTAINER_RUNTIME_UNUSABLE',
      message: expect.stringContaining('docker') as string,
    });
  });

  test('P08 P11 P122 on the command line: one-off commands, files of the caller, kept sessions, lists', async () => {
    const file = machine.path('where.sh');
    writeFileSync(file, 'echo "$PWD $HOME $1"');
    const at = ['--container-id', 'web', '--engine', 'bash'];
    expect(await machine.run('runspace', ['invoke', ...at, '--arg', 'a b', '--file-path', file])).toEqual({
      code: 0,
      stdout: '/ /root a b\n',
      stderr: '',
    });
    await machine.run('runspace', ['new', 'boxed', ...at]);
    await machine.run('runspace', ['invoke', '--session', 'boxed', '--', 'kept=5']);
    const { stdout } = await machine.run('runspace', ['invoke', '--session', 'boxed', '--', 'echo "$kept"']);
    expect(stdout).toBe('5\n');
    await machine.run('runspace', ['rm', 'boxed']);
    const some = await machine.run('runspace', [
      ...['invoke', '--container-id', 'web,nowhere', '--engine', 'bash', '--', 'echo here'],
    ]);
    expect(some).toMatchObject({ code: 4, stdout: 'web: here\n' });
    expect(some.stderr).toContain('nowhere: CONTAINER_NOT_FOUND');
  });

  test('P08 P19 a configuration gives its engine, environment, start-up script and limits there as well', async () => {
    await client.configurations.register(
      "name: boxed\nengine: python\nenvironment: { COLOR: blue }\nstartup_script: |\n  import os\n  seen = os.environ['COLOR']\n",
    );
    const session = await open('', { configuration: 'boxed' });
    expect([session.info.engine, await outputs(session, 'seen')]).toEqual(['python', ['blue', 'completed']]);
    await session.remove();
  });

  test('P08 P19 its program is at the path, or of the name, that a configuration gives; what only this machine can do is warned of', async () => {
    for (const program of ['/opt/bin/pwsh', 'pwsh']) {
      await client.configurations.register(
        `name: elsewhere\nengine: powershell\ntarget_engine_path: ${program}\nquotas: { processes_per_session: 5 }`,
      );
      const session = await open('', { configuration: 'elsewhere' });
      expect(await outputs(session, '1')).toEqual(['1', 'completed']);
      expect(session.info.optionWarnings).toMatchObject([
        {
          reason: 'OPTION_HAS_NO_EFFECT',
          metadata: { option: 'quotas.processes_per_session', transport: 'container' },
        },
      ]);
      await session.remove();
    }
  });

  test.each([
    ['stops', /has stopped/, ['stop', '--time', '0']],
    // It is stopped before it is removed.
    ['is removed', /has stopped|was removed/, ['rm', '--force', '--time', '0']],
  ])(
    'P08 a container that %s breaks its session, which says so; its records stay',
    async (_, what, words) => {
      await bed.start('brief');
      const session = await open('javascript', { at: { container: 'brief' } });
      const pipeline = session.invoke(javascript.numbers(1e6, 10, 5));
      let gone: Promise<string> | undefined;
      const read = await readAll(pipeline, (record) => {
        if ('sequence' in record && record.sequence === 20n) gone = bed.podman(...words, 'brief');
      });
      await gone;
      const { problem } = await untilState(client, session, broken);
      const again = await readAll(session.receive({ pipeline: '1', afterSequence: 0n }));
      expect({
        end: read.end,
        order: orderOf(read),
        reason: problem?.reason,
        same: again.outputs.length,
      }).toEqual({
        end: 'failed CONTAINER_STOPPED',
        order: 'whole',
        reason: 'CONTAINER_STOPPED',
        same: read.outputs.length,
      });
      expect(problem?.message).toMatch(what);
      await session.remove();
      await bed.podman('rm', '--force', '--ignore', '--time', '0', 'brief');
    },
  );

  test('P08 an engine that is killed in a container that runs on is lost as anywhere', async () => {
    const session = await open('python');
    await outputs(session, 'import os, signal; os.killpg(0, signal.SIGKILL)');
    expect((await untilState(client, session, broken)).problem?.reason).toBe('ENGINE_LOST');
    await session.remove();
    await untilEmpty('web');
  });

  test.each(['javascript', 'powershell'] as const)(
    'P08 P41 nothing of a killed keeper goes on in a container: %s',
    async (engine) => {
      const session = await open(engine);
      let begin = (): void => undefined;
      const begun = new Promise<void>((resolve) => {
        begin = resolve;
      });
      const reading = readAll(session.invoke(busy[engine]), (record) => {
        if (record.stream === 'output') begin();
      });
      await begun;
      const { keepers } = await client.daemon.status();
      const keeper = keepers.find(({ sessionIds }) => sessionIds.includes(session.id));
      await kill(Number(keeper?.pid));
      expect((await reading).end).toBe('failed KEEPER_LOST');
      await untilEmpty('web');
      await session.remove();
    },
  );
});
