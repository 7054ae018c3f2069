import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describeWith } from '../support/requirements';
import { Sshd } from '../support/sshd';
import { Machine, type Ran } from '../e2e/support/machine';
import { onTerminal } from './support/on-terminal';

let machine: Machine;

beforeAll(async () => {
  machine = new Machine();
  await machine.startReadyDaemon();
});

afterAll(() => machine[Symbol.asyncDispose]());

const run = (...args: readonly string[]): Promise<Ran> => machine.run('runspace', args);
const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');

describe('sessions as targets', () => {
  beforeAll(async () => {
    for (const name of ['web1', 'web2', 'db1']) await run('new', name, '--engine', 'javascript');
    await run('invoke', '--session', 'web*', '--', 'var kept = 41');
  });

  test('P02 P17: a pattern means several sessions, and each text has its session in front', async () => {
    const { stdout, code } = await run('invoke', '--session', 'web*', '--', 'kept + 1');
    expect([linesOf(stdout).toSorted(), code]).toEqual([['web1: 42', 'web2: 42'], 0]);
  });

  test('P02 P17 P89: objects have PSComputerName as their first column; --hide-computer-name leaves it out', async () => {
    const script = '({ Id: 7, ProcessName: "p" })';
    const shown = await run('invoke', '--session', 'web1,web2', '--', script);
    const hidden = await run('invoke', '--session', 'web1,web2', '--hide-computer-name', '--', script);
    const rows = (text: string): readonly string[][] => linesOf(text).map((line) => line.trim().split(/\s+/));
    const [titles, , ...shownRows] = rows(shown.stdout);
    expect([titles, shownRows.toSorted()]).toEqual([
      ['PSComputerName', 'Id', 'ProcessName'],
      [
        ['web1', '7', 'p'],
        ['web2', '7', 'p'],
      ],
    ]);
    expect(rows(hidden.stdout).filter((_row, index) => index !== 1)).toEqual([
      ['Id', 'ProcessName'],
      ['7', 'p'],
      ['7', 'p'],
    ]);
  });

  test('P17: records have their target whatever is shown', async () => {
    const { stdout } = await run('invoke', '--session', 'web*', '--hcn', '-o', 'ndjson', '--', '1');
    const outputs = linesOf(stdout)
      .map((line) => JSON.parse(line) as { stream: string; PSComputerName: string; sessionName: string })
      .filter(({ stream }) => stream === 'output');
    expect(
      outputs.map(({ PSComputerName, sessionName }) => `${PSComputerName} ${sessionName}`).toSorted(),
    ).toEqual(['localhost web1', 'localhost web2']);
  });

  test('P64: one target that fails ends no other, and the exit code is 4', async () => {
    const script = 'if (globalThis.kept === undefined) throw new Error("not here"); kept';
    const { stdout, stderr, code } = await run('invoke', '--session', 'web1,db1', '--', script);
    expect([linesOf(stdout), code]).toEqual([['web1: 41'], 4]);
    expect(stderr).toContain('db1: ');
    expect(stderr).toContain('not here');
  });

  test('P02: a literal that is not there is told, and the others run', async () => {
    const { stdout, stderr, code } = await run('invoke', '--session', 'web1,nope', '--', 'kept');
    expect([stdout, stderr.includes('nope'), code]).toEqual(['web1: 41\n', true, 4]);
  });

  test('P02: a pattern that means nothing leaves no session, which is an error', async () => {
    const { stderr, code } = await run('invoke', '--session', 'nope*', '--', '1');
    expect([stderr, code]).toEqual([expect.stringContaining('no session is left'), 5]);
  });

  test('P63: what comes first is shown first, whatever stands first in the list', async () => {
    await run('invoke', 'web1', '--', 'globalThis.waits = 700; undefined');
    await run('invoke', 'web2', '--', 'globalThis.waits = 0; undefined');
    const script = 'await new Promise((done) => setTimeout(done, waits)); "done"';
    const { stdout } = await run('invoke', '--session', 'web1,web2', '--', script);
    expect(linesOf(stdout)).toEqual(['web2: done', 'web1: done']);
  });

  test('P16: at most so many run at a time, and 0 means the usual number', async () => {
    const log = machine.path('throttle.log');
    writeFileSync(log, '');
    const script = `const { appendFileSync } = require('fs'); appendFileSync(${JSON.stringify(log)}, '+'); await new Promise((done) => setTimeout(done, 150)); appendFileSync(${JSON.stringify(log)}, '-'); undefined`;
    const limited = await run('invoke', '--session', 'web1,web2,db1', '--throttle-limit', '1', '--', script);
    expect([limited.code, readFileSync(log, 'utf8')]).toEqual([0, '+-+-+-']);
    const usual = await run('invoke', '--session', 'web1', '--throttle-limit', '0', '--', '1');
    const negative = await run('invoke', '--session', 'web1', '--throttle-limit', '-1', '--', '1');
    expect([usual.code, negative.code]).toEqual([0, 2]);
  });
});

describe('gathered output', () => {
  const byName = 'const name = kept === 41 && globalThis.odd === undefined ? "usual" : "odd"; name';

  test('P115: the same output is shown once, with the names of all that wrote it, and --diff leaves out the usual', async () => {
    await run('new', 'web3', '--engine', 'javascript');
    await run('invoke', 'web3', '--', 'globalThis.kept = 41; globalThis.odd = true; undefined');
    const gathered = await run('invoke', '--session', 'web*', '--gather', '--', byName);
    const different = await run('invoke', '--session', 'web*', '--diff', '--', byName);
    expect([gathered.stdout, different.stdout, different.stderr]).toEqual([
      'web[1-2] (2):\nusual\nweb3 (1):\nodd\n',
      'web3 (1):\nodd\n',
      'runspace: as most: web[1-2] (2)\n',
    ]);
    await run('rm', 'web3');
  });
});

describe('what is refused before any connection', () => {
  test.each([
    [
      'P96',
      ['--session', 's', '--authentication', 'Credssp', '--credential', 'x'],
      'not valid together with --session',
    ],
    ['P03', ['--computer-name', 'https://b'], '--connection-uri'],
    ['P03', ['--computer-name', 'web*'], 'wildcard'],
    ['P03', ['--computer-name', 'a,,b'], 'blank'],
    ['P124', ['--computer-name', 'alice@b'], '--host-name'],
    ['P04', ['--connection-uri', 'grpc://b:1'], 'grpcs://'],
    ['P04', ['--connection-uri', 'b'], 'grpcs://'],
    ['P04', ['--connection-uri', 'grpcs://b:1/X', '--port', '5'], 'not valid together with'],
    [
      'P07',
      ['--ssh-connection', '[{"HostName":"a"},{"HostName":"b","Foo":1}]'],
      'element 2: there is no key "Foo"',
    ],
    ['P07', ['--ssh-connection', '{"Port":22}'], '"HostName" (or "ComputerName") is missing'],
    ['P07', ['--ssh-connection', '{"HostName":"a","computername":"b"}'], 'are the same'],
    ['P07', ['--ssh-connection', '{"HostName":"a","Port":70000}'], '1 to 65535'],
    ['P21', ['--computer-name', 'b', '--authentication', 'Basic'], 'Basic'],
    ['P21', ['--computer-name', 'b', '--authentication', 'Nonsense'], 'NegotiateWithImplicitCredential'],
    ['P23', ['--computer-name', 'b', '--port', '0'], '1 to 65535'],
    ['P25', ['--host-name', 'b', '--ssh-transport', 'false'], 'only true'],
    ['P121', ['--vm-name', 'x'], 'P09'],
  ])('%s: %j', async (_row, args, named) => {
    const { stderr, code } = await run('invoke', ...args, '--', '1');
    expect([stderr, code]).toEqual([expect.stringContaining(named), 2]);
  });
});

describeWith('sshd', 'hosts as targets', () => {
  let sshd: Sshd;
  let flags: readonly string[];

  beforeAll(async () => {
    sshd = await Sshd.start();
    flags = [
      '--key-file-path',
      sshd.key,
      '--options',
      `UserKnownHostsFile=${sshd.knownHosts}`,
      '--direct',
      '--engine',
      'bash',
    ];
  });

  afterAll(() => sshd[Symbol.asyncDispose]());

  test('P06 P25 P99: one host prints bare, and leaves no session', async () => {
    const { stdout, code } = await run(
      'invoke',
      '--host-name',
      '127.0.0.1',
      '--port',
      String(sshd.port),
      ...flags,
      '--',
      'id -un',
    );
    const listed = await run('ls', '-o', 'name');
    expect([stdout, code]).toEqual([`${userInfo().username}\n`, 0]);
    expect(linesOf(listed.stdout).filter((name) => name.startsWith('Runspace'))).toEqual([]);
  });

  test('P06 P64: an unreachable host is named, and the others run', async () => {
    const hosts = `127.0.0.1:${String(sshd.port)},127.0.0.1:1`;
    const { stdout, stderr, code } = await run('invoke', '--host-name', hosts, ...flags, '--', 'echo here');
    expect([stdout, code]).toEqual([`127.0.0.1:${String(sshd.port)}: here\n`, 4]);
    expect(stderr).toContain('127.0.0.1:1: CONNECTION_REFUSED');
  });

  test('P100 P07: a list of connections, each with its own user and key; no connection where one is wrong', async () => {
    await using other = await Sshd.start();
    const script = machine.path('Collect.sh');
    writeFileSync(script, 'id -un\n');
    const options = { UserKnownHostsFile: `${sshd.knownHosts} ${other.knownHosts}` };
    const connections = [
      {
        HostName: '127.0.0.1',
        Port: sshd.port,
        UserName: userInfo().username,
        KeyFilePath: sshd.key,
        Options: options,
      },
      {
        computername: `${userInfo().username}@127.0.0.1`,
        PORT: other.port,
        IdentityFilePath: other.key,
        Options: options,
      },
    ];
    const text = JSON.stringify(connections);
    const { stdout, stderr, code } = await run(
      'invoke',
      '--ssh-connection',
      text,
      '--engine',
      'bash',
      '--direct',
      '--file-path',
      script,
    );
    expect([linesOf(stdout).toSorted(), stderr, code]).toEqual([
      [sshd, other].map(({ port }) => `127.0.0.1:${String(port)}: ${userInfo().username}`).toSorted(),
      '',
      0,
    ]);
    const before = [sshd.connections, other.connections];
    const wrong = await run(
      'invoke',
      '--ssh-connection',
      text.replace('"IdentityFilePath"', '"Foo"'),
      '--file-path',
      script,
    );
    expect([wrong.code, wrong.stderr.includes('Foo'), [sshd.connections, other.connections]]).toEqual([
      2,
      true,
      before,
    ]);
  });

  test('P100 P15: the same as a job, received in the order of the targets', async () => {
    await using other = await Sshd.start();
    const options = { UserKnownHostsFile: `${sshd.knownHosts} ${other.knownHosts}` };
    const connections = [other, sshd].map(({ port, key }) => ({
      HostName: '127.0.0.1',
      Port: port,
      KeyFilePath: key,
      Options: options,
    }));
    const words = [
      '--ssh-connection',
      JSON.stringify(connections),
      '--engine',
      'bash',
      '--direct',
      '--as-job',
      '-o',
      'name',
    ];
    const started = await run('invoke', ...words, '--', 'id -un');
    const waited = await run('job', 'wait', started.stdout.trim());
    const received = await run('job', 'receive', started.stdout.trim());
    expect([waited.code, linesOf(received.stdout)]).toEqual([
      0,
      connections.map(({ Port }) => `127.0.0.1:${String(Port)}: ${userInfo().username}`),
    ]);
  });

  test('P98 P21: without a terminal a host that wants a password is an error at once, with exit code 1', async () => {
    await using guarded = await Sshd.start({
      lines: ['PasswordAuthentication yes', 'PubkeyAuthentication no'],
    });
    const known = `UserKnownHostsFile=${guarded.knownHosts}`;
    const { stderr, code } = await run(
      'invoke',
      '--host-name',
      `127.0.0.1:${String(guarded.port)}`,
      '--options',
      known,
      '--direct',
      '--engine',
      'bash',
      '--',
      'id',
    );
    expect([stderr, code]).toEqual([expect.stringMatching(/password/), 1]);
  });

  test('P47 P110: a kept session at a host, made, left, listed and used again', async () => {
    const made = await run('new', 'far', '--host-name', `127.0.0.1:${String(sshd.port)}`, ...flags);
    await run('invoke', 'far', '--', 'kept=40');
    const { stdout } = await run('invoke', 'far', '--', 'echo $((kept + 2))');
    const listed = await run('ls');
    const [here, elsewhere] = [
      await run('ls', '--host-name', 'x@127.0.0.1:1', '-o', 'name'),
      await run('ls', '--host-name', 'other', '-o', 'name'),
    ];
    expect([here.stdout, elsewhere.stdout]).toEqual(['far\n', '']);
    expect([made.stdout, stdout]).toEqual(['far\n', '42\n']);
    expect(listed.stdout).toMatch(/far\s+ssh\s+127\.0\.0\.1/);
    await run('rm', 'far');
  });

  test('P06: a pattern means the Hosts of ~/.ssh/config, and one that means none is refused', async () => {
    const folder = join(machine.environment['HOME'] ?? '', '.ssh');
    mkdirSync(folder, { recursive: true });
    const port = String(sshd.port);
    const file = join(folder, 'config');
    writeFileSync(
      file,
      `Host web1 web2\n  HostName 127.0.0.1\n  Port ${port}\nHost db1\n  HostName 127.0.0.1\nHost web-*\n  Port 1\n`,
    );
    const { sessions } = machine.client();
    const { stdout, stderr, code } = await run(
      'invoke',
      '--host-name',
      'web*',
      ...flags,
      '--options',
      'Port=1',
      '--',
      'echo here',
    );
    // The daemon reads the configuration of its own user, who has no such Hosts: that both were tried is what counts.
    expect([
      stdout,
      code,
      [...stderr.matchAll(/^runspace: (web\d)/gm)].map(([, name]) => name).toSorted(),
    ]).toEqual(['', 5, ['web1', 'web2']]);
    const none = await run('invoke', '--host-name', 'nope*', ...flags, '--', 'echo here');
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('nope*')]);
    expect(await sessions.list({ sessions: ['Runspace*'] })).toEqual([]);
  });

  test('P18 P34 P48 P97: started disconnected it prints sessions, and what it wrote is received later, by target', async () => {
    const host = `127.0.0.1:${String(sshd.port)}`;
    const script = 'for i in 1 2 3; do echo "inventory $i"; done';
    const options = 'OutputBufferingMode=Drop,IdleTimeout=43200000';
    const words = [
      'invoke',
      '--host-name',
      host,
      ...flags,
      '--session-option',
      options,
      '--in-disconnected-session',
    ];
    const started = await run(...words, '-o', 'json', '--', script);
    const [session] = JSON.parse(started.stdout) as {
      name: string;
      state: string;
      options: { idleTimeout: unknown };
    }[];
    expect([session?.state, started.stdout.includes('inventory 1'), started.code]).toEqual([
      'SESSION_STATE_DISCONNECTED',
      false,
      0,
    ]);
    const received = await run('receive', '--host-name', host);
    const again = await run('receive', '--host-name', host);
    expect([received.stdout, received.code, again.stdout, again.code]).toEqual([
      'inventory 1\ninventory 2\ninventory 3\n',
      0,
      '',
      0,
    ]);
    await run('rm', session?.name ?? '');
  });

  test('@FILE holds a list, one a line', async () => {
    const file = machine.path('hosts.txt');
    writeFileSync(file, `# the fleet\n127.0.0.1:${String(sshd.port)}\n\n127.0.0.1:1 # not there\n`);
    const { stdout, code } = await run('invoke', '--host-name', `@${file}`, ...flags, '--', 'echo here');
    expect([stdout, code]).toEqual([`127.0.0.1:${String(sshd.port)}: here\n`, 4]);
  });
});

describeWith('users', 'a host that wants a password', () => {
  const user = `rt${String(process.pid)}`;
  const password = 'Pa55 wörd';
  let sshd: Sshd;

  beforeAll(async () => {
    execFileSync('useradd', ['-m', '-s', '/bin/bash', user]);
    execFileSync('chpasswd', { input: `${user}:${password}\n` });
    sshd = await Sshd.start({ lines: ['PasswordAuthentication yes', 'PubkeyAuthentication no'] });
  }, 60_000);

  afterAll(async () => {
    await sshd[Symbol.asyncDispose]();
    spawnSync('userdel', ['-rf', user]);
  }, 60_000);

  test('P98 P21: it is asked at the terminal, masked, again where it was wrong', async () => {
    const host = `${user}@127.0.0.1:${String(sshd.port)}`;
    const words = [
      '--options',
      `UserKnownHostsFile=${sshd.knownHosts}`,
      '--direct',
      '--engine',
      'bash',
      '--',
      'id -un',
    ];
    const running = onTerminal(machine, 'invoke', '--host-name', host, ...words);
    await running.sees('password: ');
    running.child.stdin?.write('wrong\r');
    await running.sees('password: ');
    running.child.stdin?.write(`${password}\r`);
    const { code, stdout } = await running.ended;
    expect([code, stdout.includes(password), stdout.trimEnd().endsWith(user)]).toEqual([0, false, true]);
  });
});
