import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Shell } from '../cli/support/shell';
import { Fleet, type FarDaemon } from './support/fleet';
import { distFolder, type Machine } from './support/machine';
import { filesHolding, formsOf } from '../support/traces';

let fleet: Fleet;
let near: Machine;
let b: FarDaemon;
let c: FarDaemon;
let shell: Shell;

/** Only tokens let people in: nobody has a certificate but the daemons. */
beforeAll(async () => {
  fleet = await Fleet.start();
  const PATH = `${join(distFolder, 'bin')}:${process.env['PATH'] ?? ''}`;
  b = await fleet.daemon('127.0.0.17', { more: { PATH } });
  c = await fleet.daemon('127.0.0.18');
  near = await fleet.visitor('anna');
  shell = new Shell(near);
}, 60_000);

afterAll(async () => {
  for (const machine of [near, b, c, fleet]) await machine[Symbol.asyncDispose]();
}, 60_000);

/** One token that both daemons take, as the tokens of a fleet may be: its line of the file of tokens is copied. */
async function tokenOfBoth(): Promise<{ readonly token: string; readonly file: string }> {
  const { text } = await b.machine.client().access.createToken('anna');
  copyFileSync(join(b.machine.home, 'tokens.ndjson'), join(c.machine.home, 'tokens.ndjson'));
  const file = near.path('token');
  writeFileSync(file, `${text}\n`);
  return { token: text, file };
}

/** The second hop, by a script in a session at B: to C, with the daemon of B. */
function secondHop(): string {
  const place = `--home "${b.machine.home}" --computer-name 127.0.0.18 --port ${String(c.port)}`;
  return `XDG_RUNTIME_DIR="${b.machine.runtimeFolder}" runspace invoke ${place} --engine bash -- 'echo file found'`;
}

test('P96 the second hop needs a delegation, which is given only where it is asked for', async () => {
  const { token, file } = await tokenOfBoth();
  const there = [
    '--computer-name',
    '127.0.0.17',
    '--port',
    String(b.port),
    '--token-file',
    file,
    '--engine',
    'bash',
  ];
  const path = `PATH=${join(distFolder, 'bin')}:${process.env['PATH'] ?? ''}`;
  await shell.run('new', 'plain', ...there, '--env', path);
  const without = await shell.run('invoke', 'plain', '--exit-code', '--', secondHop());
  expect(without).toMatchObject({ stderr: expect.stringContaining('127.0.0.18') as never });
  expect([without.stdout, without.code === 0]).toEqual(['', false]);

  expect(await shell.run('new', 'trusted', ...there, '--env', path, '--authentication', 'Credssp')).toEqual({
    code: 0,
    stdout: 'trusted\n',
    stderr: '',
  });
  const within = await shell.run('invoke', 'trusted', '--exit-code', '--', secondHop());
  expect(within).toEqual({ code: 0, stdout: 'file found\n', stderr: '' });

  const socket = (
    await shell.run(
      'invoke',
      'trusted',
      '--',
      'echo "$RUNSPACED_DELEGATION"; stat -c %a "$RUNSPACED_DELEGATION"',
    )
  ).stdout;
  expect(socket).toMatch(/\.sock\n600\n$/);
  for (const machine of [near, b.machine]) expect(filesHolding(machine.home, formsOf(token))).toEqual([]);
  await shell.run('rm', 'trusted');
  const [gone = ''] = socket.split('\n');
  const left = await shell.run('invoke', 'plain', '--', `test -e "${gone}" && echo there || echo gone`);
  expect(left.stdout).toBe('gone\n');
}, 120_000);

test('P26 a loopback session may use its caller’s agent and token onward with EnableNetworkAccess, and not without', async () => {
  const { file } = await tokenOfBoth();
  const withAgent = new Shell(near, { SSH_AUTH_SOCK: '/agent/of/anna' });
  const script = 'echo "<$SSH_AUTH_SOCK>"; test -n "$RUNSPACED_DELEGATION" && echo delegated';
  const words = ['invoke', '--computer-name', 'localhost', '--engine', 'bash', '--token-file', file];
  const access = await withAgent.run(...words, '--enable-network-access', '--', script);
  const none = await withAgent.run(...words, '--', script);
  const delegated = await withAgent.run(...words, '--delegate-credential', '--', script);
  expect([access.stdout, none.stdout, delegated.stdout]).toEqual([
    '</agent/of/anna>\ndelegated\n',
    '<>\n',
    '<>\ndelegated\n',
  ]);
}, 60_000);

test('P26 such a session is nobody’s from elsewhere', async () => {
  const made = ['--computer-name', 'localhost', '--enable-network-access', '--engine', 'bash'];
  const machine = b.machine;
  const local = new Shell(machine);
  expect(await local.run('new', 'loop', ...made)).toMatchObject({ code: 0 });
  const from = new Shell(near, { RUNSPACED_ADDRESS: `grpcs://127.0.0.17:${String(b.port)}` });
  expect((await from.run('ls', '-o', 'name')).stdout).not.toContain('loop');
  expect(await from.run('invoke', 'loop', '--', 'true')).toMatchObject({ code: 5 });
  await local.run('rm', 'loop');
});

test('P96 what is no token can not be delegated', async () => {
  const plain = await shell.run(
    'invoke',
    '--computer-name',
    '127.0.0.17',
    '--port',
    String(b.port),
    '--delegate-credential',
    '--',
    '1',
  );
  expect(plain).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('only a token can be delegated') as never,
  });
});
