import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { distFolder, type Machine } from '../../e2e/support/machine';
import { RunningProgram } from './shell';

/** `runspace` on a terminal of its own, which util-linux's `script` makes. */
export function onTerminal(machine: Machine, ...words: readonly string[]): RunningProgram {
  const line = [process.execPath, join(distFolder, 'bin', 'runspace'), ...words]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    .join(' ');
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    env: { ...machine.environment, RUNSPACED_AUTOSTART: '0' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return new RunningProgram(child, words.join(' '));
}
