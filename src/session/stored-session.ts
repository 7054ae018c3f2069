import { toKeptConfiguration } from '../configuration/kept';
import type { KeptConfiguration } from '../configuration/configuration';
import { errorCodes, type ErrorFacts, type Problem } from '../core/error';
import { asClientId, asKeeperId, asPrincipal, asSessionId, isGuid } from '../core/ids';
import type { ClientId, KeeperId, Principal, SessionId } from '../core/ids';
import type { SessionState } from '../core/session-state';
import type { SessionOptions } from '../core/session-options';
import { sessionTransitions } from '../core/session-state';
import type { Target } from '../core/target';
import type { IdleClock } from './idle-clock';
import { completeOptions } from './options';

/** What is kept of a session in its `session.json`. Holds no secret and no environment. */
export interface StoredSession {
  readonly id: SessionId;
  readonly number: number;
  readonly name: string;
  readonly owner: Principal;
  readonly engine: string;
  readonly target: string;
  readonly place: Target;
  readonly options: SessionOptions;
  /** The configuration that it was opened with; undefined: the engine's own. */
  readonly configuration: KeptConfiguration | undefined;
  readonly state: SessionState;
  readonly problem: Problem | undefined;
  /** The keeper that holds it, or held it; undefined until one is chosen. */
  readonly keeperId: KeeperId | undefined;
  /** Its id at the daemon that has it; undefined: its keeper here has it. */
  readonly farSession: string | undefined;
  readonly runspaceId: string;
  readonly engineVersion: string;
  /** Wall-clock times in ms since 1970. */
  readonly createdAt: number;
  readonly endedAt: number | undefined;
  readonly idle: IdleClock;
  /** A connection that outlives streams: who, until when. */
  readonly lease: { readonly client: ClientId; readonly until: number } | undefined;
}

/** Reads a session.json. Throws an Error that says what is wrong with it. */
export function toStoredSession(json: unknown): StoredSession {
  const fields = objectOf(json, 'the file');
  const id = textOf(fields, 'id');
  if (!isGuid(id)) throw new Error(`id is not a GUID`);
  const keeperId = optionalText(fields, 'keeperId');
  return {
    id: asSessionId(id),
    number: numberOf(fields, 'number'),
    name: textOf(fields, 'name'),
    owner: asPrincipal(textOf(fields, 'owner')),
    engine: textOf(fields, 'engine'),
    target: textOf(fields, 'target'),
    place: placeOf(fields['place']),
    options: optionsOf(objectOf(fields['options'], 'options')),
    configuration:
      fields['configuration'] === undefined ? undefined : toKeptConfiguration(fields['configuration']),
    state: stateOf(textOf(fields, 'state')),
    problem: fields['problem'] === undefined ? undefined : problemOf(objectOf(fields['problem'], 'problem')),
    keeperId: keeperId === undefined ? undefined : asKeeperId(keeperId),
    farSession: optionalText(fields, 'farSession'),
    runspaceId: textOf(fields, 'runspaceId'),
    engineVersion: textOf(fields, 'engineVersion'),
    createdAt: numberOf(fields, 'createdAt'),
    endedAt: fields['endedAt'] === undefined ? undefined : numberOf(fields, 'endedAt'),
    idle: idleOf(objectOf(fields['idle'], 'idle')),
    lease: fields['lease'] === undefined ? undefined : leaseOf(objectOf(fields['lease'], 'lease')),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function objectOf(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${name} is not an object`);
  return value as Fields;
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new Error(`${name} is not a text`);
  return value;
}

function optionalText(fields: Fields, name: string): string | undefined {
  return fields[name] === undefined ? undefined : textOf(fields, name);
}

function numberOf(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number') throw new Error(`${name} is not a number`);
  return value;
}

/** Written by us as it stands; files of former versions have none. */
function placeOf(value: unknown): Target {
  if (value === undefined) return { is: 'local' };
  const place = objectOf(value, 'place');
  const is = textOf(place, 'is');
  if (is !== 'local' && is !== 'ssh' && is !== 'container' && is !== 'daemon')
    throw new Error(`place ${is} is not one of ours`);
  if (is === 'ssh' || is === 'daemon') textOf(place, 'host');
  if (is === 'container') textOf(place, 'container');
  return place as unknown as Target;
}

function stateOf(text: string): SessionState {
  const state = Object.keys(sessionTransitions).find((known) => known === text);
  if (state === undefined) throw new Error(`state ${text} is not one of ours`);
  return state as SessionState;
}

function problemOf(fields: Fields): Problem {
  const text = textOf(fields, 'code');
  const code = errorCodes.find((known) => known === text) ?? 'INTERNAL';
  const facts = Object.entries(objectOf(fields['facts'], 'facts')).map(([name, value]) => [
    name,
    String(value),
  ]);
  return { code, message: textOf(fields, 'message'), facts: Object.fromEntries(facts) as ErrorFacts };
}

function idleOf(fields: Fields): IdleClock {
  return textOf(fields, 'is') === 'running'
    ? { is: 'running', zeroAt: numberOf(fields, 'zeroAt') }
    : { is: 'still', elapsedMs: numberOf(fields, 'elapsedMs') };
}

function leaseOf(fields: Fields): { client: ClientId; until: number } {
  return { client: asClientId(textOf(fields, 'client')), until: numberOf(fields, 'until') };
}

function optionsOf(fields: Fields): SessionOptions {
  const number = (name: string) => (fields[name] === undefined ? undefined : numberOf(fields, name));
  return completeOptions({
    idleTimeoutMs: number('idleTimeoutMs'),
    connectedIdleTimeoutMs: number('connectedIdleTimeoutMs'),
    lifetimeMs: number('lifetimeMs'),
    outputBufferingMode: fields['outputBufferingMode'] === 'drop' ? 'drop' : 'block',
    openTimeoutMs: number('openTimeoutMs'),
    maximumReceivedObjectSize: number('maximumReceivedObjectSize'),
    unreadLimitBytes: number('unreadLimitBytes'),
    maximumRunTimeMs: number('maximumRunTimeMs'),
    hostCalls: (['wait', 'fail', 'default'] as const).find((policy) => policy === fields['hostCalls']),
    maximumReceivedDataSizePerCommand: number('maximumReceivedDataSizePerCommand'),
    cancelTimeoutMs: number('cancelTimeoutMs'),
    operationTimeoutMs: number('operationTimeoutMs'),
    culture: optionalText(fields, 'culture'),
    uiCulture: optionalText(fields, 'uiCulture'),
    maximumConnectionRetryCount: number('maximumConnectionRetryCount'),
  });
}
