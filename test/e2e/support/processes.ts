import { readdirSync, readFileSync } from 'node:fs';
import { systemCodeOf } from '../../../src/store/system-error';

/** What a process of a machine is. */
export type ProcessKind = 'daemon' | 'keeper' | 'engine' | 'other';

/** A process that runs now. */
export interface FoundProcess {
  readonly pid: number;
  readonly kind: ProcessKind;
  /** Its process group. */
  readonly group: number;
  readonly command: string;
}

/** The processes that have this line in their environment; those that have just ended are left out. */
export function processesWith(environmentLine: string): readonly FoundProcess[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .flatMap((pid) => {
      const environment = read(pid, 'environ').split('\0');
      if (!environment.includes(environmentLine)) return [];
      const command = read(pid, 'cmdline').replaceAll('\0', ' ').trim();
      const stat = read(pid, 'stat');
      const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
      return [{ pid, kind: kindOf(command, environment), group, command }];
    });
}

/** Ends a process that may be gone already. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (thrown) {
    if (systemCodeOf(thrown) !== 'ESRCH') throw thrown;
  }
}

/** Whether there is such a process. */
export function isAlive(pid: number): boolean {
  const stat = read(pid, 'stat');
  // One that nobody has waited for yet is dead too.
  return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
}

function kindOf(command: string, environment: readonly string[]): ProcessKind {
  if (environment.some((line) => line.startsWith('RUNSPACED_ENGINE_NONCE='))) return 'engine';
  if (command.includes('keeper.js')) return 'keeper';
  return /\/runspaced\b(?! (status|stop|audit))/.test(command) ? 'daemon' : 'other';
}

function read(pid: number, file: 'environ' | 'cmdline' | 'stat'): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
