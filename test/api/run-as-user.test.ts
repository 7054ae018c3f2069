import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { distFolder } from '../e2e/support/machine';
import { temporaryFolder } from '../support/temporary-folder';
import { serve, valuesOf } from './support/served';

const name = 'runspaced-test';
const isRoot = userInfo().uid === 0;
const made = isRoot && spawnSync('useradd', ['--create-home', '--shell', '/bin/bash', name]).status;
/** 9: it is there already, from a run that did not end. */
const canRun = made === 0 || made === 9;

/** Programs of this machine that every user may run. */
const programs = [
  ['bash', '/bin/bash'],
  ['python', '/usr/bin/python3'],
].filter(([, program = '']) => existsSync(program));

const describeAsRoot = canRun ? describe : describe.skip;

describeAsRoot('run as a user (needs root and useradd)', () => {
  const served = serve();

  afterAll(() => {
    spawnSync('userdel', ['--remove', name]);
  });

  async function session(more = '') {
    await served.client.configurations.register(
      `name: other-user\nengine: javascript\nengine_path: ${process.execPath}\nrun_as_user: ${name}\n${more}`,
    );
    return served.client.sessions.create({ configuration: 'other-user', workingDirectory: '/root' });
  }

  test('P40 the engine and what it starts run as that user, at home, with its variables and without other groups', async () => {
    const opened = await session();
    const [facts] = await valuesOf(
      opened,
      `({ uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), home: process.env.HOME,
          user: process.env.USER, logname: process.env.LOGNAME, cwd: process.cwd(),
          child: require('child_process').execFileSync('id', ['-un']).toString().trim() })`,
    );
    const uid = Number(spawnSync('id', ['-u', name], { encoding: 'utf8' }).stdout);
    const gid = Number(spawnSync('id', ['-g', name], { encoding: 'utf8' }).stdout);
    expect(facts).toEqual({
      uid,
      gid,
      groups: [gid],
      home: `/home/${name}`,
      user: name,
      logname: name,
      cwd: `/home/${name}`,
      child: name,
    });
  });

  test.each(programs)('P40 %s runs as that user too', async (engine, program) => {
    await served.client.configurations.register(
      `name: as-${engine}\nengine: ${engine}\nengine_path: ${program}\nrun_as_user: ${name}`,
    );
    const opened = await served.client.sessions.create({ configuration: `as-${engine}` });
    const script =
      engine === 'bash'
        ? 'id -un'
        : "__import__('subprocess').check_output(['id', '-un'], text=True).strip()";
    expect(await valuesOf(opened, script)).toEqual([name]);
  });

  test('P40 PowerShell runs as that user too, at its home', async () => {
    // Where the repository lies that user may not come.
    using folder = temporaryFolder();
    const host = join(folder.path, 'host');
    cpSync(join(distFolder, 'minimal-host'), host, { recursive: true, verbatimSymlinks: true });
    chmodSync(folder.path, 0o755);
    await served.client.configurations.register(
      `name: as-ps\nengine: powershell\nengine_path: ${join(host, 'minimal-host')}\nrun_as_user: ${name}`,
    );
    const opened = await served.client.sessions.create({ configuration: 'as-ps', workingDirectory: '/root' });
    const script = '/usr/bin/id -un; [Environment]::UserName; $HOME; "$PWD"; $env:USER';
    expect(await valuesOf(opened, script)).toEqual([name, name, `/home/${name}`, `/home/${name}`, name]);
    await opened.remove();
  }, 60_000);

  test('P40 it can neither read the state folder nor reach the sockets, nor become root again', async () => {
    const opened = await session();
    const [answers] = await valuesOf(
      opened,
      `const fs = require('fs');
       const tried = (what) => { try { what(); return 'could'; } catch (error) { return error.code; } };
       ({ state: tried(() => fs.readdirSync(${JSON.stringify(served.daemon.home)})),
          socket: tried(() => fs.accessSync(${JSON.stringify(served.daemon.socketPath)}, fs.constants.W_OK)),
          root: tried(() => process.setuid(0)) })`,
    );
    expect(answers).toEqual({ state: 'EACCES', socket: 'EACCES', root: 'EPERM' });
  });

  test('P40 its engine is stopped and ended like any other', async () => {
    const opened = await session();
    const running = await opened.start('for (;;) {}');
    await opened.stop({ pipeline: running.id });
    expect(await valuesOf(opened, '1 + 1')).toEqual([2]);
    const { enginePid } = (await opened.refresh()).info;
    await opened.remove();
    expect(spawnSync('kill', ['-0', String(enginePid)]).status).not.toBe(0);
  });

  test('P40 a user that is not there is refused', async () => {
    await expect(
      served.client.configurations.register('name: x\nengine: javascript\nrun_as_user: nobody-like-this'),
    ).rejects.toMatchObject({ reason: 'CONFIGURATION_INVALID' });
  });
});
