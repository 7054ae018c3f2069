import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Journal } from '../../src/journal/journal';
import { compileFixture } from '../support/compile-fixture';
import { allOf, readNumbers, TempFolder } from './support';

const program = compileFixture(join(__dirname, 'fixtures', 'appends-until-killed.ts'));
const rounds = Number(process.env['JOURNAL_KILL_ROUNDS'] ?? 25);

interface Said {
  readonly last: bigint;
  readonly acknowledged: bigint;
}

/** Lets the writer append until it has said `lines` things, kills it with SIGKILL, and gives the last thing it said. */
async function writeAndKill(folder: string, mode: 'new' | 'open', lines: number): Promise<Said> {
  const child = spawn(process.execPath, [program, folder, mode], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  let isKilled = false;
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (isKilled || text.split('\n').length <= lines) continue;
    isKilled = true;
    child.kill('SIGKILL');
  }
  const whole = text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1) ?? '';
  const [last = 0n, acknowledged = 0n] = whole.split(' ').map(BigInt);
  return { last, acknowledged };
}

test(`a writer killed with SIGKILL ${rounds} times loses nothing it showed and numbers on without a hole`, async () => {
  using folder = new TempFolder();
  for (let round = 0; round < rounds; round += 1) {
    const said = await writeAndKill(
      folder.path,
      round === 0 ? 'new' : 'open',
      Math.ceil(Math.random() * 400),
    );
    await using journal = await Journal.open(folder.path, { segmentBytes: 20_000 });
    expect(journal.last).toBeGreaterThanOrEqual(said.last);
    expect(journal.acknowledged).toBeGreaterThanOrEqual(said.acknowledged);
    expect(journal.acknowledged).toBeLessThanOrEqual(journal.last);
    const from = journal.last > 1000n ? journal.last - 1000n : 0n;
    expect(await readNumbers(journal, from)).toEqual(allOf(from + 1n, journal.last));
  }
}, 120_000);
