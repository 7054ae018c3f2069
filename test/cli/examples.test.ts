import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Machine, type Ran } from '../e2e/support/machine';
import { describeWith } from '../support/requirements';
import { onTerminal } from './support/on-terminal';
import { Shell } from './support/shell';

/*
 * The examples of Invoke-Command's reference page, as command lines: daemon A is this machine's, daemon B another one
 * whose certificate has the addresses of the "servers".
 */

let office: Machine;
let a: Machine;
let b: Machine;
let port: string;
let password: string;

const servers = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
const fleet = [...servers, ...Array.from({ length: 197 }, (_, index) => `127.0.1.${String(index + 1)}`)];

async function must(ran: Promise<Ran>): Promise<Ran> {
  const result = await ran;
  if (result.code !== 0) throw new Error(`${String(result.code)}: ${result.stderr}`);
  return result;
}

const run = (...words: readonly string[]): Promise<Ran> => a.run('runspace', words);
/** `runspace COMMAND --port P --computer-name NAMES …`. */
const on = (names: string, command: string, ...words: readonly string[]): Promise<Ran> =>
  run(command, '--port', port, '--computer-name', names, ...words);
const linesOf = ({ stdout }: Ran): readonly string[] => stdout.split('\n').filter((line) => line !== '');
const sorted = (ran: Ran): readonly string[] => linesOf(ran).toSorted();

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '0.0.0.0');
  await once(server, 'listening');
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return free;
}

describeWith('powershell', 'the reference page', () => {
  beforeAll(async () => {
    office = new Machine();
    const pki = (...args: readonly string[]) => must(office.run('runspaced', ['pki', ...args]));
    await pki('init');
    await pki('client', 'anna', '--out', office.path('anna'));
    await pki('server', ...fleet, '--out', office.path('b'));
    port = String(await freePort());
    b = new Machine({
      more: {
        RUNSPACED_LISTEN: `0.0.0.0:${port}`,
        RUNSPACED_LISTEN_AS_ROOT: 'yes',
        RUNSPACED_CERTIFICATES: office.path('b'),
      },
    });
    a = new Machine({ more: { RUNSPACED_CERTIFICATES: office.path('anna') } });
    await Promise.all([a.startReadyDaemon(), b.startReadyDaemon()]);
    password = (await must(b.run('runspaced', ['token', 'new', '--user', 'user01']))).stdout.trim();
  }, 60_000);

  afterAll(async () => {
    for (const machine of [a, b, office]) await machine[Symbol.asyncDispose]();
  }, 60_000);

  test('P80: a script file runs on a server', async () => {
    const file = a.path('test.ps1');
    writeFileSync(file, '"path=[$PSCommandPath] sum=$(20+22)"');
    const { stdout, code } = await on('127.0.0.2', 'invoke', '--file-path', file);
    expect([stdout, code]).toEqual(['path=[] sum=42\n', 0]);
  });

  test('P81: one command on one server as another user, whose password is asked, and is nowhere afterwards', async () => {
    const words = ['invoke', '--port', port, '--computer-name', '127.0.0.2', '--credential', 'user01'];
    const script = "[cultureinfo]::new('ja-JP').Name";
    const running = onTerminal(a, ...words, '--', script);
    await running.sees('Password for user user01: ');
    running.child.stdin?.write(`${password}\r`);
    await running.sees('ja-JP');
    const { code, stdout } = await running.ended;
    expect([code, stdout.includes(password)]).toEqual([0, false]);
    const wrong = onTerminal(a, ...words, '--', script);
    await wrong.sees('Password for user user01: ');
    wrong.child.stdin?.write('guess\r');
    const refused = await wrong.ended;
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('127.0.0.2')]);
    for (const { home } of [a, b])
      expect(
        execFileSync('sh', ['-c', `grep -rlaF '${password}' '${home}' || true`], { encoding: 'utf8' }),
      ).toBe('');
  });

  test('P82: a kept session made with a credential asks no second time', async () => {
    const file = a.path('password');
    writeFileSync(file, `${password}\n`, { mode: 0o600 });
    const made = await on('127.0.0.2', 'new', 's82', '--credential', 'user01', '--password-file', file);
    const script = "[cultureinfo]::new('ja-JP').Name; [Environment]::ProcessId";
    const [first, second] = [
      await run('invoke', 's82', '--', script),
      await run('invoke', 's82', '--', script),
    ];
    expect([made.stdout, linesOf(first)[0], first.stdout === second.stdout]).toEqual([
      's82\n',
      'ja-JP',
      true,
    ]);
    await run('rm', 's82');
  });

  test('P83: a variable is lost between one-off commands, and kept in a session', async () => {
    const outputs: string[] = [];
    for (const script of ['$p = 17930240', '$p'])
      outputs.push((await on('127.0.0.2', 'invoke', '--', script)).stdout);
    outputs.push((await on('127.0.0.2', 'new', 's83')).stdout);
    for (const script of ['$p = 17930240', '$p'])
      outputs.push((await run('invoke', 's83', '--', script)).stdout);
    expect(outputs).toEqual(['', '', 's83\n', '', '17930240\n']);
    await run('rm', 's83');
  });

  test('P84 P17: a command on two computers, each line with its computer', async () => {
    const command = "'certificate a','other','certificate b' | Where-Object { $_ -like '*certificate*' }";
    const ran = await on('127.0.0.2,127.0.0.3', 'invoke', '--', command);
    const from = (host: string): readonly string[] => linesOf(ran).filter((line) => line.startsWith(host));
    expect([from('127.0.0.2'), from('127.0.0.3'), linesOf(ran).length]).toEqual([
      ['127.0.0.2: certificate a', '127.0.0.2: certificate b'],
      ['127.0.0.3: certificate a', '127.0.0.3: certificate b'],
      4,
    ]);
  });

  test('P85 P19 P64: four computers, one configuration; where it is missing is told', async () => {
    const file = a.path('mine.yaml');
    writeFileSync(file, 'name: MySession.PowerShell\nengine: powershell\nenvironment:\n  CONF: mine\n');
    for (const machine of [a, b]) await must(machine.run('runspace', ['configuration', 'register', file]));
    const script = '[Environment]::GetEnvironmentVariable("CONF")';
    const words = ['--configuration-name', 'MySession.PowerShell', '--', script];
    const names = [...servers, 'localhost'];
    const all = await on(names.join(','), 'invoke', ...words);
    expect([sorted(all), all.code]).toEqual([names.map((name) => `${name}: mine`), 0]);
    await must(run('configuration', 'unregister', 'MySession.PowerShell'));
    const some = await on(names.join(','), 'invoke', ...words);
    expect([sorted(some), some.code]).toEqual([servers.map((name) => `${name}: mine`), 4]);
    expect(some.stderr).toContain('localhost');
  }, 60_000);

  test('P97 P18: started disconnected on 100 hosts, and received later by target, each once', async () => {
    const hosts = fleet.slice(0, 100);
    const file = a.path('inventory.js');
    writeFileSync(file, '"inventory " + 6 * 7');
    const options = 'OutputBufferingMode=Drop,IdleTimeout=43200000';
    const words = ['--engine', 'javascript', '--file-path', file, '--in-disconnected-session'];
    const started = await on(hosts.join(','), 'invoke', ...words, '--session-option', options, '-o', 'json');
    const sessions = JSON.parse(started.stdout) as {
      target: string;
      state: string;
      availability: string;
      options: { idleTimeout: string };
    }[];
    const shown = sessions.map(({ target, state, availability, options: { idleTimeout } }) =>
      [target, state, availability, idleTimeout].join(' '),
    );
    const expected = hosts.map((host) => `${host} SESSION_STATE_DISCONNECTED AVAILABILITY_NONE 43200s`);
    expect([shown.toSorted(), started.code, started.stdout.includes('inventory 42')]).toEqual([
      expected.toSorted(),
      0,
      false,
    ]);
    const received = await run('receive', '--computer-name', hosts.join(','));
    expect([sorted(received), received.code]).toEqual([
      hosts.map((host) => `${host}: inventory 42`).toSorted(),
      0,
    ]);
    await must(run('rm', 'Runspace*'));
  }, 240_000);

  test('P86 P16: computers from a file into JSON, each with its name', async () => {
    const file = a.path('Machines.txt');
    writeFileSync(file, `${fleet.join('\n')}\n`);
    const words = [
      '--engine',
      'javascript',
      '--throttle-limit',
      '8',
      '-o',
      'ndjson',
      '--',
      'process.version',
    ];
    const ran = await on(`@${file}`, 'invoke', ...words);
    const outputs = linesOf(ran)
      .map((line) => JSON.parse(line) as { stream: string; PSComputerName: string; value: unknown })
      .filter(({ stream }) => stream === 'output');
    const values = new Set(outputs.map(({ value }) => JSON.stringify(value)));
    expect([outputs.map(({ PSComputerName }) => PSComputerName).toSorted(), values.size, ran.code]).toEqual([
      fleet.toSorted(),
      1,
      0,
    ]);
  }, 300_000);

  test('P88: a local variable by $Using:, and none of it is run without its value', async () => {
    const script = '"log=$Using:Log len=$($Using:Log.Length)"';
    const given = await on('127.0.0.2', 'invoke', '--using', 'Log=PowerShellCore/Operational', '--', script);
    const missing = await on('127.0.0.2', 'invoke', '--', script);
    expect([given.stdout, missing.stdout, missing.stderr]).toEqual([
      'log=PowerShellCore/Operational len=26\n',
      '',
      expect.stringContaining('Log'),
    ]);
  });

  test('P89 P17: the computer name is hidden from the view, not from the records', async () => {
    const words = ['--', '[pscustomobject]@{Id=7;ProcessName="p"}'];
    const names = '127.0.0.2,127.0.0.3';
    const cells = (ran: Ran): readonly string[] =>
      linesOf(ran).map((line) => line.trim().replaceAll(/\s+/g, ' '));
    const shown = cells(await on(names, 'invoke', ...words));
    const hidden = cells(await on(names, 'invoke', '--hide-computer-name', ...words));
    const json = await on(names, 'invoke', '--hide-computer-name', '-o', 'json', ...words);
    expect([shown[0], shown.slice(2).toSorted(), hidden[0], hidden.slice(2)]).toEqual([
      'PSComputerName Id ProcessName',
      ['127.0.0.2 7 p', '127.0.0.3 7 p'],
      'Id ProcessName',
      ['7 p', '7 p'],
    ]);
    for (const name of names.split(',')) expect(json.stdout).toContain(`"PSComputerName":"${name}"`);
  });

  test('P90: values for param()', async () => {
    const folder = a.path('pdf');
    mkdirSync(folder);
    for (const name of ['aa.pdf', 'ab.pdf', 'ac.pdf', 'az.pdf', 'b.pdf', 'a.txt'])
      writeFileSync(join(folder, name), '');
    const script =
      'param($param1,$param2) [IO.Directory]::GetFiles($env:D,$param1) | ForEach-Object {[IO.Path]::GetFileName($_)} | Where-Object {$_ -like $param2}';
    const words = ['--env', `D=${folder}`, '--arg', 'a*', '--arg', '*.pdf', '--', script];
    expect(sorted(await on('127.0.0.2', 'invoke', ...words))).toEqual([
      'aa.pdf',
      'ab.pdf',
      'ac.pdf',
      'az.pdf',
    ]);
  });

  test('P91: values for $args', async () => {
    const folder = a.path('logs');
    mkdirSync(folder);
    for (const [name, size] of [
      ['alog.txt', 128],
      ['blog.txt', 256],
      ['zlog.txt', 64],
      ['x.pdf', 1],
    ] as const)
      writeFileSync(join(folder, name), Buffer.alloc(size));
    const script =
      'foreach($f in [IO.DirectoryInfo]::new($args[0]).GetFiles($args[1])){"$($f.Length) $($f.Name)"}';
    const ran = await on('127.0.0.2', 'invoke', '--arg', folder, '--arg', '*.txt*', '--', script);
    expect(sorted(ran)).toEqual(['128 alog.txt', '256 blog.txt', '64 zlog.txt']);
  });

  test('P92: a script with arguments on all hosts of a file', async () => {
    writeFileSync(a.path('Servers.txt'), `${servers.join('\n')}\n`);
    writeFileSync(a.path('Sample.ps1'), 'param($a,$b) "$a-$b"');
    const words = ['--file-path', a.path('Sample.ps1'), '--arg', 'Process', '--arg', 'Service'];
    const ran = await on(`@${a.path('Servers.txt')}`, 'invoke', ...words);
    expect(sorted(ran)).toEqual(servers.map((name) => `${name}: Process-Service`));
  });

  test('P93 P04: by URI, with a credential and a configuration; Basic is not for daemons', async () => {
    await must(b.run('runspace', ['configuration', 'register', exchange()]));
    const file = a.path('token');
    writeFileSync(file, password, { mode: 0o600 });
    const words = (uri: string, authentication: string): readonly string[] => [
      ...[
        'invoke',
        '--connection-uri',
        `grpcs://127.0.0.2:${port}${uri}`,
        '--configuration-name',
        'Microsoft.Exchange',
      ],
      ...[
        '--credential',
        'user01',
        '--password-file',
        file,
        '--authentication',
        authentication,
        '--',
        '"Dan Park"',
      ],
    ];
    const basic = await run(...words('/PowerShell', 'Basic'));
    const well = await run(...words('/PowerShell', 'Default'));
    const wrong = await run(...words('/Nope', 'Default'));
    expect([basic.code, basic.stderr, well.stdout, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/Basic.*grpcs/),
      'Dan Park\n',
      expect.stringContaining('/PowerShell'),
    ]);
  });

  test('P94 P54 P20: session options switch off checks of the certificate, each with its warning', async () => {
    await must(office.run('runspaced', ['pki', 'init', '--folder', office.path('strangers')]));
    await must(
      office.run('runspaced', [
        'pki',
        'server',
        'other.example',
        '--folder',
        office.path('strangers'),
        '--out',
        office.path('c'),
      ]),
    );
    cpSync(office.path('anna/ca.crt'), office.path('c/ca.crt'));
    cpSync(office.path('anna/crl.pem'), office.path('c/crl.pem'));
    const own = String(await freePort());
    await using c = new Machine({
      more: {
        RUNSPACED_LISTEN: `127.0.0.5:${own}`,
        RUNSPACED_LISTEN_AS_ROOT: 'yes',
        RUNSPACED_CERTIFICATES: office.path('c'),
      },
    });
    await c.startReadyDaemon();
    const words = (option: string): readonly string[] => [
      ...['invoke', '--use-ssl', '--port', own, '--computer-name', '127.0.0.5', '--engine', 'javascript'],
      ...['--session-option', option, '--', '"hotfix"'],
    ];
    const all = await run(...words('SkipCACheck,SkipCNCheck,SkipRevocationCheck'));
    const withoutName = await run(...words('SkipCACheck,SkipRevocationCheck'));
    const withoutAuthority = await run(...words('SkipCNCheck,SkipRevocationCheck'));
    expect([all.stdout, withoutName.code, withoutAuthority.code]).toEqual(['hotfix\n', 1, 1]);
    for (const name of ['SkipCACheck', 'SkipCNCheck', 'SkipRevocationCheck'])
      expect(all.stderr).toContain(name);
    expect([withoutName.stderr, withoutAuthority.stderr]).toEqual([
      expect.stringContaining('SkipCNCheck'),
      expect.stringContaining('SkipCACheck'),
    ]);
  });

  test('P26: network access is nothing that another daemon can be given, which is told, and the command runs', async () => {
    const ran = await on('127.0.0.2', 'invoke', '--enable-network-access', '--', '"here"');
    expect([ran.stdout, ran.stderr, ran.code]).toEqual([
      'here\n',
      expect.stringContaining('EnableNetworkAccess'),
      0,
    ]);
  });

  test('P120 P23: the application name of the client is asked for where none is given, and a given one wins', async () => {
    const words = ['invoke', '--port', port, '--computer-name', '127.0.0.2', '--engine', 'javascript'];
    const shell = new Shell(a, { RUNSPACED_APPLICATION_NAME: 'Nope' });
    const refused = await shell.run(...words, '--', '1');
    const well = await shell.run(...words, '--application-name', 'PowerShell', '--', '1');
    expect([refused.code === 0, refused.stderr, well.stdout]).toEqual([
      false,
      expect.stringContaining('/PowerShell'),
      '1\n',
    ]);
  });

  test('P96: the mix of the example is refused', async () => {
    const mixed = await run(
      'invoke',
      '--session',
      's',
      '--authentication',
      'Credssp',
      '--credential',
      'x',
      '--',
      '1',
    );
    expect([mixed.code, mixed.stderr]).toEqual([
      2,
      expect.stringContaining('not valid together with --session'),
    ]);
  });

  function exchange(): string {
    const file = b.path('exchange.yaml');
    writeFileSync(file, 'name: Microsoft.Exchange\nengine: powershell\n');
    return file;
  }
});
