import type { Duration } from './gen/google/protobuf/duration';

/** A message for a time in ms; undefined stays so. */
export function toDuration(ms: number | undefined): Duration | undefined {
  if (ms === undefined) return undefined;
  const seconds = Math.trunc(ms / 1e3);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1e3) * 1e6) };
}

/** The time in ms that a message says; undefined stays so. */
export function fromDuration(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : Number(duration.seconds) * 1e3 + duration.nanos / 1e6;
}
