import type { Credential, Target } from '../../typescript';
import type { Context } from '../context';
import { UsageError } from '../failure';
import { type FlagName } from '../flags';
import { fanOutFlags, sessionFlags, targetFlags } from '../flag-groups';
import { targetCredential, targetUsers } from './credential';
import { placesOf } from './places';
import { resolveParameterSet, type ResolvedSet, type SetFlag } from './parameter-sets';

/** Where a command is to run. */
export type Where =
  /** The caller's own session `default`. */
  | { readonly is: 'own' }
  /** Sessions that are there, by name, number, id or pattern. */
  | { readonly is: 'sessions'; readonly references: readonly string[] }
  /** Sessions that are made for it. */
  | {
      readonly is: 'places';
      readonly places: readonly Target[];
      readonly credential: Credential | undefined;
    };

/** Where a command line says that something is to be. Everything is checked, and a password asked, before any connection. */
export async function resolveWhere(context: Context, session: string | undefined): Promise<Where> {
  const { family } = parameterSetOf(context, session);
  switch (family) {
    case 'InProcess':
      return { is: 'own' };
    case 'Session':
      return { is: 'sessions', references: session === undefined ? context.texts('session') : [session] };
    case 'ComputerName':
    case 'Uri':
    case 'SSHHost':
    case 'SSHHostHashParam':
    case 'ContainerId':
    case 'VMId':
    case 'VMName': {
      const places = placesOf(context, family);
      return { is: 'places', places, credential: await targetCredential(context) };
    }
  }
}

/** The one place of a new session; undefined: this machine. */
export async function newPlace(
  context: Context,
): Promise<{ readonly target?: Target; readonly credential?: Credential }> {
  const where = await resolveWhere(context, undefined);
  if (where.is !== 'places') return {};
  return {
    target: onlyPlace(where),
    ...(where.credential === undefined ? {} : { credential: where.credential }),
  };
}

/** The place of one session. Throws UsageError for a list. */
export function onlyPlace({ places }: Extract<Where, { is: 'places' }>): Target {
  const [target, second] = places;
  if (target !== undefined && second === undefined) return target;
  throw new UsageError('a session has one place: name one target, or make several sessions', 'UNSUPPORTED');
}

/** The parameter set of a line; a session that is named as a word counts as --session. */
function parameterSetOf(context: Context, session: string | undefined): ResolvedSet {
  const names: readonly FlagName[] = [
    ...targetFlags,
    ...fanOutFlags,
    ...sessionFlags,
    'no-new-scope',
    'file-path',
  ];
  const given: SetFlag[] = context.given(...names).map(({ name }) => name);
  if (targetUsers(context).length > 0) given.push('target-credential');
  if (session !== undefined) given.unshift('session');
  return resolveParameterSet([...new Set(given)]);
}
