import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Journal } from '../../src/journal/journal';
import { encodeNumbers } from './encode-numbers';
import { allOf, readNumbers, smallSizes, TempFolder } from './support';

/** A journal of one segment with five batches of two records; where each batch ends in the file. */
async function writeFive(folder: string): Promise<readonly number[]> {
  await using journal = Journal.create(folder);
  return [1, 2, 3, 4, 5].map(() => {
    journal.append(2, encodeNumbers(2, 40));
    return journal.bytes;
  });
}

test('a torn tail is cut at every byte position, the rest reads whole, and appending goes on', async () => {
  using folder = new TempFolder();
  const ends = await writeFive(folder.path);
  const [segment = ''] = folder.segments();
  const whole = readFileSync(segment);
  for (let size = 0; size <= whole.length; size += 1) {
    writeFileSync(segment, whole.subarray(0, size));
    const kept = BigInt(ends.filter((end) => end <= size).length * 2);
    await using journal = await Journal.open(folder.path);
    expect([size, journal.last]).toEqual([size, kept]);
    journal.append(3, encodeNumbers(3));
    expect(await readNumbers(journal)).toEqual(allOf(1n, kept + 3n));
  }
});

test('a flipped bit in any byte costs at most the batch it is in, never an error', async () => {
  using folder = new TempFolder();
  const ends = await writeFive(folder.path);
  const [segment = ''] = folder.segments();
  const whole = readFileSync(segment);
  for (let at = 0; at < whole.length; at += 1) {
    const bytes = Buffer.from(whole);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at);
    writeFileSync(segment, bytes);
    const hit = ends.findIndex((end) => at < end);
    const isInHeader = at < 32;
    await using journal = await Journal.open(folder.path);
    const seen = await readNumbers(journal);
    const lost = isInHeader ? [] : seen.filter(([, what]) => what === 'damaged').map(([number]) => number);
    expect(seen.map(([number]) => number)).toEqual(allOf(1n, journal.last).map(([number]) => number));
    const damaged = [BigInt(2 * hit + 1), BigInt(2 * hit + 2)];
    // The last batch's header: nothing behind it tells it from a torn tail.
    const expected = isInHeader || journal.last === 8n ? [] : damaged;
    expect([at, lost]).toEqual([at, expected]);
    expect(journal.last === 10n || hit === 4).toBe(true);
  }
}, 120_000);

test('a damaged batch in a sealed segment becomes a gap in its place, without a scan at opening', async () => {
  using folder = new TempFolder();
  {
    await using journal = Journal.create(folder.path, smallSizes);
    for (let round = 0; round < 60; round += 1) journal.append(1, encodeNumbers(1, 100));
  }
  const [, second = ''] = folder.segments();
  const bytes = readFileSync(second);
  bytes.fill(0xff, 32 + 132 * 3, 32 + 132 * 5 + 10);
  writeFileSync(second, bytes);
  await using journal = await Journal.open(folder.path, smallSizes);
  const seen = await readNumbers(journal);
  expect(seen.filter(([, what]) => what === 'damaged').map(([number]) => number)).toEqual([18n, 19n, 20n]);
  expect(seen).toHaveLength(60);
});

test('a sealed segment that is cut short, and one that is missing, become gaps up to the next one', async () => {
  using folder = new TempFolder();
  {
    await using journal = Journal.create(folder.path, smallSizes);
    for (let round = 0; round < 70; round += 1) journal.append(1, encodeNumbers(1, 100));
  }
  const [, second = '', third = '', fourth = ''] = folder.segments();
  truncateSync(second, 500);
  rmSync(third);
  await using journal = await Journal.open(folder.path, smallSizes);
  const seen = await readNumbers(journal);
  const fourthFirst = BigInt(/(\d+)\.segment$/.exec(fourth)?.[1] ?? 0);
  const gone = seen.filter(([, what]) => what === 'damaged').map(([number]) => number);
  expect([gone[0], gone.at(-1)]).toEqual([18n, fourthFirst - 1n]);
  expect(seen).toHaveLength(70);
});

test('a new segment of which only part of the header was written is written anew', async () => {
  using folder = new TempFolder();
  {
    await using journal = Journal.create(folder.path, smallSizes);
    for (let round = 0; round < 20; round += 1) journal.append(1, encodeNumbers(1, 100));
  }
  appendFileSync(join(folder.path, '00000000000000000021.segment'), 'RUNSJ');
  await using journal = await Journal.open(folder.path, smallSizes);
  journal.append(1, encodeNumbers(1, 100));
  expect(await readNumbers(journal)).toEqual(allOf(1n, 21n));
});

test('garbage after the last batch is cut, also when it looks like entries', async () => {
  using folder = new TempFolder();
  await writeFive(folder.path);
  const [segment = ''] = folder.segments();
  const whole = readFileSync(segment);
  appendFileSync(
    segment,
    Buffer.concat([Buffer.alloc(5000, Buffer.from([0xeb, 0x52, 0x4a])), whole.subarray(32, 80)]),
  );
  await using journal = await Journal.open(folder.path, { chunkBytes: 100 });
  expect([journal.last, journal.bytes]).toEqual([10n, whole.length]);
});

test('numbers that were acknowledged are never given again, even if the disk has lost them', async () => {
  using folder = new TempFolder();
  {
    await using journal = Journal.create(folder.path);
    journal.append(5, encodeNumbers(5));
    journal.append(5, encodeNumbers(5));
    journal.acknowledge(10n);
  }
  const [segment = ''] = folder.segments();
  truncateSync(segment, readFileSync(segment).length - 1);
  await using journal = await Journal.open(folder.path);
  journal.append(1, encodeNumbers(1));
  expect(await readNumbers(journal)).toEqual([
    ...allOf(1n, 5n),
    ...allOf(6n, 10n, 'damaged'),
    ...allOf(11n, 11n),
  ]);
});

test.each([
  ['by its state file', 3_000, undefined],
  ['to who opens it, so that a short one needs no state file', 10, 3n],
])(
  'a final journal whose end is damaged stays final: its last number is known %s',
  async (_how, size, last) => {
    using folder = new TempFolder();
    {
      await using journal = Journal.create(folder.path);
      journal.append(2, encodeNumbers(2, size));
      await journal.finish(1, encodeNumbers(1));
    }
    const [segment = ''] = folder.segments();
    truncateSync(segment, readFileSync(segment).length - 1);
    expect(existsSync(join(folder.path, 'journal.state'))).toBe(last === undefined);
    await using journal = await Journal.open(folder.path, {}, last);
    expect(journal.isFinal).toBe(true);
    expect(await readNumbers(journal)).toEqual([...allOf(1n, 2n), ...allOf(3n, 3n, 'damaged')]);
  },
);

test.each([0, 1, 63, 64, 100])(
  'a journal is final by its last batch alone, with the state file cut at %i',
  async (size) => {
    using folder = new TempFolder();
    {
      await using journal = Journal.create(folder.path);
      await journal.finish(2, encodeNumbers(2));
      journal.acknowledge(1n);
    }
    truncateSync(join(folder.path, 'journal.state'), size);
    await using journal = await Journal.open(folder.path);
    expect([journal.isFinal, journal.last]).toEqual([true, 2n]);
  },
);

test('of a torn state file the other slot holds: at most one acknowledgement is lost', async () => {
  using folder = new TempFolder();
  const path = join(folder.path, 'journal.state');
  {
    await using journal = Journal.create(folder.path);
    journal.append(9, encodeNumbers(9));
    journal.acknowledge(4n);
    journal.acknowledge(7n);
  }
  const whole = readFileSync(path);
  for (const slot of [0, 64]) {
    const bytes = Buffer.from(whole);
    bytes.fill(0, slot + 20, slot + 64);
    writeFileSync(path, bytes);
    await using journal = await Journal.open(folder.path);
    expect([4n, 7n]).toContain(journal.acknowledged);
  }
});

test('a folder in which a journal was only begun opens as an empty journal', async () => {
  using folder = new TempFolder();
  await using journal = await Journal.open(folder.path);
  journal.append(1, encodeNumbers(1));
  expect(await readNumbers(journal)).toEqual(allOf(1n, 1n));
});

test('where nothing is readable the error says so: no folder, no segments, nothing but garbage', async () => {
  using folder = new TempFolder();
  const damaged = { code: 'JOURNAL_DAMAGED' };
  await expect(Journal.open(join(folder.path, 'none'))).rejects.toMatchObject(damaged);
  const lost = join(folder.path, 'lost');
  {
    await using journal = Journal.create(lost);
    journal.append(1, encodeNumbers(1));
    journal.acknowledge(1n);
  }
  copyFileSync(join(lost, 'journal.state'), join(folder.path, 'journal.state'));
  await expect(Journal.open(folder.path)).rejects.toMatchObject(damaged);
  const garbage = join(folder.path, 'garbage');
  mkdirSync(garbage);
  writeFileSync(join(garbage, '00000000000000000001.segment'), Buffer.alloc(5000, 0x55));
  await expect(Journal.open(garbage)).rejects.toMatchObject(damaged);
});

test('a journal of a later version is refused and left as it is', async () => {
  using folder = new TempFolder();
  await writeFive(folder.path);
  const [segment = ''] = folder.segments();
  const { crc32 } = await import('node:zlib');
  const bytes = readFileSync(segment);
  bytes.writeUInt32LE(2, 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  writeFileSync(segment, bytes);
  await expect(Journal.open(folder.path)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  expect(readFileSync(segment).equals(bytes)).toBe(true);
});
