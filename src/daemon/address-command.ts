import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RunspaceError } from '../core/error';
import { makeFolder } from '../store/folder';
import { daemonSocketPath, openRuntimeFolder } from '../store/runtime-folder';
import { thisMachine } from '../store/this-machine';
import type { DaemonConfig, Environment } from './config';
import { productVersion } from './version';

const listensWithinMs = 30_000;
/** Another daemon was faster: it is waited for. */
const lostRace = 3;

/**
 * Where this user's daemon listens, in one line that can be told from whatever else a login prints; starts the daemon
 * if none runs. A daemon at the other end of an ssh connection asks by this. Error: SHUTTING_DOWN.
 */
export async function addressLine(config: DaemonConfig, environment: Environment): Promise<string> {
  const { own, usual } = runtimeFolders(environment);
  if (usual !== undefined) {
    const other = daemonSocketPath(usual, config.home);
    if (await isListening(other)) return lineOf(other);
  }
  const socketPath = daemonSocketPath(own, config.home);
  if (!(await isListening(socketPath))) await startDetached(config, { environment, socketPath });
  return lineOf(socketPath);
}

/** Where an ssh server names no runtime folder, a daemon of the same user that was started at a desktop has one still. */
function runtimeFolders(environment: Environment): {
  readonly own: string;
  readonly usual: string | undefined;
} {
  const { uid } = userInfo();
  const own = openRuntimeFolder({ environment, uid, temporaryFolder: tmpdir() });
  const usual = `/run/user/${String(uid)}`;
  const isOpen = environment['XDG_RUNTIME_DIR'] === undefined && existsSync(usual);
  return { own, usual: isOpen ? usual : undefined };
}

function lineOf(socketPath: string): string {
  return `runspaced-address ${JSON.stringify({ socketPath, version: productVersion, machine: thisMachine() })}\n`;
}

async function startDetached(
  { home }: DaemonConfig,
  { environment, socketPath }: { readonly environment: Environment; readonly socketPath: string },
): Promise<void> {
  makeFolder(home);
  const logFile = join(home, 'daemon.log');
  const output = openSync(logFile, 'a', 0o600);
  const child = spawn(process.execPath, [join(__dirname, 'runspaced')], {
    cwd: home,
    detached: true,
    env: { ...withoutConnection(environment), RUNSPACED_HOME: home },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  child.unref();
  const deadline = performance.now() + listensWithinMs;
  for (let pauseMs = 10; performance.now() < deadline; pauseMs = Math.min(pauseMs * 1.5, 100)) {
    if (await isListening(socketPath)) return;
    const { exitCode } = child;
    if (exitCode !== null && exitCode !== lostRace)
      throw notStarted(`it ended with exit code ${String(exitCode)}: ${lastLine(logFile)}`);
    await delay(pauseMs);
  }
  throw notStarted(`it did not listen within ${String(listensWithinMs / 1000)} s; its log is ${logFile}`);
}

/** What belongs to the connection that asked ends with it. */
function withoutConnection(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('SSH_')));
}

function isListening(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Nothing is there, or what is there has ended: either way nobody listens.
    socket.once('error', () => resolve(false));
  });
}

function notStarted(why: string): RunspaceError {
  return new RunspaceError('SHUTTING_DOWN', `the daemon did not start: ${why}`);
}

function lastLine(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
}
