import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, readJsonEntries, replaceJson } from '../../src/store/json-file';
import { compileFixture } from '../support/compile-fixture';
import { TempFolder } from './support';

const program = compileFixture(join(__dirname, 'fixtures', 'replaces-until-killed.ts'));

function toNumber(json: unknown): number {
  if (typeof json === 'object' && json !== null && 'number' in json && typeof json.number === 'number') {
    return json.number;
  }
  throw new Error('there is no number in it');
}

test('what was written is read back, by the user alone', async () => {
  using folder = new TempFolder();
  await replaceJson(folder.in('a.json'), { number: 7 });
  expect(await readJson(folder.in('a.json'), toNumber)).toMatchObject({ is: 'read', value: 7 });
  expect(statSync(folder.in('a.json')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder.path)).toEqual(['a.json']);
});

test('a file that is not there is missing, not an error', async () => {
  using folder = new TempFolder();
  expect(await readJson(folder.in('a.json'), toNumber)).toEqual({ is: 'missing', path: folder.in('a.json') });
});

test.each(['', '{"number": 1', '{"other": 1}', 'null', '\0\0\0\0'])(
  '%j is broken, and the error names the file',
  async (text) => {
    using folder = new TempFolder();
    const path = folder.in('a.json');
    writeFileSync(path, text);
    expect(await readJson(path, toNumber)).toMatchObject({
      is: 'broken',
      error: {
        code: 'STATE_FOLDER_UNUSABLE',
        facts: { path },
        message: expect.stringContaining(path) as string,
      },
    });
  },
);

test('replacements of one file happen in the order of the calls', async () => {
  using folder = new TempFolder();
  const path = folder.in('a.json');
  await Promise.all(Array.from({ length: 50 }, (_, number) => replaceJson(path, { number }, 'crash')));
  expect(await readJson(path, toNumber)).toMatchObject({ value: 49 });
});

test('a replacement that fails says so, keeps the old file, and the next one succeeds', async () => {
  using folder = new TempFolder();
  const path = folder.in('a.json');
  await replaceJson(path, { number: 1 });
  const temporary = folder.in(`.a.json.${process.pid}.tmp`);
  mkdirSync(temporary);
  await expect(replaceJson(path, { number: 2 })).rejects.toMatchObject({ code: 'STATE_FOLDER_UNUSABLE' });
  expect(await readJson(path, toNumber)).toMatchObject({ value: 1 });
  rmdirSync(temporary);
  await replaceJson(path, { number: 3 });
  expect(await readJson(path, toNumber)).toMatchObject({ value: 3 });
});

test('one broken entry does not stop the rest', async () => {
  using folder = new TempFolder();
  for (const name of ['one', 'two', 'three', 'four']) mkdirSync(folder.in(name));
  await replaceJson(folder.in('one', 'session.json'), { number: 1 });
  writeFileSync(folder.in('two', 'session.json'), '{"num');
  await replaceJson(folder.in('four', 'session.json'), { number: 4 });
  const entries = await readJsonEntries({ folder: folder.path, file: 'session.json' }, toNumber);
  expect(entries.map(({ name, result }) => [name, result.is])).toEqual([
    ['four', 'read'],
    ['one', 'read'],
    ['three', 'missing'],
    ['two', 'broken'],
  ]);
});

test('entries that are files of their own are named without .json, and what a crash left is no entry', async () => {
  using folder = new TempFolder();
  await replaceJson(folder.in('a.json'), { number: 1 });
  writeFileSync(folder.in('.a.json.99.tmp'), '{');
  const entries = await readJsonEntries({ folder: folder.path }, toNumber);
  expect(entries).toMatchObject([{ name: 'a', result: { value: 1 } }]);
  expect(await readJsonEntries({ folder: folder.in('none') }, toNumber)).toEqual([]);
});

test('a process killed while it replaces leaves the old or the new file, never half of one', async () => {
  using folder = new TempFolder();
  const path = folder.in('a.json');
  let from = 0;
  for (let round = 0; round < 12; round += 1) {
    const said = await replaceAndKill(path, from, Math.ceil(Math.random() * 40));
    const found = JSON.parse(readFileSync(path, 'utf8')) as { number: number; filler: string; same: number };
    expect([found.number, found.filler.length]).toEqual([found.same, (found.number * 7919) % 200_000]);
    expect([said, said + 1]).toContain(found.number);
    from = found.number + 1;
  }
}, 60_000);

/** Lets the program replace the file about so many times, kills it, and gives the last number it said. */
async function replaceAndKill(path: string, from: number, times: number): Promise<number> {
  const child = spawn(process.execPath, [program, path, String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.split('\n').length > times) child.kill('SIGKILL');
  }
  return Number(text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1));
}
