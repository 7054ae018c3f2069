import { readdirSync, readFileSync } from 'node:fs';
import { engineNonceVariable } from './processes';

/** A process, as far as quotas look at it. */
export interface SessionProcess {
  readonly pid: number;
  /** How long ago it was started. */
  readonly ageMs: number;
}

/** What tells which processes are a session's. */
export interface EngineMark {
  /** The engine's own process, the leader of its group. */
  readonly pid: number;
  /** In the environment of the engine and of what it starts. */
  readonly nonce: string;
}

interface Listed extends SessionProcess {
  readonly parent: number;
  readonly group: number;
  /** Tells it from a later process with the same id. */
  readonly key: string;
}

/** Linux counts process times in units of 1/100 s for user space, whatever the kernel uses. */
const msPerTick = 10;
/** Several sessions that look at about the same time share one look. */
const sharedMs = 100;

/**
 * The processes of this machine by session: an engine's descendants, its process group, and whatever else carries its
 * nonce, wherever it went. Linux only.
 */
export class ProcessTable {
  readonly #now: () => number;
  #listed: readonly Listed[] = [];
  #listedAt = -Infinity;
  /** The nonce that a process began with, by its key: environments are read once. */
  #nonces = new Map<string, string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The living processes of a session, its engine first if that lives. */
  of(engine: EngineMark): readonly SessionProcess[] {
    this.#refresh();
    const own = new Set<number>([engine.pid]);
    for (const { pid, group, key } of this.#listed)
      if (group === engine.pid || this.#nonces.get(key) === engine.nonce) own.add(pid);
    // Parents may stand behind their children in the list: until nothing is added any more.
    for (let size = -1; size !== own.size;) {
      size = own.size;
      for (const { pid, parent } of this.#listed) if (own.has(parent)) own.add(pid);
    }
    return this.#listed
      .filter(({ pid }) => own.has(pid))
      .sort((a, b) => Number(b.pid === engine.pid) - Number(a.pid === engine.pid));
  }

  #refresh(): void {
    const now = this.#now();
    if (now - this.#listedAt < sharedMs) return;
    this.#listed = listProcesses();
    this.#listedAt = now;
    const nonces = new Map<string, string>();
    for (const { pid, key } of this.#listed) nonces.set(key, this.#nonces.get(key) ?? nonceOf(pid));
    this.#nonces = nonces;
  }
}

/** Memory of these processes in bytes: what they have resident, or, where that is over `limit`, with shared pages counted once. */
export function memoryOf(processes: readonly SessionProcess[], limit: number): number {
  const resident = sumOf(processes, ({ pid }) => kibibytesIn(pid, 'status', /^VmRSS:\s+(\d+) kB$/m));
  if (resident <= limit) return resident;
  return sumOf(
    processes,
    ({ pid }) =>
      kibibytesIn(pid, 'smaps_rollup', /^Pss:\s+(\d+) kB$/m) ||
      kibibytesIn(pid, 'status', /^VmRSS:\s+(\d+) kB$/m),
  );
}

function sumOf(processes: readonly SessionProcess[], kibibytes: (one: SessionProcess) => number): number {
  return processes.reduce((sum, one) => sum + kibibytes(one) * 1024, 0);
}

function kibibytesIn(pid: number, file: 'status' | 'smaps_rollup', line: RegExp): number {
  return Number(line.exec(readProc(pid, file))?.[1] ?? 0);
}

function listProcesses(): readonly Listed[] {
  const uptimeMs = Number.parseFloat(readFileSync('/proc/uptime', 'utf8')) * 1000;
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const stat = readProc(Number(name), 'stat');
    // The second field, the program's name in brackets, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    if (stat === '' || state === 'Z' || state === 'X') return [];
    const start = fields[19] ?? '';
    const [parent, group] = [Number(fields[1]), Number(fields[2])];
    const ageMs = uptimeMs - Number(start) * msPerTick;
    return [{ pid: Number(name), parent, group, ageMs, key: `${name} ${start}` }];
  });
}

function nonceOf(pid: number): string {
  const marker = `${engineNonceVariable}=`;
  const found = readProc(pid, 'environ')
    .split('\0')
    .find((variable) => variable.startsWith(marker));
  return found === undefined ? '' : found.slice(marker.length);
}

/** Empty for a process that is gone, or another user's. */
function readProc(pid: number, file: 'stat' | 'status' | 'smaps_rollup' | 'environ'): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
