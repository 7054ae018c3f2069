import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { toError } from '../core/error';
import { acquirePidLock, formatHolder, isAlive, parseHolder, thisProcess, type Holder } from './pid-lock';
import { systemCodeOf, unusable } from './system-error';

/** A lock that this process holds until it is disposed of, or the process ends in whatever way. */
export interface Lock extends Disposable {
  readonly path: string;
}

/** The lock, or who has it: `pid` for the message, where it could be found out. */
export type LockResult =
  | { readonly is: 'acquired'; readonly lock: Lock }
  | { readonly is: 'held'; readonly path: string; readonly pid: number | undefined };

/** How locks are made here; tests change it. */
export interface LockOptions {
  /** The program that locks a descriptor it inherits (util-linux, busybox). Default: `flock`, found on PATH. */
  readonly flockProgram?: string;
}

/**
 * Takes the exclusive lock of that file, or says who holds it; never waits. The lock file is made if need be;
 * nobody else may delete it. Node can't lock files itself: `flock` locks our descriptor, which then belongs to us alone, since it
 * is closed in every process that we start. Where that program is missing, a pid with its start time does.
 * Throws STATE_FOLDER_UNUSABLE if the file can't be locked at all.
 */
export function acquireLock(path: string, options: LockOptions = {}): LockResult {
  const fd = openLockFile(path);
  try {
    const outcome = flock(fd, path, options.flockProgram ?? 'flock');
    if (outcome === 'held') return release(fd, heldBy(path));
    if (outcome === 'missing') return release(fd, acquirePidLock(path));
  } catch (thrown) {
    closeSync(fd);
    throw thrown;
  }
  // Taken with the program; but a process that had no such program may hold it by its pid.
  const other = holderIn(path);
  if (other?.by === 'pid' && isAlive(other)) return release(fd, { is: 'held', path, pid: other.pid });
  ftruncateSync(fd, 0);
  writeSync(fd, formatHolder(thisProcess('flock')), 0);
  return { is: 'acquired', lock: new DescriptorLock(path, fd) };
}

class DescriptorLock implements Lock {
  readonly path: string;
  #fd: number | undefined;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  [Symbol.dispose](): void {
    if (this.#fd === undefined) return;
    ftruncateSync(this.#fd, 0);
    closeSync(this.#fd);
    this.#fd = undefined;
  }
}

function release(fd: number, result: LockResult): LockResult {
  closeSync(fd);
  return result;
}

function openLockFile(path: string): number {
  try {
    // a+: made if missing, never emptied: who holds the lock has written its pid there.
    return openSync(path, 'a+', 0o600);
  } catch (thrown) {
    throw unusable({
      path,
      why: toError(thrown).message,
      remedy: 'see that its folder is yours',
      cause: thrown,
    });
  }
}

function flock(fd: number, path: string, program: string): 'taken' | 'held' | 'missing' {
  const { error, status, stderr } = spawnSync(program, ['-n', '3'], {
    stdio: ['ignore', 'ignore', 'pipe', fd],
  });
  if (systemCodeOf(error) === 'ENOENT') return 'missing';
  if (status === 0) return 'taken';
  if (status === 1 && stderr.length === 0) return 'held';
  const why = `locking failed: ${error?.message ?? stderr.toString().trim()}`;
  throw unusable({ path, why, remedy: 'choose a folder on a disk of this machine' });
}

/** The file may still name an earlier holder, while the new one has yet to write its pid. */
function heldBy(path: string): LockResult {
  const holder = holderIn(path);
  return { is: 'held', path, pid: holder !== undefined && isAlive(holder) ? holder.pid : undefined };
}

function holderIn(path: string): Holder | undefined {
  return parseHolder(readFileSync(path, 'utf8'));
}
