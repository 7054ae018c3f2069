import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asPipelineId, asSessionId } from '../../src/core/ids';
import { replaceJson } from '../../src/store/json-file';
import { openStateFolder } from '../../src/store/state-folder';
import { StateLayout } from '../../src/store/state-layout';
import { compileFixture } from '../support/compile-fixture';
import { TempFolder, uid } from './support';

function unusableFor(text: string): object {
  return { code: 'STATE_FOLDER_UNUSABLE', message: expect.stringContaining(text) as string };
}

test('a state folder that is missing is made, closed to others, and can be opened again', async () => {
  using folder = new TempFolder();
  const layout = await openStateFolder(folder.in('deep', 'state'), uid);
  await openStateFolder(folder.in('deep', 'state'), uid);
  const modes = [layout.root, layout.sessionsFolder, layout.keepersFolder].map(
    (path) => statSync(path).mode & 0o777,
  );
  expect(modes).toEqual([0o700, 0o700, 0o700]);
  expect(JSON.parse(readFileSync(layout.versionFile, 'utf8'))).toEqual({ layout: 1 });
});

test('daemons that start on a new state folder at the same moment all find it theirs', async () => {
  using folder = new TempFolder();
  const program = compileFixture(join(__dirname, 'fixtures', 'opens-state-folders.ts'));
  const startMs = Date.now() + 500;
  const racing = Array.from({ length: 3 }, () =>
    promisify(execFile)(process.execPath, [program, folder.path, '200', String(startMs)]),
  );
  expect((await Promise.all(racing)).map(({ stdout }) => stdout)).toEqual(['', '', '']);
});

test.each(['777', '770', '750', '701'])(
  'a state folder with mode 0%s that holds something is refused',
  async (mode) => {
    using folder = new TempFolder();
    await openStateFolder(folder.in('state'), uid);
    chmodSync(folder.in('state'), Number.parseInt(mode, 8));
    await expect(openStateFolder(folder.in('state'), uid)).rejects.toMatchObject(unusableFor('chmod 700'));
  },
);

test('an empty folder is closed if only its mode is wrong, and refused if others could write into it', async () => {
  using folder = new TempFolder();
  mkdirSync(folder.in('readable'));
  chmodSync(folder.in('readable'), 0o755);
  mkdirSync(folder.in('open'));
  chmodSync(folder.in('open'), 0o777);
  const layout = await openStateFolder(folder.in('readable'), uid);
  expect(statSync(layout.root).mode & 0o777).toBe(0o700);
  await expect(openStateFolder(folder.in('open'), uid)).rejects.toMatchObject(unusableFor('chmod 700'));
});

test('a folder of another user is refused', async () => {
  using folder = new TempFolder();
  await expect(openStateFolder(folder.path, uid + 1)).rejects.toMatchObject(unusableFor('belongs to user'));
});

test('a folder with somebody’s files in it is refused and left alone', async () => {
  using folder = new TempFolder();
  writeFileSync(folder.in('letter.txt'), 'dear');
  await expect(openStateFolder(folder.path, uid)).rejects.toMatchObject(unusableFor('letter.txt'));
});

test('a log file that was there before the daemon is no obstacle', async () => {
  using folder = new TempFolder();
  writeFileSync(folder.in('daemon.log'), '');
  expect((await openStateFolder(folder.path, uid)).root).toBe(folder.path);
});

test('a file in the folder’s place is refused', async () => {
  using folder = new TempFolder();
  writeFileSync(folder.in('state'), '');
  await expect(openStateFolder(folder.in('state'), uid)).rejects.toMatchObject(
    unusableFor(folder.in('state')),
  );
  await expect(openStateFolder(folder.in('state', 'x'), uid)).rejects.toMatchObject(unusableFor('state'));
});

test('a later layout and a broken version file are refused with their reason', async () => {
  using folder = new TempFolder();
  await replaceJson(folder.in('version.json'), { layout: 2 });
  await expect(openStateFolder(folder.path, uid)).rejects.toMatchObject(unusableFor('later version'));
  writeFileSync(folder.in('version.json'), '{"layout":');
  await expect(openStateFolder(folder.path, uid)).rejects.toMatchObject(unusableFor('version.json'));
});

test('a symbolic link to a state folder names the same state folder', async () => {
  using folder = new TempFolder();
  await openStateFolder(folder.in('real'), uid);
  symlinkSync(folder.in('real'), folder.in('link'));
  expect((await openStateFolder(folder.in('link'), uid)).root).toBe(folder.in('real'));
});

test('ids lead to folders below the state folder, and nothing that is no id leads anywhere', () => {
  const layout = new StateLayout('/state');
  const id = '00000000-0000-4000-8000-000000000001';
  expect(layout.pipelineFile(asSessionId(id), asPipelineId(id))).toBe(
    `/state/sessions/${id}/pipelines/${id}/pipeline.json`,
  );
  for (const bad of ['..', '', '../../etc', id.toUpperCase().replace('4', 'A'), `${id}/..`]) {
    expect(() => layout.sessionFile(asSessionId(bad))).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  }
});
