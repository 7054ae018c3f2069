import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { OsUser } from '../configuration/environment';

/** The user of this name: asked of the system's own directory services, else of /etc/passwd. */
export function findUser(name: string): OsUser | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9._-]*\$?$/.test(name)) return undefined;
  const asked = spawnSync('getent', ['passwd', name], { encoding: 'utf8' });
  const lines = asked.error === undefined ? asked.stdout : readPasswd();
  return lines
    .split('\n')
    .map(userIn)
    .find((user) => user?.name === name);
}

function userIn(line: string): OsUser | undefined {
  const [name, , uid, gid, , home, shell] = line.split(':');
  if (name === undefined || uid === undefined || gid === undefined || home === undefined) return undefined;
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return undefined;
  return { name, uid: Number(uid), gid: Number(gid), home, shell: shell ?? '/bin/sh' };
}

function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch {
    return ''; // A system without the file has no users that we could find.
  }
}
