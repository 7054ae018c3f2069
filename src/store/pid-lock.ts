import { spawnSync } from 'node:child_process';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { systemCodeOf, unusable } from './system-error';

/** Who holds a lock, as written in the lock file: `pid start by`. */
export interface Holder {
  readonly pid: number;
  /** When that process started, in whatever form this system says it: a pid is given again, not with the same start. */
  readonly start: string;
  readonly by: 'flock' | 'pid';
}

/** The line for a lock file. */
export function formatHolder({ pid, start, by }: Holder): string {
  return `${pid} ${start} ${by}\n`;
}

/** Who is named in a lock file, if it names one. */
export function parseHolder(text: string): Holder | undefined {
  const [, pid = '', start = '', by] = /^(\d+) (\S+) (flock|pid)\n$/.exec(text) ?? [];
  if (by !== 'flock' && by !== 'pid') return undefined;
  return { pid: Number(pid), start, by };
}

/** When the process started, in clock ticks on Linux, else as `ps` says it; undefined if there is no such process. */
export function startOf(pid: number): string | undefined {
  if (!exists(pid)) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is a name in brackets and may hold anything; the start is the 22nd.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    const start = typeof stdout === 'string' ? stdout.trim().replaceAll(/\s+/g, '_') : '';
    // Without either way only the pid is compared.
    return start === '' ? 'unknown' : start;
  }
}

/** Whether the very process that wrote this still runs. */
export function isAlive({ pid, start }: Holder): boolean {
  return startOf(pid) === start;
}

/** This process as a holder. */
export function thisProcess(by: Holder['by']): Holder {
  return { pid: process.pid, start: startOf(process.pid) ?? 'unknown', by };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return systemCodeOf(thrown) === 'EPERM';
  }
}

/**
 * The lock where no `flock` program is: the file names its holder, and a holder that no longer runs has lost it. The
 * file comes into being with its text in it (by a link), so no one ever finds it half written.
 */
export function acquirePidLock(path: string): PidLockResult {
  const mine = `${path}.${process.pid}.tmp`;
  writeFileSync(mine, formatHolder(thisProcess('pid')), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      if (tryLink(mine, path)) return { is: 'acquired', lock: new PidLock(path) };
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(holder)) return { is: 'held', path, pid: holder.pid };
      takeAway(path);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  throw unusable({ path, why: 'others keep taking this lock', remedy: 'try again' });
}

/** The lock, or the pid that has it. */
type PidLockResult =
  | { readonly is: 'acquired'; readonly lock: PidLock }
  | { readonly is: 'held'; readonly path: string; readonly pid: number };

class PidLock implements Disposable {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  [Symbol.dispose](): void {
    if (readHolder(this.path)?.pid === process.pid) rmSync(this.path, { force: true });
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'EEXIST') return false;
    throw unusable({
      path: to,
      why: 'its folder takes no links',
      remedy: 'choose another folder',
      cause: thrown,
    });
  }
}

/** Moves a dead holder's file away, and back again if meanwhile it was a living one's. */
function takeAway(path: string): void {
  const aside = `${path}.${process.pid}.old`;
  try {
    renameSync(path, aside);
  } catch (thrown) {
    // Someone else was faster.
    if (systemCodeOf(thrown) === 'ENOENT') return;
    throw thrown;
  }
  const holder = readHolder(aside);
  if (holder !== undefined && isAlive(holder)) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function readHolder(path: string): Holder | undefined {
  try {
    return parseHolder(readFileSync(path, 'utf8'));
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}
