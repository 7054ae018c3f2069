import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { systemCode, UsageError } from './failure';
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

const deadlineMs = 30_000;
/** The exit code of a daemon that found another one on its state folder: the loser of a race waits for the winner. */
const lostRace = 3;

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
  const deadline = Date.now() + deadlineMs;
  for (let delay = 10; Date.now() < deadline; delay = Math.min(delay * 1.5, 100)) {
    if (await isListening()) return undefined;
    const { exitCode } = child;
    if (exitCode !== null && exitCode !== lostRace)
      return `it ended with exit code ${String(exitCode)}: ${lastLine(log)}`;
    await pause(delay);
  }
  return `none listened within ${String(deadlineMs / 1e3)} s; the log is ${log}`;
}

function lastLine(log: string): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').at(-1) ?? '';
}

interface DaemonFiles {
  readonly home: string;
  readonly log: string;
  readonly environment: Environment;
}

function spawnDetached(program: string, { home, log, environment }: DaemonFiles): ChildProcess {
  makeFolder(home);
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

/** Not by Node's `recursive`: in a file system that makes no folders, such as /proc, that tries for ever. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return; // Another first command was faster.
    throw new UsageError(
      `the state folder ${path} can't be made: ${String(error)}`,
      'STATE_FOLDER_UNUSABLE',
      {
        metadata: { path },
        cause: error,
      },
    );
  }
}

/** Facts of the machine and the user; nothing else of whichever shell happened to be first. */
const daemonVariables: ReadonlySet<string> = new Set([
  // Where the user's containers are.
  'CONTAINERS_CONF',
  'CONTAINERS_STORAGE_CONF',
  'CONTAINER_CONNECTION',
  'CONTAINER_HOST',
  'CONTAINER_SSHKEY',
  'DOCKER_CERT_PATH',
  'DOCKER_CONFIG',
  'DOCKER_CONTEXT',
  'DOCKER_HOST',
  'DOCKER_TLS_VERIFY',
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

/** They are about clients. */
const clientVariables: ReadonlySet<string> = new Set([
  'RUNSPACED_ADDRESS',
  'RUNSPACED_CLIENT_ID',
  'RUNSPACED_TOKEN_FILE',
  'RUNSPACED_AUTOSTART',
]);

function daemonEnvironment(environment: Environment): Environment {
  const chosen = Object.entries(environment).filter(
    ([name]) => daemonVariables.has(name) || (name.startsWith('RUNSPACED_') && !clientVariables.has(name)),
  );
  return Object.fromEntries(chosen);
}
