import { lastOf, type JournalItem } from '../../src/journal/item';
import { Journal } from '../../src/journal/journal';
import { encodeNumbers } from './encode-numbers';
import { allOf, never, readNumbers, smallSizes, TempFolder } from './support';

test('records are numbered 1, 2, 3 … in the order in which they are appended', async () => {
  using folder = new TempFolder();
  await using journal = Journal.create(folder.path);
  const batches = [3, 1, 2].map((count) => journal.append(count, encodeNumbers(count)));
  expect(batches.map(({ first, last }) => [first, last])).toEqual([
    [1n, 3n],
    [4n, 4n],
    [5n, 6n],
  ]);
});

test('a reader that resumes after any number gets every later one once, in the middle of a batch too', async () => {
  using folder = new TempFolder();
  await using journal = Journal.create(folder.path, smallSizes);
  for (let round = 0; round < 70; round += 1)
    journal.append(1 + (round % 5), encodeNumbers(1 + (round % 5), 90));
  await journal.finish(1, encodeNumbers(1));
  expect(folder.segments().length).toBeGreaterThan(3);
  for (let after = 0n; after <= journal.last; after += 1n) {
    expect(await readNumbers(journal, after)).toEqual(allOf(after + 1n, journal.last));
  }
});

test('a reader that keeps up is served from memory, in the order of appending, and ends with the journal', async () => {
  using folder = new TempFolder();
  await using journal = Journal.create(folder.path);
  const received: bigint[] = [];
  const reading = (async () => {
    for await (const item of journal.read(0n, never())) received.push(lastOf(item));
  })();
  for (let round = 0; round < 20; round += 1) {
    journal.append(1, encodeNumbers(1));
    await Promise.resolve();
  }
  await journal.finish(1, encodeNumbers(1));
  await reading;
  expect(received).toEqual(Array.from({ length: 21 }, (_, index) => BigInt(index + 1)));
});

test('a reader that waits is ended by its signal without an error', async () => {
  using folder = new TempFolder();
  await using journal = Journal.create(folder.path);
  const controller = new AbortController();
  const reading = journal.read(0n, controller.signal).next();
  controller.abort();
  expect(await reading).toEqual({ done: true, value: undefined });
});

test('reading after a number beyond the end of a finished journal is refused', async () => {
  using folder = new TempFolder();
  await using journal = Journal.create(folder.path);
  await journal.finish(2, encodeNumbers(2));
  await expect(journal.read(3n, never()).next()).rejects.toMatchObject({ code: 'RECORDS_BEYOND_END' });
  expect(await journal.read(2n, never()).next()).toMatchObject({ done: true });
});

test('reading after a number that is not there yet waits for the numbers behind it', async () => {
  using folder = new TempFolder();
  await using journal = Journal.create(folder.path);
  const reading = journal.read(3n, never()).next();
  for (const count of [2, 2, 2]) journal.append(count, encodeNumbers(count));
  expect(await reading).toMatchObject({ value: { batch: { first: 3n, last: 4n } satisfies object } });
});

test('a journal that ends before the number a reader waits for tells it so', async () => {
  using folder = new TempFolder();
  await using journal = Journal.create(folder.path);
  const reading = journal.read(5n, never()).next();
  await Promise.all([
    expect(reading).rejects.toMatchObject({ code: 'RECORDS_BEYOND_END' }),
    journal.finish(1, encodeNumbers(1)),
  ]);
});

test('a gap stands in the place of its numbers and is cut for a reader that starts within it', async () => {
  using folder = new TempFolder();
  await using journal = Journal.create(folder.path);
  journal.append(2, encodeNumbers(2));
  journal.appendGap(10n ** 12n, 'stopped');
  journal.append(1, encodeNumbers(1));
  const items: JournalItem[] = [];
  for await (const item of journal.read(5n, never())) if (items.push(item) === 2) break;
  expect(items).toMatchObject([
    { kind: 'gap', gap: { from: 6n, to: 10n ** 12n + 2n, reason: 'stopped' } },
    { kind: 'batch', batch: { first: 10n ** 12n + 3n } },
  ]);
});

test('nothing can be appended to a final journal', async () => {
  using folder = new TempFolder();
  await using journal = Journal.create(folder.path);
  await journal.finish(1, encodeNumbers(1));
  expect(() => journal.append(1, encodeNumbers(1))).toThrow(
    expect.objectContaining({ code: 'PIPELINE_FINISHED' }),
  );
});

test('closing ends the readers with the reason given', async () => {
  using folder = new TempFolder();
  const journal = Journal.create(folder.path);
  const reading = journal.read(0n, never()).next();
  await Promise.all([expect(reading).rejects.toMatchObject({ code: 'SHUTTING_DOWN' }), journal.close()]);
});

test.each([0, -1, 1.5, Number.NaN, 0n])('a count of %s is refused', async (count) => {
  using folder = new TempFolder();
  await using journal = Journal.create(folder.path);
  expect(() => {
    journal.appendGap(count, 'dropped');
  }).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});

test('a second journal is not made where one is', async () => {
  using folder = new TempFolder();
  await using journal = Journal.create(folder.path);
  journal.append(1, encodeNumbers(1));
  expect(() => Journal.create(folder.path)).toThrow(expect.objectContaining({ code: 'JOURNAL_FULL' }));
});

test('a closed journal is opened again with its numbers, what was acknowledged and whether it is final', async () => {
  using folder = new TempFolder();
  {
    await using journal = Journal.create(folder.path, smallSizes);
    for (let round = 0; round < 50; round += 1) journal.append(2, encodeNumbers(2, 150));
    journal.acknowledge(41n);
  }
  {
    await using journal = await Journal.open(folder.path, smallSizes);
    expect([journal.last, journal.acknowledged, journal.isFinal]).toEqual([100n, 41n, false]);
    await journal.finish(1, encodeNumbers(1));
  }
  await using journal = await Journal.open(folder.path, smallSizes);
  expect([journal.last, journal.acknowledged, journal.isFinal]).toEqual([101n, 41n, true]);
  expect(await readNumbers(journal)).toEqual(allOf(1n, 101n));
});

describe('acknowledging', () => {
  test('it never goes back and never beyond the last number', async () => {
    using folder = new TempFolder();
    await using journal = Journal.create(folder.path);
    journal.append(5, encodeNumbers(5));
    journal.acknowledge(4n);
    journal.acknowledge(2n);
    expect(journal.acknowledged).toBe(4n);
    expect(() => {
      journal.acknowledge(6n);
    }).toThrow(expect.objectContaining({ code: 'RECORDS_BEYOND_END' }));
  });

  test('what is unread falls with it, down to nothing', async () => {
    using folder = new TempFolder();
    await using journal = Journal.create(folder.path, smallSizes);
    for (let round = 0; round < 100; round += 1) journal.append(1, encodeNumbers(1, 100));
    const unread: number[] = [];
    for (const upTo of [0n, 25n, 50n, 75n, 100n]) {
      journal.acknowledge(upTo);
      unread.push(journal.unreadBytes);
    }
    const expected = [1, 0.75, 0.5, 0.25, 0].map((share) => share * journal.bytes);
    unread.forEach((bytes, index) => {
      expect(Math.abs(bytes - (expected[index] ?? 0))).toBeLessThan(300);
    });
    expect(unread.at(-1)).toBe(0);
  });
});

describe('freeing', () => {
  test('whole segments go from the front, and readers find one gap in their place', async () => {
    using folder = new TempFolder();
    await using journal = Journal.create(folder.path, smallSizes);
    for (let round = 0; round < 100; round += 1) journal.append(1, encodeNumbers(1, 100));
    const before = journal.bytes;
    const freed = journal.free({ upTo: 60n, reason: 'expired' });
    const { firstKept } = journal;
    expect(journal.bytes).toBe(before - freed);
    expect(firstKept).toBeGreaterThan(40n);
    expect(await readNumbers(journal, 7n)).toEqual([
      ...allOf(8n, firstKept - 1n, 'expired'),
      ...allOf(firstKept, 100n),
    ]);
  });

  test('it stops when enough is free', async () => {
    using folder = new TempFolder();
    await using journal = Journal.create(folder.path, smallSizes);
    for (let round = 0; round < 100; round += 1) journal.append(1, encodeNumbers(1, 100));
    const freed = journal.free({ upTo: 100n, bytes: 2500, reason: 'dropped' });
    expect(freed).toBeGreaterThanOrEqual(2500);
    expect(freed).toBeLessThan(2500 + smallSizes.segmentBytes);
  });

  test('a reader in the middle of a freed segment gets the gap from where it is', async () => {
    using folder = new TempFolder();
    await using journal = Journal.create(folder.path, smallSizes);
    for (let round = 0; round < 100; round += 1) journal.append(1, encodeNumbers(1, 100));
    const reader = journal.read(0n, never());
    await reader.next();
    await reader.next();
    journal.free({ upTo: 50n, reason: 'expired' });
    expect(await reader.next()).toMatchObject({
      value: { gap: { from: 3n, to: journal.firstKept - 1n, reason: 'expired' } satisfies object },
    });
    await reader.return();
  });

  test('a final journal can be freed whole, and still says what it had after it was opened again', async () => {
    using folder = new TempFolder();
    {
      await using journal = Journal.create(folder.path);
      journal.append(3, encodeNumbers(3));
      await journal.finish(1, encodeNumbers(1));
      journal.free({ upTo: journal.last, reason: 'expired' });
      expect([journal.bytes, journal.unreadBytes]).toEqual([0, 0]);
    }
    await using journal = await Journal.open(folder.path);
    expect([journal.isFinal, journal.last, journal.firstKept, journal.bytes]).toEqual([true, 4n, 5n, 0]);
    expect(await readNumbers(journal)).toEqual(allOf(1n, 4n, 'expired'));
  });

  test('the newest segment of a running journal stays, and appending goes on', async () => {
    using folder = new TempFolder();
    await using journal = Journal.create(folder.path, smallSizes);
    for (let round = 0; round < 40; round += 1) journal.append(1, encodeNumbers(1, 100));
    journal.free({ upTo: journal.last, reason: 'dropped' });
    journal.append(1, encodeNumbers(1, 100));
    expect(folder.segments()).toHaveLength(1);
    expect((await readNumbers(journal)).at(-1)).toEqual([41n, 'record']);
  });

  test('what was being freed when the writer died is freed at the next opening', async () => {
    using folder = new TempFolder();
    const { readFileSync, writeFileSync } = await import('node:fs');
    {
      await using journal = Journal.create(folder.path, smallSizes);
      for (let round = 0; round < 60; round += 1) journal.append(1, encodeNumbers(1, 100));
      const [oldest = ''] = folder.segments();
      const bytes = readFileSync(oldest);
      journal.free({ upTo: 30n, reason: 'expired' });
      writeFileSync(oldest, bytes);
    }
    await using journal = await Journal.open(folder.path, smallSizes);
    expect(journal.firstKept).toBeGreaterThan(10n);
    expect((await readNumbers(journal))[0]).toEqual([1n, 'expired']);
  });
});
