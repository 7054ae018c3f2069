import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { compileFixture } from '../support/compile-fixture';
import { describeWith } from '../support/requirements';
import { temporaryFolder } from '../support/temporary-folder';

const fillsTheDisk = compileFixture(join(__dirname, 'fixtures', 'fills-the-disk.ts'));
const finalFindsNoRoom = compileFixture(join(__dirname, 'fixtures', 'final-finds-no-room.ts'));

describeWith('mounts', 'on a full disk', () => {
  test('the command that fills it fails with JOURNAL_FULL, its session and the others go on', () => {
    using folder = temporaryFolder();
    const disk = join(folder.path, 'disk');
    mkdirSync(disk);
    const script = 'mount -t tmpfs -o size=3m tmpfs "$1" && TMPDIR="$1" exec "$2" "$3"';
    const command = ['-Urm', 'sh', '-c', script, 'sh', disk, process.execPath, fillsTheDisk];
    const { stdout, stderr } = spawnSync('unshare', command, { encoding: 'utf8', timeout: 60_000 });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      final: 'final failed JOURNAL_FULL',
      gaps: 1,
      holes: 1,
      quiet: ['1 output 1', '2 output 2', '3 final completed'],
      refusedStart: 'JOURNAL_FULL',
      again: ['1 final completed'],
      states: ['opened', 'opened'],
      left: false,
    });
  });
});

test('a last record that finds no room is told to readers, and comes when there is room', () => {
  const limited = [
    '-c',
    'trap "" XFSZ; ulimit -S -f 100; exec "$1" "$2"',
    'bash',
    process.execPath,
    finalFindsNoRoom,
  ];
  const { stdout, stderr } = spawnSync('bash', limited, { encoding: 'utf8', timeout: 60_000 });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    told: 'JOURNAL_FULL',
    reason: 'JOURNAL_FULL',
    last: 'final failed JOURNAL_FULL',
  });
});
