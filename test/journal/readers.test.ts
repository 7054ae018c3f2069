import fc from 'fast-check';
import { lastOf } from '../../src/journal/item';
import { Journal } from '../../src/journal/journal';
import { encodeNumbers } from './encode-numbers';
import { allOf, never, readNumbers, seenIn, smallSizes, TempFolder, type Seen } from './support';

/** Reads to the end, stopping for a while (as turns of the event loop) whenever `pause` says so. */
async function readAtPace(journal: Journal, after: bigint, pause: () => number): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  let at = after;
  for await (const item of journal.read(after, never())) {
    seen.push(...seenIn(item, at));
    at = lastOf(item);
    for (let turns = pause(); turns > 0; turns -= 1) await new Promise(setImmediate);
  }
  return seen;
}

test('many readers at paces of their own, from memory and from disk, each get every number once', async () => {
  using folder = new TempFolder();
  await using journal = Journal.create(folder.path, smallSizes);
  journal.append(10, encodeNumbers(10));
  const starts = Array.from({ length: 12 }, (_, index) => BigInt(index % 11));
  const reading = starts.map((after, index) =>
    readAtPace(journal, after, () => (Math.random() < 0.4 ? Math.floor(Math.random() * index) : 0)),
  );
  for (let round = 0; round < 300; round += 1) {
    const count = 1 + (round % 4);
    journal.append(count, encodeNumbers(count, (round * 53) % 900));
    if (round % 3 === 0) await new Promise(setImmediate);
  }
  await journal.finish(1, encodeNumbers(1));
  const seen = await Promise.all(reading);
  expect(seen).toEqual(starts.map((after) => allOf(after + 1n, journal.last)));
}, 60_000);

/** What a writer may do. */
const step = fc.oneof(
  fc.record({
    is: fc.constant('append' as const),
    count: fc.integer({ min: 1, max: 9 }),
    bytes: fc.nat(1500),
  }),
  fc.record({ is: fc.constant('gap' as const), count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ is: fc.constant('free' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ is: fc.constant('acknowledge' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ is: fc.constant('reopen' as const) }),
);

test('whatever is appended, freed and reopened, a reader from anywhere sees what a plain list says', async () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 40 });
  const property = fc.asyncProperty(
    steps,
    fc.double({ min: 0, max: 1, noNaN: true }),
    async (actions, start) => {
      using folder = new TempFolder();
      let journal = Journal.create(folder.path, smallSizes);
      const model: string[] = [];
      for (const action of actions) {
        switch (action.is) {
          case 'append':
            journal.append(action.count, encodeNumbers(action.count, action.bytes));
            model.push(...Array.from({ length: action.count }, () => 'record'));
            break;
          case 'gap':
            journal.appendGap(action.count, 'stopped');
            model.push(...Array.from({ length: action.count }, () => 'stopped'));
            break;
          case 'free':
            journal.free({ upTo: BigInt(Math.floor(action.share * model.length)), reason: 'expired' });
            model.fill('expired', 0, Number(journal.firstKept) - 1);
            break;
          case 'acknowledge':
            journal.acknowledge(BigInt(Math.floor(action.share * model.length)));
            break;
          case 'reopen':
            await journal.close();
            journal = await Journal.open(folder.path, smallSizes);
            break;
        }
      }
      const after = Math.floor(start * model.length);
      const expected = model.map((what, index): Seen => [BigInt(index + 1), what]).slice(after);
      expect(await readNumbers(journal, BigInt(after), BigInt(model.length))).toEqual(expected);
      expect(journal.unreadBytes).toBeLessThanOrEqual(journal.bytes);
      await journal.close();
    },
  );
  await fc.assert(property, { numRuns: 150 });
}, 60_000);
