import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { distFolder, type Machine } from '../../e2e/support/machine';
import { RunningProgram } from './shell';

/** `runspace` on a terminal of its own, which util-linux's `script` makes. */
export function onTerminal(machine: Machine, ...words: readonly string[]): RunningProgram {
  return onTerminalWith({}, machine, ...words);
}

/** The same with these variables beside the machine's. */
export function onTerminalWith(
  environment: Readonly<Record<string, string>>,
  machine: Machine,
  ...words: readonly string[]
): RunningProgram {
  const line = [process.execPath, join(distFolder, 'bin', 'runspace'), ...words]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    .join(' ');
  const child = spawn('script', ['-qefc', `exec ${line}`, '/dev/null'], {
    env: { ...machine.environment, TERM: 'xterm', RUNSPACED_AUTOSTART: '0', ...environment },
  });
  return new RunningProgram(child, words.join(' '));
}
