import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { secureString, type RunspaceClient, type Session, type SshTarget } from '../../clients/typescript';
import { BadLine } from '../support/bad-line';
import { describeWith } from '../support/requirements';
import { eventually, Unfulfilled } from './support/eventually';
import { FarMachine } from './support/far-machine';
import { kill, Machine } from './support/machine';
import { readAll, wholeness } from './support/reading';
import { bash, javascript, powershell, python, type Scripts } from './support/scripts';

async function valuesOf(session: Session, script: string): Promise<string> {
  const { outputs, end } = await readAll(session.invoke(script));
  return [...outputs, ...(end === 'completed' ? [] : [end])].join(' ');
}

describeWith('sshd', 'sessions over ssh at a machine that has the daemon', () => {
  let near: Machine;
  let far: FarMachine;
  let client: RunspaceClient;

  beforeAll(async () => {
    near = new Machine();
    far = await FarMachine.start();
    await near.startReadyDaemon();
    client = near.client();
  }, 60_000);

  afterAll(async () => {
    await near[Symbol.asyncDispose]();
    await far[Symbol.asyncDispose]();
  }, 60_000);

  test('P110: a session lives there, with the daemon that ssh has started, and is shown as one of the host', async () => {
    const session = await client.sessions.create({ name: 'work', engine: 'bash', target: far.target() });
    const there = far.machine.client();
    const [over] = await there.sessions.list();
    const { info } = await session.refresh();
    expect({
      value: await valuesOf(session, bash.set(40)),
      kept: await valuesOf(session, bash.get),
      here: [info.name, info.target, info.transport],
      there: over?.name,
    }).toEqual({ value: '', kept: '40', here: ['work', '127.0.0.1', 'ssh'], there: 'work' });
    await session.remove();
    expect(await there.sessions.list()).toEqual([]);
  });

  const engines: readonly Scripts[] = [javascript, python, bash, powershell];
  for (const scripts of engines) {
    const group = scripts.engine === 'powershell' ? 'powershell' : 'sshd';
    describeWith(group, `with ${scripts.engine}`, () => {
      test('P110: input reaches a command, an endless one is stopped, and variables stay', async () => {
        const session = await client.sessions.create({ engine: scripts.engine, target: far.target() });
        await valuesOf(session, scripts.set(42));
        const echoed = await readAll(session.invoke(scripts.echo, { input: ['a', 'b', 'c'] }));
        const endless = session.invoke(scripts.endless);
        const { end } = await readAll(endless, ({ stream }) => {
          if (stream === 'output' || stream === 'information')
            void session.stop({ pipeline: endless.id ?? '' });
        });
        expect([echoed.outputs, end, await valuesOf(session, scripts.get)]).toEqual([
          ['a', 'b', 'c'],
          'stopped STOPPED',
          '42',
        ]);
        await session.remove();
      }, 60_000);
    });
  }

  /** The far machine by a line that can be hurt. */
  function byLine({ port }: BadLine, options: Readonly<Record<string, string>>): SshTarget {
    return far.target({
      port,
      options: { GlobalKnownHostsFile: '/dev/null', StrictHostKeyChecking: 'accept-new', ...options },
    });
  }

  test('P42: on a line that is cut, slow or silent, 50 times in all, every record of every command comes once', async () => {
    await using line = await BadLine.to(far.sshd.port);
    const target = byLine(line, {
      UserKnownHostsFile: far.machine.path('known_hosts'),
      ServerAliveInterval: '1',
      ServerAliveCountMax: '1',
    });
    const session = await client.sessions.create({ engine: 'bash', target });
    const outcomes: string[] = [];
    for (let round = 1; round <= 50; round += 1) {
      const count = 60;
      const { id } = await session.start(bash.numbers(count, 20, 20));
      const hurt = round % 17 === 0 ? 'silence' : round % 5 === 0 ? 'slow' : 'cut';
      let seen = 0;
      const read = await readAll(session.receive({ pipeline: id, afterSequence: 0n }), () => {
        seen += 1;
        if (seen !== 5 + ((round * 7) % 50)) return;
        if (hurt === 'slow') line.slow(20);
        else line[hurt]();
      });
      line.slow(0);
      outcomes.push(wholeness(read, count));
    }
    expect(outcomes.filter((outcome) => outcome !== 'whole')).toEqual([]);
    await session.remove();
  }, 120_000);

  test('P42: a command is started once, though its call is lost on the way', async () => {
    await using line = await BadLine.to(far.sshd.port);
    const target = byLine(line, { UserKnownHostsFile: far.machine.path('known_hosts_2') });
    const session = await client.sessions.create({ engine: 'bash', target });
    const file = far.machine.path('started');
    for (let round = 1; round <= 10; round += 1) {
      const starting = session.start(bash.append(file));
      setTimeout(() => line.cut(), round % 4);
      const { id } = await starting;
      await readAll(session.receive({ pipeline: id, afterSequence: 0n }));
    }
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(10);
    await session.remove();
  }, 60_000);

  describeWith('powershell', 'with host calls', () => {
    test('P65: what a command asks there is answered here', async () => {
      const session = await client.sessions.create({ engine: 'powershell', target: far.target() });
      const pipeline = session.invoke('"<$($host.UI.ReadLine())>"');
      const read = await readAll(pipeline, (record) => {
        if (record.stream === 'hostCall') void pipeline.respond(record.callId, { value: 'Ada' });
      });
      expect([read.outputs, read.end]).toEqual([['<Ada>'], 'completed']);
      await session.remove();
    }, 60_000);
  });

  test('P25 P65: a passphrase that was asked for once heals the link later, with nobody there', async () => {
    const key = far.machine.path('locked');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'opensesame', '-f', key]);
    appendFileSync(join(far.sshd.folder, 'authorized_keys'), readFileSync(`${key}.pub`));
    const session = await client.sessions.create({
      engine: 'bash',
      target: far.target({ keyFilePath: key, options: { ...far.target().options, IdentitiesOnly: 'yes' } }),
      wait: false,
    });
    const call = await eventually('it asks', async () => {
      const { info } = await session.refresh();
      return info.pendingHostCalls[0] ?? new Unfulfilled(info.problem?.message ?? 'nothing');
    });
    await session.respond({ callId: call.callId, value: secureString('opensesame') });
    await valuesOf(session, bash.set(43));
    far.cut();
    expect(await valuesOf(session, bash.get)).toBe('43');
    await session.remove();
  });

  test('P41: the daemon there is killed, and is started again by whoever comes', async () => {
    const session = await client.sessions.create({ engine: 'bash', target: far.target() });
    await valuesOf(session, bash.set(44));
    for (const { pid } of far.machine.processes('daemon')) await kill(pid);
    expect(await valuesOf(session, bash.get)).toBe('44');
    await session.remove();
  });

  test('P41 P73: the daemon and the keeper of this side die, and the session there is as it was', async () => {
    const session = await client.sessions.create({ name: 'stays', engine: 'bash', target: far.target() });
    await valuesOf(session, bash.set(41));
    const pipeline = await session.start(bash.numbers(400, 10, 20));
    for (const { pid } of [...near.processes('daemon'), ...near.processes('keeper')]) await kill(pid);
    await near.startReadyDaemon();
    const again = await near.client().sessions.get('stays');
    const read = await readAll(again.receive({ pipeline: pipeline.id, afterSequence: 0n }));
    expect([wholeness(read, 400), await valuesOf(again, bash.get)]).toEqual(['whole', '41']);
    await again.remove();
  });

  test('with direct the session is not there, and ends with its connection', async () => {
    const session = await client.sessions.create({ engine: 'bash', target: far.target({ direct: true }) });
    expect(await far.machine.client().sessions.list()).toEqual([]);
    await session.remove();
  });
});
