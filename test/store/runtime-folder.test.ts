import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { asKeeperId } from '../../src/core/ids';
import { daemonSocketPath, keeperSocketPath, openRuntimeFolder } from '../../src/store/runtime-folder';
import { TempFolder, uid } from './support';

const keeper = asKeeperId('00000000-0000-4000-8000-000000000001');

test('XDG_RUNTIME_DIR is used if it is this user’s alone', () => {
  using folder = new TempFolder();
  const environment = { XDG_RUNTIME_DIR: folder.path };
  expect(openRuntimeFolder({ environment, uid, temporaryFolder: '/nowhere' })).toBe(folder.path);
});

test.each(['relative', '', '/nowhere/at/all', undefined])(
  'with XDG_RUNTIME_DIR %j a folder in the temp folder is made',
  (given) => {
    using folder = new TempFolder();
    const environment = { XDG_RUNTIME_DIR: given };
    const path = openRuntimeFolder({ environment, uid, temporaryFolder: folder.path });
    expect(path).toBe(folder.in(`runspaced-${uid}`));
    expect(statSync(path).mode & 0o777).toBe(0o700);
  },
);

test('an XDG_RUNTIME_DIR that others can enter, or that is a link, is passed over', () => {
  using folder = new TempFolder();
  mkdirSync(folder.in('open'));
  chmodSync(folder.in('open'), 0o755);
  mkdirSync(folder.in('own'), { mode: 0o700 });
  symlinkSync(folder.in('own'), folder.in('link'));
  const paths = ['open', 'link'].map((name) =>
    openRuntimeFolder({
      environment: { XDG_RUNTIME_DIR: folder.in(name) },
      uid,
      temporaryFolder: folder.path,
    }),
  );
  expect(new Set(paths)).toEqual(new Set([folder.in(`runspaced-${uid}`)]));
});

test('a runtime folder that is a symbolic link is refused, even to a folder of ours', () => {
  using folder = new TempFolder();
  mkdirSync(folder.in('own'), { mode: 0o700 });
  symlinkSync(folder.in('own'), folder.in(`runspaced-${uid}`));
  expect(() => openRuntimeFolder({ environment: {}, uid, temporaryFolder: folder.path })).toThrow(
    expect.objectContaining({
      code: 'STATE_FOLDER_UNUSABLE',
      message: expect.stringContaining('symbolic link'),
    }),
  );
});

test('a runtime folder that is open to others, or not ours, is refused', () => {
  using folder = new TempFolder();
  const refused = expect.objectContaining({ code: 'STATE_FOLDER_UNUSABLE' });
  mkdirSync(folder.in(`runspaced-${uid}`));
  chmodSync(folder.in(`runspaced-${uid}`), 0o777);
  expect(() => openRuntimeFolder({ environment: {}, uid, temporaryFolder: folder.path })).toThrow(refused);
  mkdirSync(folder.in(`runspaced-${uid + 1}`), { mode: 0o700 });
  expect(() => openRuntimeFolder({ environment: {}, uid: uid + 1, temporaryFolder: folder.path })).toThrow(
    refused,
  );
});

test('the daemon’s socket is named for the state folder’s real path, whichever way it is written', () => {
  using folder = new TempFolder();
  mkdirSync(folder.in('real'));
  symlinkSync(folder.in('real'), folder.in('link'));
  const hash = createHash('sha256').update(folder.in('real')).digest('hex').slice(0, 12);
  const paths = ['real', 'link', 'real/', 'link/../real'].map((name) =>
    daemonSocketPath('/run/me', `${folder.path}/${name}`),
  );
  expect(new Set(paths)).toEqual(new Set([`/run/me/runspaced-${hash}.sock`]));
});

test('the socket has its name before the state folder exists', () => {
  using folder = new TempFolder();
  symlinkSync(folder.path, folder.in('link'));
  const before = daemonSocketPath('/run/me', folder.in('link', 'a', 'b'));
  mkdirSync(folder.in('a', 'b'), { recursive: true });
  expect(daemonSocketPath('/run/me', folder.in('a', 'b'))).toBe(before);
});

test('a socket path of 100 bytes is taken, one of 101 refused with the remedy', () => {
  const nameLength = Buffer.byteLength(keeperSocketPath('/', keeper)) - 1;
  const folderOf = (bytes: number): string =>
    join('/', 'é'.repeat(10), 'x'.repeat(bytes - 20 - 2 - 1 - nameLength));
  expect(Buffer.byteLength(keeperSocketPath(folderOf(100), keeper))).toBe(100);
  expect(() => keeperSocketPath(folderOf(101), keeper)).toThrow(
    expect.objectContaining({
      code: 'SOCKET_PATH_TOO_LONG',
      message: expect.stringContaining('XDG_RUNTIME_DIR'),
    }),
  );
});
