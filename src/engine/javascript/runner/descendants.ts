import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A process that was started, at whatever remove, by another. */
export interface Descendant {
  readonly processId: number;
  /** How long ago it was started; 0 where that can't be known. */
  readonly ageMs: number;
}

interface Listed extends Descendant {
  readonly parent: number;
}

/** All descendants of a process that are alive now. */
export function descendantsOf(ancestor: number): Descendant[] {
  const children = new Map<number, Listed[]>();
  for (const process of listProcesses()) {
    const siblings = children.get(process.parent);
    if (siblings === undefined) children.set(process.parent, [process]);
    else siblings.push(process);
  }
  const found: Descendant[] = [];
  const parents = [ancestor];
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    for (const child of children.get(parent) ?? []) {
      found.push(child);
      parents.push(child.processId);
    }
  }
  return found;
}

function listProcesses(): Listed[] {
  return process.platform === 'linux' ? listFromProc() : listFromPs();
}

/** Linux counts process times in units of 1/100 s for user space, whatever the kernel uses. */
const ticksPerMs = 100 / 1000;

function listFromProc(): Listed[] {
  const uptimeMs = Number.parseFloat(readFileSync('/proc/uptime', 'utf8')) * 1000;
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const stat = readIfThere(`/proc/${name}/stat`);
    // The second field, the program's name in brackets, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const parent = Number(fields[1]);
    const startedMs = Number(fields[19]) / ticksPerMs;
    return stat === '' ? [] : [{ processId: Number(name), parent, ageMs: uptimeMs - startedMs }];
  });
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended in the meantime.
    return '';
  }
}

function listFromPs(): Listed[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=', '-o', 'ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n');
  return lines.map((line) => {
    const [processId = '', parent = ''] = line.trim().split(/\s+/);
    return { processId: Number(processId), parent: Number(parent), ageMs: 0 };
  });
}
