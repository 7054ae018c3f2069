import type { SessionOptions } from '../core/session-options';
import { atTime, type Connection } from './connection';
import { idleDeadline, type IdleClock } from './idle-clock';

/** What a session's clocks ask for. */
export type Due = 'leaseEnded' | 'idleTimeout' | 'connectedIdleTimeout' | 'lifetimeEnded';

/** What the clocks of a session look at. */
export interface Timed {
  readonly options: SessionOptions;
  readonly createdAt: number;
  readonly idle: IdleClock;
  readonly connection: Connection;
  /** When the connected client last did something; ms since 1970. */
  readonly activeAt: number;
}

/** When each clock of an open session ends; ms since 1970. */
export function deadlinesOf(session: Timed): readonly (readonly [due: Due, at: number])[] {
  const { options, connection } = session;
  const all: (readonly [Due, number | undefined])[] = [
    ['leaseEnded', connection.is === 'held' ? connection.leaseUntil : undefined],
    ['idleTimeout', idleDeadline(session.idle, options.idleTimeoutMs)],
    ['connectedIdleTimeout', connectedIdleDeadline(session)],
    ['lifetimeEnded', options.lifetimeMs === undefined ? undefined : session.createdAt + options.lifetimeMs],
  ];
  return all.filter((entry): entry is readonly [Due, number] => entry[1] !== undefined);
}

/** The clocks that have ended by now, in the order in which they ended. */
export function dueAt(session: Timed, now: number): readonly Due[] {
  return deadlinesOf(session)
    .filter(([, at]) => at <= now)
    .sort(([, a], [, b]) => a - b)
    .map(([due]) => due);
}

function connectedIdleDeadline(session: Timed): number | undefined {
  const { connectedIdleTimeoutMs } = session.options;
  const isConnected = atTime(session.connection, session.activeAt).is === 'held';
  return connectedIdleTimeoutMs === undefined || !isConnected
    ? undefined
    : session.activeAt + connectedIdleTimeoutMs;
}
