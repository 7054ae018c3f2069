import { RunspaceError } from '../../src/core/error';
import { isOutOfReach } from '../../src/transport/out-of-reach';
import { delayAfter, reach, type Reaching } from '../../src/transport/reach';
import { FakeClock } from '../support/fake-clock';

const refused = new RunspaceError('CONNECTION_REFUSED', 'nothing listens');

/** What trying comes to, and at which times by its clock it was tried. */
function trying(outcomes: readonly (Error | 'there')[], more: Partial<Reaching> = {}) {
  const clock = new FakeClock(0);
  const attemptedAt: number[] = [];
  const failed: string[] = [];
  const gone = new AbortController();
  const result = reach(
    async (number) => {
      attemptedAt.push(clock.now());
      const outcome = outcomes[number - 1] ?? refused;
      if (outcome !== 'there') throw outcome;
      return number;
    },
    {
      most: 5,
      clock,
      signal: gone.signal,
      isPassing: isOutOfReach,
      failed: (attempt, { message }) => failed.push(`${String(attempt)} ${message}`),
      ...more,
    },
  );
  result.catch(() => undefined); // It is looked at below.
  return { clock, attemptedAt, failed, gone, result };
}

/** Turns the clock on by each delay, once what came before has been done. */
async function turn(clock: FakeClock, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    for (let turns = 0; clock.pending === 0 && turns < 10; turns++) await Promise.resolve();
    clock.advance(10_000);
  }
}

test('P52 delays grow, from 0.2 s to ten seconds', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8, 100].map(delayAfter)).toEqual([
    200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000,
  ]);
});

test('P52 it is tried again after each delay, not before, until it is there', async () => {
  const { clock, attemptedAt, failed, result } = trying([refused, refused, 'there']);
  for (const delay of [200, 400]) {
    for (let turns = 0; clock.pending === 0 && turns < 10; turns++) await Promise.resolve();
    const before = attemptedAt.length;
    clock.advance(delay - 1);
    await Promise.resolve();
    expect(attemptedAt).toHaveLength(before);
    clock.advance(1);
  }
  expect(await result).toBe(3);
  expect(attemptedAt).toEqual([0, 200, 600]);
  expect(failed).toEqual(['1 nothing listens', '2 nothing listens']);
});

test('P52 after the most attempts it is given up with what the last one came to', async () => {
  const last = new RunspaceError('HOST_UNREACHABLE', 'no way');
  const { clock, attemptedAt, result } = trying([refused, refused, last], { most: 2 });
  await turn(clock, 2);
  await expect(result).rejects.toBe(last);
  expect(attemptedAt).toHaveLength(3);
  expect(clock.pending).toBe(0);
});

test('P52 what no other attempt would change is not tried again', async () => {
  const denied = new RunspaceError('AUTHENTICATION_FAILED', 'no');
  const { attemptedAt, result } = trying([denied]);
  await expect(result).rejects.toBe(denied);
  expect(attemptedAt).toEqual([0]);
});

test('P52 whoever goes away ends it in the middle of a delay', async () => {
  const { clock, attemptedAt, gone, result } = trying([refused]);
  for (let turns = 0; clock.pending === 0 && turns < 10; turns++) await Promise.resolve();
  gone.abort();
  await expect(result).rejects.toBe(refused);
  expect([attemptedAt, clock.pending]).toEqual([[0], 0]);
});
