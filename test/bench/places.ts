import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findPowerShell } from '../../src/engine/powershell/find';
import { powershellForTests } from '../support/requirements';

// Bundled to dist/bench/main.cjs: as deep below the root as this file is.
const root = path.join(__dirname, '..', '..');

/** What `make build` leaves, and what lies beside the benchmark's source. */
export const places = {
  daemon: path.join(root, 'dist', 'bin', 'runspaced'),
  commandLine: path.join(root, 'dist', 'bin', 'runspace'),
  runner: path.join(root, 'dist', 'lib', 'javascript-runner.js'),
  minimalHost: path.join(root, 'dist', 'minimal-host', 'minimal-host'),
  peerScript: path.join(root, 'test', 'bench', 'peer.ps1'),
  result: path.join(root, 'dist', 'bench', 'result.json'),
} as const;

/** The PowerShell to measure with: RUNSPACED_PWSH, else `pwsh` on the PATH, else the minimal host. */
export function powershellHere(): string | undefined {
  const wanted = powershellForTests();
  if (wanted === undefined) return undefined;
  return findPowerShell({
    environment: { RUNSPACED_PWSH: wanted, PATH: process.env['PATH'] },
    minimalHostPath: places.minimalHost,
    isExecutable,
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // Missing or not ours to run: either way it is not the program we look for.
  }
}

/** What a program that is measured gets: nothing that makes node or .NET start differently. */
export function cleanEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'DOTNET_ROOT', 'TMPDIR', 'XDG_RUNTIME_DIR'];
  const own = kept.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { LANG: 'C.UTF-8', HOME: tmpdir(), ...Object.fromEntries(own) };
}
