import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../clients/typescript';
import { systemClock } from '../../src/core/clock';
import { RunspaceError } from '../../src/core/error';
import { silentLog } from '../../src/core/log';
import { startDaemon, type RunningDaemon } from '../../src/daemon/daemon';
import { distFolder } from '../e2e/support/machine';
import { startInProcessDaemon } from '../support/in-process-daemon';
import { temporaryFolder } from '../support/temporary-folder';
import { valuesOf } from './support/served';

/** A daemon on this folder, with sockets in another one. */
function start(home: string, runtimeFolder: string): Promise<RunningDaemon> {
  return startDaemon({
    config: {
      home,
      powershell: 'minimal',
      logLevel: 'info',
      auditScripts: 'digest',
      configurationsFolder: `${home}-configurations`,
      preparedByDefault: 0,
      containerVariables: {},
      certificatesFolder: '/nonexistent',
      listener: undefined,
      metricsListener: undefined,
      jobLimits: { keptMs: 7 * 86_400_000, most: 1_000, mostBytes: 2 ** 30 },
    },
    environment: { ...process.env, XDG_RUNTIME_DIR: runtimeFolder },
    uid: userInfo().uid,
    clock: systemClock,
    log: silentLog,
    distFolder,
  });
}

/** A folder for a state folder and one for sockets. */
function places() {
  const folder = temporaryFolder();
  const runtime = join(folder.path, 'run');
  mkdirSync(runtime, { mode: 0o700 });
  return {
    home: join(folder.path, 'home'),
    runtime,
    [Symbol.dispose]: () => {
      folder[Symbol.dispose]();
    },
  };
}

async function refusal(starting: Promise<RunningDaemon>): Promise<RunspaceError> {
  try {
    await using daemon = await starting;
    throw new Error(`it started at ${daemon.socketPath}`);
  } catch (error) {
    if (error instanceof RunspaceError) return error;
    throw error;
  }
}

test.each<[what: string, prepare: (home: string) => void, says: RegExp]>([
  [
    'to which others have access',
    (home) => {
      mkdirSync(home, { mode: 0o755 });
      writeFileSync(join(home, 'daemon.log'), '');
    },
    /mode 0755.*chmod 700/,
  ],
  [
    'to which others may write',
    (home) => {
      mkdirSync(home);
      chmodSync(home, 0o777);
    },
    /mode 0777.*chmod 700/,
  ],
  [
    'that is a file',
    (home) => {
      writeFileSync(home, '');
    },
    /./,
  ],
  [
    'that holds something else',
    (home) => {
      mkdirSync(home, { mode: 0o700 });
      writeFileSync(join(home, 'thesis.tex'), '');
    },
    /thesis\.tex.*empty folder/,
  ],
  [
    'of a later version',
    (home) => {
      mkdirSync(home, { mode: 0o700 });
      writeFileSync(join(home, 'version.json'), '{"layout": 99}');
    },
    /layout 99.*that version of runspaced/,
  ],
  [
    'whose version is unreadable',
    (home) => {
      mkdirSync(home, { mode: 0o700 });
      writeFileSync(join(home, 'version.json'), '{"lay');
    },
    /version\.json.*repair/,
  ],
])(
  'a state folder %s is refused with STATE_FOLDER_UNUSABLE, which says what to do',
  async (_what, prepare, says) => {
    using here = places();
    prepare(here.home);
    const error = await refusal(start(here.home, here.runtime));
    expect(error.code).toBe('STATE_FOLDER_UNUSABLE');
    expect(error.message).toContain(here.home);
    expect(error.message).toMatch(says);
  },
);

const isRoot = userInfo().uid === 0;

test('a state folder of another user is refused', async () => {
  using here = places();
  mkdirSync(here.home, { mode: 0o700 });
  if (isRoot) chownSync(here.home, 12_345, 12_345);
  const error = await refusal(start(isRoot ? here.home : '/proc/1', here.runtime));
  expect(error.code).toBe('STATE_FOLDER_UNUSABLE');
});

test('a socket path that would be too long is refused with SOCKET_PATH_TOO_LONG', async () => {
  using here = places();
  const long = join(here.runtime, 'x'.repeat(90));
  mkdirSync(long, { mode: 0o700 });
  const error = await refusal(start(here.home, long));
  expect([error.code, error.facts['limit']]).toEqual(['SOCKET_PATH_TOO_LONG', '100']);
  expect(error.message).toMatch(/XDG_RUNTIME_DIR/);
});

test('a second daemon on one state folder is refused with STATE_FOLDER_LOCKED, and the first one goes on', async () => {
  await using daemon = await startInProcessDaemon(systemClock);
  const client = daemon.client('ann');
  const session = await client.sessions.create({ name: 'work', engine: 'javascript' });
  const error = await refusal(start(daemon.home, process.env['XDG_RUNTIME_DIR'] ?? ''));
  expect(error.code).toBe('STATE_FOLDER_LOCKED');
  expect(error.message).toMatch(/runspaced stop.*--home/);
  expect(await valuesOf(session, '1 + 1')).toEqual([2]);
});

test('the program says why it can not start, and exits with 1', () => {
  using here = places();
  writeFileSync(here.home, '');
  let failure: unknown;
  try {
    execFileSync(process.execPath, [join(distFolder, 'bin', 'runspaced'), '--home', here.home], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch (error) {
    failure = error;
  }
  expect(failure).toMatchObject({ status: 1, stdout: '' });
  expect(String((failure as { stderr?: string }).stderr)).toMatch(new RegExp(`^runspaced: .*${here.home}`));
});

test('what dead daemons left, a socket and the content of a lock, keeps no new one away', async () => {
  using here = places();
  const first = await start(here.home, here.runtime);
  const { socketPath } = first;
  await first[Symbol.asyncDispose]();
  writeFileSync(join(here.home, 'daemon.lock'), '999999 stale\n');
  const stale = createServer().listen(socketPath);
  await new Promise((resolve) => stale.once('listening', resolve));
  await new Promise((resolve) => stale.close(resolve));
  writeFileSync(socketPath, 'no socket at all');
  await using second = await start(here.home, here.runtime);
  using client = connect({ environment: {}, address: `unix://${second.socketPath}` });
  expect((await client.daemon.status()).sessionCount).toBe(0);
});

test('sessions whose files are damaged stop no other from coming back', async () => {
  using here = places();
  const first = await start(here.home, here.runtime);
  using client = connect({ environment: {}, address: `unix://${first.socketPath}` });
  const whole = await client.sessions.create({ name: 'whole', engine: 'javascript' });
  const damaged = await client.sessions.create({ name: 'damaged', engine: 'javascript' });
  const empty = await client.sessions.create({ name: 'empty', engine: 'javascript' });
  await valuesOf(whole, 'let kept = 42');
  await first[Symbol.asyncDispose]();
  const file = (id: string): string => join(here.home, 'sessions', id, 'session.json');
  writeFileSync(file(damaged.id), `{"id": "${damaged.id}", "number": tw`);
  writeFileSync(file(empty.id), '');
  await using second = await start(here.home, here.runtime);
  const names = (await client.sessions.list()).map(({ name }) => name);
  const kept = await valuesOf(whole, 'kept');
  await client.daemon.stop({ endSessions: true });
  await second.stopAsked;
  expect([names, kept]).toEqual([['whole'], [42]]);
});

test('nonsense in the folders of sessions, keepers and requests is passed over', async () => {
  using here = places();
  const first = await start(here.home, here.runtime);
  await first[Symbol.asyncDispose]();
  for (const folder of ['sessions', 'keepers']) {
    mkdirSync(join(here.home, folder, 'no-guid'));
    mkdirSync(join(here.home, folder, '11111111-1111-4111-8111-111111111111'));
    writeFileSync(join(here.home, folder, 'a-file'), 'x');
  }
  writeFileSync(join(here.home, 'sessions', 'no-guid', 'session.json'), '[1, 2');
  writeFileSync(join(here.home, 'keepers', 'no-guid', 'keeper.json'), '{}');
  for (const name of readdirSync(join(here.home, 'requests')))
    if (name.endsWith('.ndjson'))
      writeFileSync(join(here.home, 'requests', name), 'nonsense\n{"key": 1}\n\n{"tor');
  await using second = await start(here.home, here.runtime);
  using client = connect({ environment: {}, address: `unix://${second.socketPath}` });
  expect(await client.sessions.list()).toEqual([]);
});

test('a state folder that vanishes gives a typed error for new sessions', async () => {
  using here = places();
  const daemon = await start(here.home, here.runtime);
  using client = connect({ environment: {}, address: `unix://${daemon.socketPath}` });
  rmSync(join(here.home, 'sessions'), { recursive: true });
  writeFileSync(join(here.home, 'sessions'), '');
  await expect(client.sessions.create({ engine: 'javascript' })).rejects.toMatchObject({
    reason: 'STATE_FOLDER_UNUSABLE',
  });
  await daemon[Symbol.asyncDispose]();
  expect(readFileSync(join(here.home, 'sessions'), 'utf8')).toBe('');
});
