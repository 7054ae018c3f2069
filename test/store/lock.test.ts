import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { acquireLock } from '../../src/store/lock';
import { compileFixture } from '../support/compile-fixture';
import { TempFolder } from './support';

const program = compileFixture(join(__dirname, 'fixtures', 'holds-lock.ts'));

type Holder = ChildProcessByStdio<null, Readable, null>;

/** Starts a process that takes the lock; what it said, and the process. */
async function startHolder(path: string, flockProgram: string): Promise<{ said: string; child: Holder }> {
  const child = spawn(process.execPath, [program, path, flockProgram], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { said: said.toString().trim(), child };
}

async function kill(child: Holder): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('the flock program is there, so that the locks below are the operating system’s', () => {
  using folder = new TempFolder();
  const result = acquireLock(folder.in('lock'));
  expect(readFileSync(folder.in('lock'), 'utf8')).toMatch(/ flock\n$/);
  if (result.is === 'acquired') result.lock[Symbol.dispose]();
});

describe.each([
  ['with the flock program', 'flock'],
  ['without it', '/nowhere/flock'],
])('%s', (_, flockProgram) => {
  test('a second holder is refused and told the first one’s pid', async () => {
    using folder = new TempFolder();
    const first = await startHolder(folder.in('lock'), flockProgram);
    const second = await startHolder(folder.in('lock'), flockProgram);
    const third = acquireLock(folder.in('lock'), { flockProgram });
    await Promise.all([kill(first.child), kill(second.child)]);
    expect([first.said, second.said]).toEqual(['acquired', `held by ${String(first.child.pid)}`]);
    expect(third).toEqual({ is: 'held', path: folder.in('lock'), pid: first.child.pid });
  });

  test('SIGKILL of the holder frees the lock', async () => {
    using folder = new TempFolder();
    const first = await startHolder(folder.in('lock'), flockProgram);
    await kill(first.child);
    const second = acquireLock(folder.in('lock'), { flockProgram });
    expect([first.said, second.is]).toEqual(['acquired', 'acquired']);
    if (second.is === 'acquired') second.lock[Symbol.dispose]();
  });

  test('a lock that was given back can be taken again, and giving it back twice does no harm', () => {
    using folder = new TempFolder();
    for (let round = 0; round < 3; round += 1) {
      const result = acquireLock(folder.in('lock'), { flockProgram });
      expect(result.is).toBe('acquired');
      if (result.is !== 'acquired') continue;
      result.lock[Symbol.dispose]();
      result.lock[Symbol.dispose]();
    }
  });

  test('processes started meanwhile do not inherit the lock', async () => {
    using folder = new TempFolder();
    const mine = acquireLock(folder.in('lock'), { flockProgram });
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    if (mine.is === 'acquired') mine.lock[Symbol.dispose]();
    const other = await startHolder(folder.in('lock'), flockProgram);
    await kill(other.child);
    child.kill();
    expect(other.said).toBe('acquired');
  });

  test.each(['', 'garbage', '1 wrong-start pid\n', '999999999 1 pid\n'])(
    'a file that says %j is no holder',
    (text) => {
      using folder = new TempFolder();
      writeFileSync(folder.in('lock'), text);
      const result = acquireLock(folder.in('lock'), { flockProgram });
      expect(result.is).toBe('acquired');
      if (result.is === 'acquired') result.lock[Symbol.dispose]();
    },
  );

  test('of many that take it at once one gets it', async () => {
    using folder = new TempFolder();
    const holders = await Promise.all(
      Array.from({ length: 6 }, () => startHolder(folder.in('lock'), flockProgram)),
    );
    await Promise.all(holders.map(({ child }) => kill(child)));
    expect(holders.filter(({ said }) => said === 'acquired')).toHaveLength(1);
  });
});

test('each way sees the other’s holder', async () => {
  using folder = new TempFolder();
  const byPid = await startHolder(folder.in('a'), '/nowhere/flock');
  const byFlock = await startHolder(folder.in('b'), 'flock');
  const seen = [acquireLock(folder.in('a')), acquireLock(folder.in('b'), { flockProgram: '/nowhere/flock' })];
  await Promise.all([kill(byPid.child), kill(byFlock.child)]);
  expect(seen).toMatchObject([
    { is: 'held', pid: byPid.child.pid },
    { is: 'held', pid: byFlock.child.pid },
  ]);
});

test('a lock file that cannot be made is an error that names it', () => {
  using folder = new TempFolder();
  expect(() => acquireLock(folder.in('none', 'lock'))).toThrow(
    expect.objectContaining({ code: 'STATE_FOLDER_UNUSABLE', facts: { path: folder.in('none', 'lock') } }),
  );
});
