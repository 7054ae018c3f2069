import { asKeeperId, asPrincipal, isGuid, type KeeperId, type Principal } from '../core/ids';

/** What keeper.json says: written by the daemon before the keeper is spawned, read by the keeper and later daemons. */
export interface StoredKeeper {
  readonly id: KeeperId;
  /** Whose sessions it holds. */
  readonly owner: Principal;
  /** The user that its engines run as; empty: its own. */
  readonly user: string;
  /** Proves to the keeper that a caller can read this file. */
  readonly nonce: string;
  /** Where it listens. */
  readonly socketPath: string;
  /** The product version it was started with. */
  readonly version: string;
}

/** Reads a keeper.json. Throws an Error that says what is wrong with it. */
export function toStoredKeeper(json: unknown): StoredKeeper {
  const fields: Readonly<Partial<Record<string, unknown>>> =
    typeof json === 'object' && json !== null ? { ...json } : {};
  const text = (name: string, emptiness: 'mayBeEmpty' | 'neverEmpty' = 'neverEmpty'): string => {
    const value = fields[name];
    if (typeof value !== 'string' || (value === '' && emptiness === 'neverEmpty'))
      throw new Error(`it names no ${name}`);
    return value;
  };
  const id = text('id');
  if (!isGuid(id)) throw new Error('its id is no GUID');
  return {
    id: asKeeperId(id),
    owner: asPrincipal(text('owner')),
    user: fields['user'] === undefined ? '' : text('user', 'mayBeEmpty'),
    nonce: text('nonce'),
    socketPath: text('socketPath'),
    version: text('version'),
  };
}
