import { readFileSync } from 'node:fs';

/** What tells this machine, as it runs now, from every other; empty where the system has no such thing. */
export function thisMachine(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return ''; // No Linux.
  }
}
