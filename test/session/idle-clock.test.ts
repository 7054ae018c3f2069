import {
  haltClock,
  idleDeadline,
  restartClock,
  resumeClock,
  startedClock,
} from '../../src/session/idle-clock';
import { dueAt, type Timed } from '../../src/session/deadlines';
import { freeConnection, withLease } from '../../src/session/connection';
import { completeOptions, defaultOptions } from '../../src/session/options';
import { asClientId } from '../../src/core/ids';

const hour = 3_600_000;

test('P36 the clock stands still while something holds it, and goes on from where it stood', () => {
  const halted = haltClock(startedClock(0), hour);
  expect(idleDeadline(halted, 2 * hour)).toBeUndefined();
  expect(idleDeadline(resumeClock(halted, 10 * hour), 2 * hour)).toBe(11 * hour);
});

test('P36 activity sets the clock to zero, running or not', () => {
  expect(idleDeadline(restartClock(startedClock(0), hour), 2 * hour)).toBe(3 * hour);
  const still = restartClock(haltClock(startedClock(0), hour), hour);
  expect(idleDeadline(resumeClock(still, 5 * hour), 2 * hour)).toBe(7 * hour);
});

test('halting a halted clock and resuming a running one change nothing', () => {
  const running = startedClock(5);
  const halted = haltClock(running, 10);
  expect([haltClock(halted, 20), resumeClock(running, 20)]).toEqual([halted, running]);
});

const session: Timed = {
  options: defaultOptions,
  createdAt: 0,
  idle: startedClock(0),
  connection: freeConnection,
  activeAt: 0,
};

test('P36 the idle timeout is due at 2:00:00 and not a millisecond before', () => {
  expect([dueAt(session, 2 * hour - 1), dueAt(session, 2 * hour)]).toEqual([[], ['idleTimeout']]);
});

test('clocks that have ended come in the order in which they ended', () => {
  const timed: Timed = {
    ...session,
    options: { ...defaultOptions, lifetimeMs: hour },
    connection: withLease(freeConnection, asClientId('ann'), 2),
  };
  expect(dueAt(timed, 3 * hour)).toEqual(['leaseEnded', 'lifetimeEnded', 'idleTimeout']);
});

test.each([60_000, 2_147_483_647])('P36 P50 an idle timeout of %d ms is accepted', (idleTimeoutMs) => {
  expect(completeOptions({ idleTimeoutMs }).idleTimeoutMs).toBe(idleTimeoutMs);
});

test.each([59_999, 2_147_483_648, Number.NaN])(
  'P36 P50 an idle timeout of %d ms is refused',
  (idleTimeoutMs) => {
    expect(() => completeOptions({ idleTimeoutMs })).toThrow(
      /IdleTimeout is .* it must be from 60000 to 2147483647 milliseconds/,
    );
  },
);

test('P58 P59 what is not chosen keeps its default', () => {
  expect(completeOptions({ idleTimeoutMs: 90_000, lifetimeMs: undefined })).toEqual({
    ...defaultOptions,
    idleTimeoutMs: 90_000,
  });
});
