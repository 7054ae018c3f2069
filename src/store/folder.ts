import { chmodSync, lstatSync, mkdirSync, readdirSync, realpathSync, type Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { toError } from '../core/error';
import { systemCodeOf, unusable } from './system-error';

const permissionBits = 0o777;
const othersBits = 0o077;
const othersWriteBits = 0o022;

/** Makes the folder and what is missing above it, closed to others (0700). One that exists is left as it is. */
export function makeFolder(path: string): void {
  try {
    makeWithParents(path);
  } catch (thrown) {
    const remedy = 'choose a place where you may write';
    throw unusable({ path, why: toError(thrown).message, remedy, cause: thrown });
  }
}

/** Makes the folder in one that must be there: what was removed under us is not made again in part. */
export function makeOneFolder(path: string): void {
  try {
    if (tryToMake(path) === 'made') return;
  } catch (thrown) {
    throw unusable({
      path,
      why: toError(thrown).message,
      remedy: 'choose a place where you may write',
      cause: thrown,
    });
  }
  throw unusable({
    path,
    why: 'the folder that it is to be in was removed',
    remedy: 'start the daemon again',
  });
}

/** Not by Node's `recursive`: in a file system that makes no folders, such as /proc, that tries for ever. */
function makeWithParents(path: string): void {
  if (tryToMake(path) === 'made') return;
  const parent = dirname(path);
  if (parent !== path) makeWithParents(parent);
  mkdirSync(path, { mode: 0o700 });
}

function tryToMake(path: string): 'made' | 'parentMissing' {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (thrown) {
    const code = systemCodeOf(thrown);
    if (code === 'ENOENT') return 'parentMissing';
    if (code !== 'EEXIST') throw thrown;
  }
  return 'made';
}

/**
 * Makes sure that the folder belongs to user `uid` and is closed to everybody else, as ssh does with its own: others
 * could otherwise replace what we trust. An empty one to which others couldn't write is closed; else throws
 * STATE_FOLDER_UNUSABLE with the remedy. A symbolic link is refused.
 */
export function requirePrivateFolder(path: string, uid: number): void {
  const stats = statOf(path);
  if (stats.isSymbolicLink()) {
    throw unusable({ path, why: 'it is a symbolic link', remedy: 'remove it, or name the folder itself' });
  }
  if (!stats.isDirectory())
    throw unusable({ path, why: 'it is no folder', remedy: 'remove it or choose another' });
  if (stats.uid !== uid) {
    const why = `it belongs to user ${stats.uid}, and this is user ${uid}`;
    throw unusable({ path, why, remedy: 'choose a folder of your own' });
  }
  if ((stats.mode & othersBits) === 0) return;
  if ((stats.mode & othersWriteBits) === 0 && readdirSync(path).length === 0) {
    chmodSync(path, 0o700);
    return;
  }
  const why = `others have access to it (mode ${(stats.mode & permissionBits).toString(8).padStart(4, '0')})`;
  throw unusable({ path, why, remedy: `make sure that all in it is yours, then chmod 700 '${path}'` });
}

/** Whether `requirePrivateFolder` would pass without a change. */
export function isPrivateFolder(path: string, uid: number): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats !== undefined && stats.isDirectory() && stats.uid === uid && (stats.mode & othersBits) === 0;
}

/**
 * The path with all symbolic links followed, also of something that doesn't exist yet: then the part that exists is
 * followed, and the rest is appended as it is.
 */
export function realPathOf(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch (thrown) {
    const parent = dirname(absolute);
    if (systemCodeOf(thrown) === 'ENOENT' && parent !== absolute)
      return join(realPathOf(parent), basename(absolute));
    throw unusable({ path, why: toError(thrown).message, remedy: 'choose another folder', cause: thrown });
  }
}

function statOf(path: string): Stats {
  try {
    return lstatSync(path);
  } catch (thrown) {
    throw unusable({ path, why: toError(thrown).message, remedy: 'choose another folder', cause: thrown });
  }
}
