import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { SessionId } from '../core/ids';
import type { Log } from '../core/log';
import { toStoredSession, type StoredSession } from '../session/stored-session';
import { makeOneFolder } from '../store/folder';
import { readJson, readJsonEntries, replaceJson } from '../store/json-file';
import type { StateLayout } from '../store/state-layout';

/** Every session whose file can be read; a broken file is logged and stops nothing. */
export async function readSessions(layout: StateLayout, log: Log): Promise<readonly StoredSession[]> {
  const places = { folder: layout.sessionsFolder, file: 'session.json' };
  const sessions: StoredSession[] = [];
  for (const { name, result } of await readJsonEntries(places, toStoredSession)) {
    if (result.is === 'read') sessions.push(result.value);
    if (result.is === 'broken') log.error('session file not read', result.error, { session: name });
  }
  return sessions;
}

/** Writes a session's file, in a folder that is made for it. */
export function saveSession(layout: StateLayout, session: StoredSession): Promise<void> {
  makeOneFolder(layout.sessionFolder(session.id));
  return replaceJson(layout.sessionFile(session.id), session, 'crash');
}

/** Deletes what a session wrote, or all that is kept of it. */
export async function eraseSession(
  layout: StateLayout,
  session: SessionId,
  what: 'records' | 'everything',
): Promise<void> {
  const folder = layout.sessionFolder(session);
  if (what === 'everything') return rm(folder, { recursive: true, force: true });
  const own = basename(layout.sessionFile(session));
  for (const name of await readdir(folder))
    if (name !== own) await rm(join(folder, name), { recursive: true, force: true });
}

/** The key of the state folder's fingerprints, made at its first use. */
export async function fingerprintKey(layout: StateLayout): Promise<Uint8Array> {
  const path = join(layout.requestsFolder, 'fingerprint-key.json');
  const found = await readJson(path, toKey);
  if (found.is === 'read') return found.value;
  if (found.is === 'broken') throw found.error;
  const key = randomBytes(32);
  await replaceJson(path, { key: key.toString('hex') });
  return key;
}

function toKey(json: unknown): Uint8Array {
  if (typeof json === 'object' && json !== null && 'key' in json && typeof json.key === 'string')
    return Buffer.from(json.key, 'hex');
  throw new Error('it holds no key');
}
