import type { Credential, Target } from '../../typescript';
import type { Context } from '../context';
import { UsageError } from '../failure';
import { type FlagName } from '../flags';
import { fanOutFlags, selectingFlags, sessionFlags, targetFlags } from '../flag-groups';
import type { GivenFlag } from '../words';
import { targetCredential, targetUsers } from './credential';
import { delegatedCredential } from './delegated-credential';
import { mixedItems } from './mix';
import { placesOf } from './places';
import { belongsTo, resolveParameterSet, type ResolvedSet, type SetFlag } from './parameter-sets';

/** A place where a session is made for a command, and what the line says of it. */
export interface Place {
  readonly target: Target;
  /** Whose flags its session is made by. */
  readonly context: Context;
  readonly credential: Credential | undefined;
}

/** Where a command is to run. */
export type Where =
  /** The caller's own session `default`. */
  | { readonly is: 'own' }
  /** Sessions that are there, by name, number, id or pattern. */
  | { readonly is: 'sessions'; readonly references: readonly string[] }
  /** Sessions that are made for it. */
  | { readonly is: 'places'; readonly places: readonly Place[] }
  /** Any of these, in their order. */
  | { readonly is: 'mix'; readonly parts: readonly (SessionsPart | PlacesPart)[] };

type SessionsPart = Extract<Where, { is: 'sessions' }>;
type PlacesPart = Extract<Where, { is: 'places' }>;

/** Where a command line says that something is to be. Everything is checked, and a password asked, before any connection. */
export async function resolveWhere(context: Context, session: string | undefined): Promise<Where> {
  if (context.has('targets')) return resolveMix(context, session);
  return resolveOne(context, session, targetCredential);
}

/** How a line's credential is come by. */
type CredentialOf = (context: Context) => Promise<Credential | undefined>;

async function resolveOne(
  context: Context,
  session: string | undefined,
  credentialOf: CredentialOf,
): Promise<Exclude<Where, { is: 'mix' }>> {
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
      const targets = placesOf(context, family);
      const credential = await credentialOf(context);
      const places: Place[] = [];
      for (const target of targets)
        places.push({
          target,
          context,
          credential: credential ?? (await delegatedCredential(context, target)),
        });
      return { is: 'places', places };
    }
  }
}

/** Each item of --targets is a line of its own, with those flags of the whole line that it has a use for. */
async function resolveMix(context: Context, session: string | undefined): Promise<Where> {
  const [other] = context.given(...selectingFlags.filter((name) => name !== 'targets'), 'session-name');
  if (other !== undefined || session !== undefined)
    throw new UsageError(
      `--targets is not valid together with ${other === undefined ? `the session '${session ?? ''}'` : `--${other.name}`}: it names any kind of target itself`,
      'INVALID_ARGUMENT',
      { metadata: { fully_qualified_id: 'AmbiguousParameterSet' } },
    );
  const parts: (SessionsPart | PlacesPart)[] = [];
  const credentialOf = askedOnce();
  for (const item of await mixedItems(context)) {
    if (item.is === 'place') {
      const line = context.withFlags([...item.flags, ...context.flags]);
      const { target } = item;
      const credential = (await credentialOf(line)) ?? (await delegatedCredential(line, target));
      parts.push({ is: 'places', places: [{ target, context: line, credential }] });
      continue;
    }
    const line = lineOf(context, item.flags);
    const where = await resolveOne(line, undefined, credentialOf);
    if (where.is !== 'own') parts.push(where);
  }
  return { is: 'mix', parts };
}

/** The item's own flags first: they win. */
function lineOf(context: Context, own: readonly GivenFlag[]): Context {
  const family = resolveParameterSet(own.map(({ name }) => setFlagOf(name))).family;
  const bound: readonly FlagName[] = [...targetFlags, ...sessionFlags, 'credential'];
  const others = context.flags.filter(
    (flag) =>
      flag.name !== 'targets' &&
      !own.some(({ name }) => name === flag.name) &&
      (!bound.includes(flag.name) || belongsTo(setFlagOf(flag.name), family)),
  );
  return context.withFlags([...own, ...others]);
}

/** `--credential` of a line without arguments of that kind is about the target. */
function setFlagOf(name: FlagName): SetFlag {
  return name === 'credential' ? 'target-credential' : name;
}

/** A password is asked once for each user, however many targets it is for. */
function askedOnce(): CredentialOf {
  const known = new Map<string, Credential | undefined>();
  return async (context) => {
    const key = JSON.stringify([
      targetUsers(context),
      context.text('token-file'),
      context.text('password-file'),
    ]);
    if (!known.has(key)) known.set(key, await targetCredential(context));
    return known.get(key);
  };
}

/** The one place of a new session; undefined: this machine. */
export async function newPlace(
  context: Context,
): Promise<{ readonly target?: Target; readonly credential?: Credential }> {
  const where = await resolveWhere(context, undefined);
  if (where.is !== 'places') return {};
  const { target, credential } = onlyPlace(where);
  return { target, ...(credential === undefined ? {} : { credential }) };
}

/** The place of one session. Throws UsageError for a list. */
export function onlyPlace({ places }: PlacesPart): Place {
  const [place, second] = places;
  if (place !== undefined && second === undefined) return place;
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
