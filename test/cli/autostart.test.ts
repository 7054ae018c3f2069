import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Machine } from '../e2e/support/machine';
import { Shell } from './support/shell';

const starting = { RUNSPACED_AUTOSTART: '1' };

test('P41 the first command starts the daemon, and a later one starts it again after a kill: the session is there', async () => {
  await using machine = new Machine();
  const shell = new Shell(machine, starting);
  expect(await shell.run('new', 'work', '--engine', 'javascript')).toEqual({
    code: 0,
    stdout: 'work\n',
    stderr: '',
  });
  await shell.run('invoke', 'work', '--', 'var p = 40; undefined');
  const [daemon] = machine.processes('daemon');
  process.kill(daemon?.pid ?? 0, 'SIGKILL');
  await machine.untilProcesses('daemon', 0);
  expect(await shell.run('invoke', 'work', '--', 'p + 2')).toEqual({ code: 0, stdout: '42\n', stderr: '' });
}, 60_000);

test('of many first commands at once each gets its answer, from one daemon', async () => {
  await using machine = new Machine();
  const shell = new Shell(machine, starting);
  const all = await Promise.all(Array.from({ length: 4 }, () => shell.run('ls', '-o', 'name')));
  expect(all).toEqual(all.map(() => ({ code: 0, stdout: '', stderr: '' })));
  await machine.untilProcesses('daemon', 1);
}, 60_000);

test("the daemon gets a clean environment, and its log is its owner's only", async () => {
  await using machine = new Machine();
  const shell = new Shell(machine, { ...starting, SHELL_OF_THE_FIRST: 'secret', RUNSPACED_CLIENT_ID: 'me' });
  await shell.run('ls');
  const [daemon] = machine.processes('daemon');
  const environment = readFileSync(`/proc/${String(daemon?.pid)}/environ`, 'utf8');
  expect(environment).not.toMatch(/SHELL_OF_THE_FIRST|RUNSPACED_CLIENT_ID/);
  expect(environment).toContain(`RUNSPACED_HOME=${machine.home}`);
  expect(statSync(join(machine.home, 'daemon.log')).mode & 0o777).toBe(0o600);
}, 60_000);

test.each([
  ['RUNSPACED_AUTOSTART=0', { RUNSPACED_AUTOSTART: '0' }, []],
  ['an address in the environment', { ...starting, RUNSPACED_ADDRESS: 'unix:///nowhere' }, []],
  ['an address on the command line', starting, ['--address', 'unix:///nowhere']],
])('%s starts nothing', async (_what, environment, flags) => {
  await using machine = new Machine();
  expect(await new Shell(machine, environment).run('ls', ...flags)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('no daemon listens'),
  });
  expect([machine.processes('daemon'), existsSync(machine.home)]).toEqual([[], false]);
});

test('a daemon that ends at once is reported with its log', async () => {
  await using machine = new Machine();
  const shell = new Shell(machine, { ...starting, RUNSPACED_HOME: '/proc/nowhere' });
  expect(await shell.run('ls')).toMatchObject({
    code: expect.any(Number),
    stdout: '',
    stderr: expect.stringContaining('/proc/nowhere'),
  });
}, 60_000);

test('whoever stops the daemon on purpose is not given a new one by a client that was reading', async () => {
  await using machine = new Machine();
  const shell = new Shell(machine, starting);
  await shell.run('new', 'work', '--engine', 'javascript');
  const running = shell.start(
    'invoke',
    'work',
    '--',
    'console.log("begun"); await new Promise(() => setInterval(() => undefined, 1000))',
  );
  await running.sees('begun');
  await machine.run('runspaced', ['stop']);
  await machine.untilProcesses('daemon', 0);
  running.child.kill('SIGTERM');
  expect(await running.ended).toMatchObject({
    code: 130,
    stderr: expect.stringContaining('runspace receive work --after 1'),
  });
  expect(machine.processes('daemon')).toEqual([]);
}, 60_000);

test('the configuration file says where the daemon is, flags and environment win', async () => {
  await using machine = new Machine();
  const config = join(machine.runtimeFolder, 'runspaced');
  const { mkdirSync, writeFileSync } = await import('node:fs');
  mkdirSync(config);
  writeFileSync(
    join(config, 'config.yaml'),
    'address: unix:///from/the/file\noutput: json\nsession-option:\n  IdleTimeout: 3h\n',
  );
  const fromFile = new Shell(machine, { XDG_CONFIG_HOME: machine.runtimeFolder, RUNSPACED_HOME: '' });
  expect((await fromFile.run('ls')).stderr).toMatch(/"address":"unix:\/\/\/from\/the\/file"/);
  expect((await fromFile.run('ls', '-o', 'table', '--address', 'unix:///from/a/flag')).stderr).toMatch(
    /unix:\/\/\/from\/a\/flag/,
  );
  writeFileSync(join(config, 'config.yaml'), 'adress: x\n');
  expect(await fromFile.run('ls')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("there is no key 'adress'"),
  });
});
