import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { compileFixture } from '../support/compile-fixture';
import { TempFolder } from './support';

const program = compileFixture(join(__dirname, 'fixtures', 'writes-200-mb.ts'));
const megabyte = 1024 * 1024;

test('200 MB of unread output and eight stalled readers cost the ring and a chunk each', () => {
  using folder = new TempFolder();
  const { stdout, stderr } = spawnSync(process.execPath, [program, folder.path], { encoding: 'utf8' });
  expect(stderr).toBe('');
  const said = JSON.parse(stdout) as Readonly<Record<string, number>>;
  expect(said['last']).toBe(320_001);
  // 1 MiB of ring, 8 chunks of 256 KiB, the index, and what the program itself takes.
  expect(said['held']).toBeLessThan(5 * megabyte);
  expect(said['heldWhileReading']).toBeLessThan(5 * megabyte);
  expect(said['descriptors']).toBeLessThan(40);
}, 60_000);
