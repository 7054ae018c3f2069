import { readdirSync, readFileSync } from 'node:fs';
import { startOf } from '../store/pid-lock';
import { systemCodeOf } from '../store/system-error';

/** The variable by which the processes of one engine can be found when nothing else is known of them. */
export const engineNonceVariable = 'RUNSPACED_ENGINE_NONCE';

/** A process that can't be mistaken for a later one with the same id. */
export interface KnownProcess {
  readonly pid: number;
  /** When it started, in this system's own form (`startOf` of store/pid-lock). */
  readonly start: string;
}

/** This very process, while it lives; undefined if there is no such process. */
export function knownProcess(pid: number): KnownProcess | undefined {
  const start = startOf(pid);
  return start === undefined ? undefined : { pid, start };
}

/** Whether that very process still runs; one that is dead and only not yet collected by its parent does not. */
export function isSameProcess({ pid, start }: KnownProcess): boolean {
  return startOf(pid) === start && statFields(pid)[0] !== 'Z';
}

/** Kills a process group. Returns whether there was one; "already gone" is no error. */
export function killGroup(leader: number): boolean {
  try {
    process.kill(-leader, 'SIGKILL');
    return true;
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ESRCH') return false;
    throw thrown;
  }
}

/** Kills one process; "already gone" is no error. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (thrown) {
    // EPERM: it became another user's.
    if (systemCodeOf(thrown) !== 'ESRCH' && systemCodeOf(thrown) !== 'EPERM') throw thrown;
  }
}

/**
 * The process groups in which something carries this nonce in its environment; for an engine whose process id was
 * never written down. Found on Linux only; elsewhere none.
 */
export function groupsWithNonce(nonce: string): readonly number[] {
  const marker = `${engineNonceVariable}=${nonce}`;
  const found = processIds().filter((pid) => readProc(pid, 'environ').split('\0').includes(marker));
  return [...new Set(found.map(groupOf).filter((group) => group !== undefined))];
}

function processIds(): readonly number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid > 1);
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return [];
    throw thrown;
  }
}

function groupOf(pid: number): number | undefined {
  const group = Number(statFields(pid)[2]);
  return Number.isInteger(group) && group > 1 ? group : undefined;
}

/** What follows the name in brackets, which may hold anything: state, parent, group … */
function statFields(pid: number): readonly string[] {
  const stat = readProc(pid, 'stat');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Empty for a process that is gone, or another user's. */
function readProc(pid: number, file: 'environ' | 'stat'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
