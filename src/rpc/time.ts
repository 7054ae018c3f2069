import { RunspaceError } from '../core/error';
import type { Duration } from '../gen/google/protobuf/duration';

/** A duration in milliseconds, rounded; undefined where the field was left out. Error: INVALID_ARGUMENT below zero. */
export function toMilliseconds(duration: Duration | undefined, field: string): number | undefined {
  if (duration === undefined) return undefined;
  const ms = Number(duration.seconds) * 1000 + duration.nanos / 1e6;
  if (ms >= 0) return ms;
  throw new RunspaceError('INVALID_ARGUMENT', `${field} is negative`, { facts: { field } });
}

/** Milliseconds as a duration. */
export function fromMilliseconds(ms: number): Duration {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: Math.round((ms % 1000) * 1e6) };
}
