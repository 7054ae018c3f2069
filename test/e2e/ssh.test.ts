import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync, appendFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  HostCallPolicy,
  RunspaceError,
  secureString,
  type Credential,
  type RunspaceClient,
  type Session,
  type SshTarget,
} from '../../clients/typescript';
import { describeWith, powershellForTests } from '../support/requirements';
import { Sshd } from '../support/sshd';
import { eventually, Unfulfilled } from './support/eventually';
import { distFolder, Machine } from './support/machine';
import { orderOf, readAll } from './support/reading';
import { bash, javascript, powershell, python, type Scripts } from './support/scripts';
import { stateOf } from './support/sessions';

function targetAt(sshd: Sshd, more: Partial<SshTarget> = {}): SshTarget {
  return {
    is: 'ssh',
    host: '127.0.0.1',
    port: sshd.port,
    keyFilePath: sshd.key,
    direct: true,
    ...more,
    options: { UserKnownHostsFile: sshd.knownHosts, GlobalKnownHostsFile: '/dev/null', ...more.options },
  };
}

async function valuesOf(session: Session, script: string): Promise<string> {
  const { outputs, end } = await readAll(session.invoke(script));
  return [...outputs, ...(end === 'completed' ? [] : [end])].join(' ');
}

/** Why a session could not be opened: its reason, and whether the message names what it should. */
async function refusalOf(
  client: RunspaceClient,
  target: SshTarget,
  more: { readonly engine?: string; readonly credential?: Credential; readonly hostCalls?: 'fail' } = {},
): Promise<{ reason: string; message: string; phase: string | undefined }> {
  try {
    await client.sessions.create({
      engine: more.engine ?? 'bash',
      target,
      ...(more.credential === undefined ? {} : { credential: more.credential }),
      options: { hostCalls: HostCallPolicy.HOST_CALL_POLICY_FAIL },
    });
  } catch (error) {
    if (error instanceof RunspaceError)
      return { reason: error.reason, message: error.message, phase: error.metadata['phase'] };
    throw error;
  }
  throw new Error('it was opened');
}

describeWith('sshd', 'sessions over ssh', () => {
  let machine: Machine;
  let client: RunspaceClient;
  let sshd: Sshd;
  const environment =
    process.env['DOTNET_ROOT'] === undefined ? {} : { DOTNET_ROOT: process.env['DOTNET_ROOT'] };

  beforeAll(async () => {
    machine = new Machine();
    const chosen = powershellForTests();
    const program = chosen === 'minimal' ? join(distFolder, 'minimal-host', 'minimal-host') : chosen;
    sshd = await Sshd.start({
      environment,
      ...(program === undefined ? {} : { powershell: `${program} -sshs` }),
    });
    await machine.startReadyDaemon();
    client = machine.client();
  }, 60_000);

  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
    await sshd[Symbol.asyncDispose]();
  }, 60_000);

  const engines: readonly Scripts[] = [javascript, python, bash, powershell];
  for (const scripts of engines) {
    const group = scripts.engine === 'powershell' ? 'powershell' : 'sshd';
    describeWith(group, `with ${scripts.engine}`, () => {
      let session: Session;

      beforeAll(async () => {
        session = await client.sessions.create({ engine: scripts.engine, target: targetAt(sshd) });
      }, 60_000);

      afterAll(() => session.remove());

      test('P06 P25 P110: variables are kept from call to call, and everything says where it runs', async () => {
        await valuesOf(session, scripts.set(40));
        const { info } = await session.refresh();
        expect({
          kept: await valuesOf(session, scripts.get),
          target: info.target,
          transport: info.transport,
        }).toEqual({
          kept: '40',
          target: '127.0.0.1',
          transport: 'ssh',
        });
      });

      test('P67: an endless command is stopped, and the variables are still there', async () => {
        await valuesOf(session, scripts.set(41));
        const endless = session.invoke(scripts.endless);
        const reading = readAll(endless, (record) => {
          if (record.stream === 'output' || record.stream === 'information')
            void session.stop({ pipeline: endless.id ?? '' });
        });
        const { end } = await reading;
        expect([end, await valuesOf(session, scripts.get)]).toEqual(['stopped STOPPED', '41']);
      });

      test('P35 P110: a command goes on while nobody is there, and every record comes once', async () => {
        const { id } = await session.start(scripts.numbers(2_000, 100, 1));
        const read = await readAll(session.receive({ pipeline: id, afterSequence: 0n }));
        expect([read.outputs.length, orderOf(read), read.end]).toEqual([2_000, 'whole', 'completed']);
      });
    });
  }

  test('several sessions share one connection, and closed ones leave no process behind', async () => {
    const marks = await Promise.all(
      [1, 2, 3].map(async () => {
        const session = await client.sessions.create({ engine: 'bash', target: targetAt(sshd) });
        return { session, pid: Number(await valuesOf(session, 'echo $$')) };
      }),
    );
    const before = sshd.connections;
    const another = await client.sessions.create({ engine: 'bash', target: targetAt(sshd) });
    expect(sshd.connections).toBe(before);
    await Promise.all([another, ...marks.map(({ session }) => session)].map((session) => session.remove()));
    for (const { pid } of marks)
      await eventually(`process ${String(pid)} is gone`, () => !isAlive(pid) || new Unfulfilled('alive'));
  });

  test('P42: a lost connection breaks its sessions, what was received stays readable, and the error says how to do better', async () => {
    const session = await client.sessions.create({
      engine: 'bash',
      target: targetAt(sshd, { options: { HashKnownHosts: 'yes' } }),
    });
    const { id } = await session.start('for ((i = 1; ; i++)); do echo $i; sleep 0.01; done');
    let seen = 0;
    const read = await readAll(session.receive({ pipeline: id, afterSequence: 0n }), () => {
      seen += 1;
      if (seen === 20) for (const pid of sshd.connectionProcesses()) process.kill(pid, 'SIGKILL');
    });
    const { info } = await session.refresh();
    const again = await readAll(session.receive({ pipeline: id, afterSequence: 0n }));
    expect({
      order: orderOf(read),
      again: again.outputs.length === read.outputs.length,
      end: read.end,
      state: stateOf(info),
      message: info.problem?.message,
    }).toEqual({
      order: 'whole',
      again: true,
      end: 'failed LINK_LOST',
      state: 'broken',
      message: expect.stringContaining('where runspaced is installed'),
    });
  });

  test('P42 P52: a link that says nothing any more is noticed within the bound of the keep-alive', async () => {
    await using stalled = await Sshd.start();
    const options = { ServerAliveInterval: '1', ServerAliveCountMax: '2' };
    const session = await client.sessions.create({ engine: 'bash', target: targetAt(stalled, { options }) });
    for (const pid of stalled.connectionProcesses()) process.kill(pid, 'SIGSTOP');
    const reason = await eventually(
      'the session is broken',
      async () => {
        const { info } = await session.refresh();
        return info.problem?.reason ?? new Unfulfilled(stateOf(info));
      },
      20_000,
    );
    expect(reason).toBe('LINK_LOST');
  });

  test('P25: a server that lets few channels into a connection gets another connection', async () => {
    await using narrow = await Sshd.start({ lines: ['MaxSessions 2'] });
    const sessions: Session[] = [];
    for (let count = 1; count <= 5; count += 1)
      sessions.push(await client.sessions.create({ engine: 'bash', target: targetAt(narrow) }));
    expect(await Promise.all(sessions.map((session) => valuesOf(session, 'echo here')))).toEqual(
      Array(5).fill('here'),
    );
    expect(narrow.connections).toBeLessThanOrEqual(4);
    await Promise.all(sessions.map((session) => session.remove()));
  });

  test('P25: what a login writes does not disturb an engine', async () => {
    await using noisy = await Sshd.start({
      lines: [`Banner ${machine.path('banner')}`, `ForceCommand ${machine.path('noisy')}`],
    });
    writeFileSync(machine.path('banner'), '*** authorized use only ***\n');
    writeFileSync(
      machine.path('noisy'),
      '#!/bin/sh\necho "Welcome!"; printf "no line end"; echo oops >&2; eval "$SSH_ORIGINAL_COMMAND"\n',
      { mode: 0o755 },
    );
    const session = await client.sessions.create({ engine: 'python', target: targetAt(noisy) });
    expect(await valuesOf(session, '6 * 7')).toBe('42');
    await session.remove();
  });

  describe('each phase has its own error', () => {
    test('P25 P52: a name that is none', async () => {
      const { reason, phase } = await refusalOf(client, targetAt(sshd, { host: 'no-such-host.invalid' }));
      expect([reason, phase]).toEqual(['HOST_NOT_FOUND', 'name']);
    });

    test('P25 P52: a port where nobody listens', async () => {
      const { reason, phase, message } = await refusalOf(client, targetAt(sshd, { port: 1 }));
      expect([reason, phase, message]).toEqual([
        'CONNECTION_REFUSED',
        'port',
        expect.stringContaining('port 1'),
      ]);
    });

    test('P52: a peer that takes the connection and says nothing, named with the option and the phase', async () => {
      const silent = createServer().listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const { port } = silent.address() as AddressInfo;
      const { reason, phase, message } = await refusalOf(
        client,
        targetAt(sshd, { port, connectingTimeoutMs: 700 }),
      );
      silent.close();
      expect([reason, phase, message]).toEqual([
        'CONNECT_TIMEOUT',
        'banner',
        expect.stringContaining('ConnectingTimeout'),
      ]);
    });

    test('P25: something that is no sshd', async () => {
      const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(
        0,
        '127.0.0.1',
      );
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      const { phase } = await refusalOf(client, targetAt(sshd, { port }));
      other.close();
      expect(phase).toBe('banner');
    });

    test('P25: a host that is not known, by its fingerprint', async () => {
      const options = { UserKnownHostsFile: machine.path('nothing') };
      const { reason, message } = await refusalOf(client, targetAt(sshd, { options }));
      const [, fingerprint] = execFileSync('ssh-keygen', ['-lf', join(sshd.folder, 'host.pub')], {
        encoding: 'utf8',
      }).split(' ');
      expect([reason, message]).toEqual(['HOST_KEY_UNKNOWN', expect.stringContaining(fingerprint ?? '?')]);
    });

    test('P25: accept-new writes the key down, and a changed one is refused with both fingerprints', async () => {
      await using changing = await Sshd.start();
      const known = machine.path('accepted');
      const options = {
        UserKnownHostsFile: known,
        StrictHostKeyChecking: 'accept-new',
        HashKnownHosts: 'yes',
      };
      const session = await client.sessions.create({
        engine: 'bash',
        target: targetAt(changing, { options }),
      });
      await session.remove();
      expect(readFileSync(known, 'utf8')).toMatch(/^\|1\|\S+\|\S+ ssh-ed25519 \S+\n$/);
      const [, before = '?'] = execFileSync('ssh-keygen', ['-lf', join(changing.folder, 'host.pub')], {
        encoding: 'utf8',
      }).split(' ');
      await changing.changeKey();
      const [, after = '?'] = execFileSync('ssh-keygen', ['-lf', join(changing.folder, 'host.pub')], {
        encoding: 'utf8',
      }).split(' ');
      // Another connection: the one before may still be kept.
      const { reason, message } = await refusalOf(
        client,
        targetAt(changing, { options: { ...options, ServerAliveInterval: '7' } }),
      );
      expect(reason).toBe('HOST_KEY_CHANGED');
      expect(message).toContain(before);
      expect(message).toContain(after);
      expect(message).toContain(`${known}:1`);
    });

    test('P25: a revoked key, and an authority', async () => {
      const [, key = ''] = readFileSync(sshd.knownHosts, 'utf8').split(' ssh-ed25519 ');
      const revoked = machine.path('revoked');
      writeFileSync(revoked, readFileSync(sshd.knownHosts));
      appendFileSync(revoked, `@revoked * ssh-ed25519 ${key}`);
      const authority = machine.path('authority');
      writeFileSync(
        authority,
        `@cert-authority *.1 ssh-ed25519 ${key}@cert-authority [127.0.0.1]:* ssh-ed25519 ${key}`,
      );
      const refusals = await Promise.all(
        [revoked, authority].map((file) =>
          refusalOf(client, targetAt(sshd, { options: { UserKnownHostsFile: file } })),
        ),
      );
      expect(refusals.map(({ reason }) => reason)).toEqual(['HOST_KEY_REVOKED', 'HOST_KEY_UNKNOWN']);
      expect(refusals[1]?.message).toContain('certificate authority');
    });

    test('P25: a key file that is not there is an error before any connection', async () => {
      const before = sshd.connections;
      const { reason, message } = await refusalOf(
        client,
        targetAt(sshd, { keyFilePath: '/no/such/key', options: { ServerAliveInterval: '8' } }),
      );
      expect([reason, message, sshd.connections]).toEqual([
        'KEY_FILE_UNUSABLE',
        expect.stringContaining('/no/such/key'),
        before,
      ]);
    });

    test('P25: a key that the server does not take', async () => {
      const path = machine.path('wrong-key');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
      const { reason, message } = await refusalOf(client, targetAt(sshd, { keyFilePath: path }));
      expect([reason, message]).toEqual([
        'AUTHENTICATION_FAILED',
        expect.stringContaining('it takes: publickey'),
      ]);
    });

    test('P25: a missing subsystem, with the line for sshd_config', async () => {
      await using plain = await Sshd.start();
      const { reason, message } = await refusalOf(client, targetAt(plain), { engine: 'powershell' });
      expect([reason, message]).toEqual([
        'SUBSYSTEM_NOT_FOUND',
        expect.stringContaining('Subsystem powershell'),
      ]);
    });

    test('P25: an interpreter that is not there', async () => {
      const { reason } = await refusalOf(client, targetAt(sshd, { command: '/no/such/bash' }));
      expect(['ENGINE_NOT_FOUND', 'ENGINE_START_FAILED']).toContain(reason);
    });

    test('an unknown ssh option is refused by its name', async () => {
      const { reason, message } = await refusalOf(client, targetAt(sshd, { options: { NoSuchOption: '1' } }));
      expect([reason, message]).toEqual(['INVALID_ARGUMENT', expect.stringContaining('nosuchoption')]);
    });
  });

  describeWith('users', 'passwords', () => {
    const user = `rs${String(process.pid)}`;
    const password = 'Pa55 wörd';
    let guarded: Sshd;
    let asking: Sshd;

    beforeAll(async () => {
      execFileSync('useradd', ['-m', '-s', '/bin/bash', user]);
      execFileSync('chpasswd', { input: `${user}:${password}\n` });
      guarded = await Sshd.start({ lines: ['PasswordAuthentication yes', 'PubkeyAuthentication no'] });
      asking = await Sshd.start({
        lines: ['UsePAM yes', 'KbdInteractiveAuthentication yes', 'PubkeyAuthentication no'],
      });
    }, 60_000);

    afterAll(async () => {
      await Promise.all([guarded[Symbol.asyncDispose](), asking[Symbol.asyncDispose]()]);
      spawnSync('userdel', ['-rf', user]);
    }, 60_000);

    const withUser = (at: Sshd, more: Partial<SshTarget> = {}): SshTarget => {
      const { keyFilePath, ...target } = targetAt(at, { host: `${user}@127.0.0.1`, ...more });
      expect(keyFilePath).toBe(at.key);
      return target;
    };

    test.each([
      ['password', () => guarded],
      ['keyboard-interactive', () => asking],
    ])(
      'P21 P25 P98: a password that came with the call is used, by %s, and is nowhere afterwards',
      async (_how, at) => {
        const session = await client.sessions.create({
          engine: 'bash',
          target: withUser(at()),
          credential: { password },
        });
        expect(await valuesOf(session, 'id -un')).toBe(user);
        expect(filesWith(password, machine.home)).toBe('');
        await session.remove();
      },
    );

    test.each([
      ['password', () => guarded],
      ['keyboard-interactive', () => asking],
    ])(
      'P25 P65 P98: a password is asked at the connected client, by %s, again where it was wrong',
      async (_how, at) => {
        const options = { ServerAliveInterval: '21' };
        const session = await client.sessions.create({
          engine: 'bash',
          target: withUser(at(), { options }),
          wait: false,
        });
        for (const answer of ['wrong', password]) {
          const call = await eventually('it asks', async () => {
            const { info } = await session.refresh();
            return info.pendingHostCalls[0] ?? new Unfulfilled(info.problem?.message ?? stateOf(info));
          });
          await session.respond({ callId: call.callId, value: secureString(answer) });
          await eventually('the answer is taken', async () => {
            const { info } = await session.refresh();
            return info.pendingHostCalls[0]?.callId !== call.callId || new Unfulfilled('it waits');
          });
        }
        await eventually('it is open', async () => {
          const { info } = await session.refresh();
          return stateOf(info) === 'disconnected' || new Unfulfilled(info.problem?.message ?? stateOf(info));
        });
        expect(await valuesOf(session, 'id -un')).toBe(user);
        await session.remove();
      },
    );

    test('P21 P98: where nobody is to be asked, the error comes at once and says that a password is needed', async () => {
      const { reason, message } = await refusalOf(client, withUser(guarded));
      expect([reason, message]).toEqual(['AUTHENTICATION_FAILED', expect.stringContaining('password')]);
    });

    test('P21: a wrong password is an error that names the host, and does not hold it', async () => {
      const { reason, message } = await refusalOf(client, withUser(guarded), {
        credential: { password: 'not this' },
      });
      expect([reason, message]).toEqual(['AUTHENTICATION_FAILED', expect.stringContaining('127.0.0.1')]);
      expect(message).not.toContain('not this');
    });
  });

  describe('what is configured', () => {
    test('P25: a Host of a configuration file, through a jump host', async () => {
      await using jump = await Sshd.start();
      const file = machine.path('ssh-config');
      writeFileSync(
        file,
        [
          'Host inner',
          '  HostName 127.0.0.1',
          `  Port ${String(sshd.port)}`,
          '  ProxyJump outer',
          'Host outer',
          '  HostName 127.0.0.1',
          `  Port ${String(jump.port)}`,
          `  IdentityFile ${jump.key}`,
          `Host *`,
          `  IdentityFile ${sshd.key}`,
          `  UserKnownHostsFile ${sshd.knownHosts} ${jump.knownHosts}`,
          '',
        ].join('\n'),
      );
      const target: SshTarget = { is: 'ssh', host: 'inner', configurationFile: file, direct: true };
      const session = await client.sessions.create({ engine: 'bash', target });
      expect([
        await valuesOf(session, 'echo "${SSH_CONNECTION% *}" | cut -d" " -f3'),
        jump.connections > 0,
      ]).toEqual(['127.0.0.1', true]);
      expect(session.info.target).toBe('inner');
      await session.remove();
    });

    test('P25: an agent holds the key', async () => {
      const socket = machine.path('agent');
      const out = execFileSync('ssh-agent', ['-a', socket], { encoding: 'utf8' });
      const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(out)?.[1]);
      try {
        execFileSync('ssh-add', ['-q', sshd.key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
        const { keyFilePath, ...target } = targetAt(sshd, { agentSocket: socket });
        expect(keyFilePath).toBe(sshd.key);
        const session = await client.sessions.create({ engine: 'bash', target });
        expect(await valuesOf(session, 'echo here')).toBe('here');
        await session.remove();
      } finally {
        process.kill(pid);
      }
    });

    test('P25 P65: the passphrase of an encrypted key is asked at the connected client, and nothing has it afterwards', async () => {
      const path = machine.path('locked-key');
      const passphrase = 'correct horse battery';
      execFileSync('cp', [sshd.key, path]);
      execFileSync('ssh-keygen', ['-q', '-p', '-N', passphrase, '-f', path]);
      const session = await client.sessions.create({
        engine: 'bash',
        target: targetAt(sshd, { keyFilePath: path }),
        wait: false,
      });
      const call = await eventually('it asks', async () => {
        const { info } = await session.refresh();
        return info.pendingHostCalls[0] ?? new Unfulfilled(stateOf(info));
      });
      await session.respond({ callId: call.callId, value: secureString(passphrase) });
      await eventually('it is open', async () => {
        const { info } = await session.refresh();
        return stateOf(info) === 'disconnected' || new Unfulfilled(info.problem?.message ?? stateOf(info));
      });
      expect(await valuesOf(session, 'echo here')).toBe('here');
      expect(filesWith(passphrase, machine.home)).toBe('');
      await session.remove();
    });
  });
});

/** Names of files in a folder that hold a text. */
function filesWith(text: string, folder: string): string {
  return spawnSync('grep', ['-rlaF', text, folder], { encoding: 'utf8' }).stdout.trim();
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
