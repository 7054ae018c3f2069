import { readFileSync } from 'node:fs';

/**
 * What this terminal calls itself to the daemon, so that all commands typed in it are one client: its session leader
 * (the login shell) by process id and start time. RUNSPACED_CLIENT_ID names another client. Where /proc is missing, it
 * is the parent process.
 */
export function clientIdOf(environment: Readonly<Record<string, string | undefined>>): string {
  const named = environment['RUNSPACED_CLIENT_ID'];
  if (named !== undefined && named !== '') return named;
  const own = statFields('self');
  if (own === undefined) return `cli-parent-${String(process.ppid)}`;
  const leader = own[sessionField] ?? '0';
  const startTime = statFields(leader)?.[startTimeField] ?? 'gone';
  return `cli-terminal-${leader}-${startTime}`;
}

/** Places in /proc/PID/stat after the program's name: man 5 proc, fields 6 and 22. */
const sessionField = 3;
const startTimeField = 19;

function statFields(pid: string): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' '); // The name may hold anything, also blanks and brackets.
  } catch {
    return undefined; // No such process, or no /proc.
  }
}
