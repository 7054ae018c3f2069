import { resolve } from 'node:path';
import { stateFolder } from '../typescript/address';
import type { Settings } from './setting-keys';
import type { Environment } from './settings';

/** Which daemon is meant: that of a state folder, which this program may start, or whoever listens at an address. */
export type Place =
  { readonly is: 'home'; readonly home: string } | { readonly is: 'address'; readonly address: string };

/** What says which daemon is meant; the first that says anything wins: flags, then the environment, then the file. */
export interface PlaceSources {
  readonly flags: { readonly home: string | undefined; readonly address: string | undefined };
  readonly environment: Environment;
  readonly settings: Settings;
}

/** Which daemon is meant. An address wins over a state folder from the same source. */
export function placeOf({ flags, environment, settings }: PlaceSources): Place {
  const { RUNSPACED_HOME: home, RUNSPACED_ADDRESS: address } = environment;
  const sources = [flags, { home, address }, { home: settings.home, address: settings.address }];
  for (const source of sources) {
    if (isGiven(source.address)) return { is: 'address', address: source.address };
    if (isGiven(source.home)) return { is: 'home', home: resolve(source.home) };
  }
  return { is: 'home', home: stateFolder(environment) };
}

/** Whether the daemon is one of another machine. */
export function isElsewhere(place: Place): boolean {
  return place.is === 'address' && place.address.startsWith('grpcs:');
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}
