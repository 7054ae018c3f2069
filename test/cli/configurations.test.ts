import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Machine } from '../e2e/support/machine';
import { Shell } from './support/shell';

let machine: Machine;
let shell: Shell;
let file: string;

beforeAll(async () => {
  machine = new Machine();
  await machine.startReadyDaemon();
  shell = new Shell(machine);
  file = join(machine.runtimeFolder, 'ops.yaml');
  writeFileSync(
    file,
    'name: ops\nengine: javascript\nstartup_script: var from = "ops"\nlimits: { maximum_idle_timeout: 1h }\n',
  );
}, 60_000);

afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

test('P40 a configuration is validated, registered, listed, shown, used and unregistered', async () => {
  expect(await shell.run('configuration', 'validate', file)).toMatchObject({ code: 0, stdout: 'ops\n' });
  expect((await shell.run('config', 'list', '-o', 'name')).stdout).not.toContain('ops');
  expect(await shell.run('configuration', 'register', file)).toMatchObject({ code: 0, stdout: 'ops\n' });
  expect((await shell.run('configuration', 'list', 'o*')).stdout).toMatch(/^ops +javascript +Api +1 /m);
  const shown = await shell.run('configuration', 'show', 'OPS', '-o', 'json');
  expect(JSON.parse(shown.stdout)).toMatchObject({ name: 'ops', limits: { maximumIdleTimeout: '3600s' } });
  await shell.run('new', 'of-ops', '--configuration-name', 'ops');
  expect((await shell.run('invoke', 'of-ops', '--', 'from')).stdout).toBe('ops\n');
  expect((await shell.run('show', 'of-ops')).stdout).toMatch(/configuration +: ops/);
  expect(await shell.run('configuration', 'unregister', 'ops')).toMatchObject({ code: 0 });
  expect(await shell.run('new', 'x', '--configuration', 'ops')).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('no configuration "ops" on localhost') as never,
  });
});

test('P58 P120 what is said on the line wins over the environment, that over the configuration file', async () => {
  await shell.runWith('name: one\nengine: javascript', 'configuration', 'register', '-');
  await shell.runWith('name: two\nengine: javascript', 'configuration', 'register', '-');
  await shell.runWith('name: three\nengine: javascript', 'configuration', 'register', '-');
  const folder = join(
    machine.environment['XDG_CONFIG_HOME'] ?? join(machine.environment['HOME'] ?? '', '.config'),
    'runspaced',
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.yaml'), 'configuration-name: one\n');
  const inEnvironment = new Shell(machine, { RUNSPACED_CONFIGURATION_NAME: 'two' });
  const opened = async (from: Shell, name: string, ...flags: readonly string[]): Promise<unknown> => {
    await from.run('new', name, ...flags);
    return Reflect.get(
      Object(JSON.parse((await from.run('show', name, '-o', 'json')).stdout)),
      'configuration',
    );
  };
  expect(await opened(shell, 'by-file')).toBe('one');
  expect(await opened(inEnvironment, 'by-environment')).toBe('two');
  expect(await opened(inEnvironment, 'by-flag', '--configuration-name', 'three')).toBe('three');
  expect(await opened(inEnvironment, 'by-engine', '--engine', 'javascript')).toBe('');
});

test('P40 a file that is wrong is refused, which names the field', async () => {
  const ran = await shell.runWith(
    'name: w\nengine: javascript\nlanguage_mood: none',
    'configuration',
    'validate',
    '-',
  );
  expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('language_mood') as never });
  expect(await shell.run('configuration', 'register', '/no/such/file')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no such file') as never,
  });
  expect(await shell.run('configuration', 'destroy', 'x')).toMatchObject({ code: 2 });
});
