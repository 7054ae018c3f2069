import type { Target } from '../core/target';

/** Whether a daemon is looked for there: not where the caller says how the engine is to be started. */
export function mayBeFar(place: Target): boolean {
  if (place.is === 'daemon') return true;
  return place.is === 'ssh' && !place.direct && place.command === undefined && place.subsystem === undefined;
}
