import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from '../../src/journal/journal';
import { compileFixture } from '../support/compile-fixture';
import { allOf, readNumbers, TempFolder } from './support';

const program = compileFixture(join(__dirname, 'fixtures', 'fills-the-disk.ts'));

/** What fills-the-disk says. */
interface Outcome {
  readonly full: string;
  readonly more?: string;
  readonly lastWhenFull: number;
  readonly last: number;
  readonly isFinal: boolean;
}

/** Runs the program on a real file system of 200 KiB of its own, and brings the journal out of there. */
function onSmallDisk(folder: string, mode: 'plain' | 'taken' | 'frees'): Outcome {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const script = `mount -t tmpfs -o size=200k tmpfs "$1" && "$2" "$3" "$1" ${mode} && cp -r "$1/journal" "$1/../copy"`;
  return run('unshare', ['-Urm', 'sh', '-c', script, 'sh', disk, process.execPath, program]);
}

function run(command: string, args: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ended with ${String(status)}: ${stderr}`);
  return JSON.parse(stdout) as Outcome;
}

/** Where no file system can be mounted only the file size limit below is left, except in CI, where that fails. */
const canMount = process.env['CI'] !== undefined || spawnSync('unshare', ['-Urm', 'true']).status === 0;
const describeOnDisk = canMount ? describe : describe.skip;

describeOnDisk('on a full disk (needs unshare -Urm)', () => {
  test('appending fails with JOURNAL_FULL, the rest reads whole, and the last record finds room', async () => {
    using folder = new TempFolder();
    const outcome = onSmallDisk(folder.path, 'plain');
    expect(outcome).toMatchObject({
      full: 'JOURNAL_FULL ENOSPC',
      last: outcome.lastWhenFull + 1,
      isFinal: true,
    });
    expect(outcome.lastWhenFull).toBeGreaterThan(40);
    await using journal = await Journal.open(join(folder.path, 'copy'));
    expect([journal.isFinal, journal.acknowledged]).toEqual([true, 5n]);
    expect(await readNumbers(journal)).toEqual(allOf(1n, BigInt(outcome.last)));
  });

  test('the last record finds room even if something else has taken every free block', async () => {
    using folder = new TempFolder();
    const outcome = onSmallDisk(folder.path, 'taken');
    expect(outcome).toMatchObject({ last: outcome.lastWhenFull + 1, isFinal: true });
    await using journal = await Journal.open(join(folder.path, 'copy'));
    expect(await readNumbers(journal)).toEqual(allOf(1n, BigInt(outcome.last)));
  });

  test('when space is freed the same journal goes on', async () => {
    using folder = new TempFolder();
    const outcome = onSmallDisk(folder.path, 'frees');
    expect(outcome.last).toBeGreaterThan(outcome.lastWhenFull + 100);
    await using journal = await Journal.open(join(folder.path, 'copy'));
    const seen = await readNumbers(journal);
    expect(seen[0]).toEqual([1n, 'dropped']);
    expect(seen.filter(([, what]) => what === 'record')).toEqual(allOf(journal.firstKept, journal.last));
  });
});

test('a limit on file sizes is a full disk: nothing torn stays', async () => {
  using folder = new TempFolder();
  const limited = 'ulimit -f 40 && exec "$1" "$2" "$3" plain';
  const outcome = run('sh', ['-c', limited, 'sh', process.execPath, program, folder.path]);
  expect(outcome.full).toBe('JOURNAL_FULL EFBIG');
  cpSync(join(folder.path, 'journal'), join(folder.path, 'copy'), { recursive: true });
  await using journal = await Journal.open(join(folder.path, 'copy'));
  expect(await readNumbers(journal)).toEqual(allOf(1n, BigInt(outcome.last)));
});
