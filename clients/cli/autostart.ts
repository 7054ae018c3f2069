import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Environment } from './settings';

/** What starting a daemon needs. */
export interface Autostart {
  /** Its state folder, absolute. */
  readonly home: string;
  /** Of it the daemon gets a clean choice. */
  readonly environment: Environment;
  /** Whether someone listens now. */
  readonly isListening: () => Promise<boolean>;
}

const deadlineMs = 15_000;
/** When ours gave up, another may be about to listen: the loser of a race waits for the winner. */
const graceAfterExitMs = 3_000;

/**
 * Starts the daemon that lies beside this program, detached, and waits until one listens, whoever started it.
 * Settles with undefined then, with the reason why not otherwise.
 */
export async function startDaemon({
  home,
  environment,
  isListening,
}: Autostart): Promise<string | undefined> {
  const program = join(__dirname, 'runspaced');
  if (!existsSync(program)) return `its program ${program} is missing`;
  const log = join(home, 'daemon.log');
  const child = spawnDetached(program, { home, log, environment });
  const exit: { code?: number | null } = {};
  child.once('exit', (code) => (exit.code = code));
  const started = Date.now();
  let deadline = started + deadlineMs;
  for (let delay = 10; Date.now() < deadline; delay = Math.min(delay * 1.5, 100)) {
    if (await isListening()) return undefined;
    if (exit.code !== undefined) deadline = Math.min(deadline, started + graceAfterExitMs);
    await pause(delay);
  }
  return exit.code === undefined
    ? `it did not listen within ${String(deadlineMs / 1e3)} s; its log is ${log}`
    : `it ended with exit code ${String(exit.code)}; its log is ${log}`;
}

interface DaemonFiles {
  readonly home: string;
  readonly log: string;
  readonly environment: Environment;
}

function spawnDetached(program: string, { home, log, environment }: DaemonFiles): ChildProcess {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const output = openSync(log, 'a', 0o600);
  try {
    const child = spawn(process.execPath, [program], {
      cwd: home,
      detached: true,
      env: { ...daemonEnvironment(environment), RUNSPACED_HOME: home },
      stdio: ['ignore', output, output],
    });
    child.unref();
    return child;
  } finally {
    closeSync(output);
  }
}

/** Facts of the machine and the user; nothing else of whichever shell happened to be first. */
const daemonVariables: ReadonlySet<string> = new Set([
  'DOTNET_ROOT',
  'HOME',
  'LANG',
  'LC_ALL',
  'LOGNAME',
  'PATH',
  'SHELL',
  'TMPDIR',
  'TZ',
  'USER',
  'XDG_CONFIG_HOME',
  'XDG_RUNTIME_DIR',
  'XDG_STATE_HOME',
]);

/** RUNSPACED_ADDRESS and RUNSPACED_CLIENT_ID are about clients. */
const clientVariables: ReadonlySet<string> = new Set([
  'RUNSPACED_ADDRESS',
  'RUNSPACED_CLIENT_ID',
  'RUNSPACED_AUTOSTART',
]);

function daemonEnvironment(environment: Environment): Environment {
  const chosen = Object.entries(environment).filter(
    ([name]) => daemonVariables.has(name) || (name.startsWith('RUNSPACED_') && !clientVariables.has(name)),
  );
  return Object.fromEntries(chosen);
}
