import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  connect,
  isListening,
  ownAddress,
  type RunspaceClient,
  type Session,
} from '../../clients/typescript';
import { temporaryFolder } from '../support/temporary-folder';
import { proportionalSetSize } from './machine';
import { cleanEnvironment, places } from './places';

/** A daemon as it is delivered, with keepers and engines of its own, on a state folder of its own. */
export interface Kept extends AsyncDisposable {
  readonly client: RunspaceClient;
  /** Of the daemon that runs now. */
  readonly processId: number;
  /** What a program needs to find this daemon. */
  readonly environment: Readonly<Record<string, string>>;
  /** Kills the daemon and starts another at once, which listens when this is done. Sessions stay, in their keepers. */
  replaceDaemon(): Promise<void>;
}

const startPatienceMs = 20_000;
const lookAgainMs = 20;
const openedAtOnce = 4;

/** Starts the daemon. Disposing ends it with its sessions, and removes the state folder. By default no engine is kept ready. */
export async function startKept(powershell: string | undefined, warmPool = 0): Promise<Kept> {
  const folder = temporaryFolder();
  const environment = {
    ...cleanEnvironment(),
    RUNSPACED_HOME: folder.path,
    RUNSPACED_WARM_POOL: String(warmPool),
    ...(powershell === undefined ? {} : { RUNSPACED_PWSH: powershell }),
  };
  const start = (): Promise<ChildProcess> => startDaemon(environment, folder.path);
  let daemon = await start();
  const client = connect({ environment });
  return {
    client,
    environment,
    get processId() {
      return Number(daemon.pid);
    },
    replaceDaemon: async () => {
      const exited = once(daemon, 'exit');
      daemon.kill('SIGKILL');
      await exited;
      daemon = await start();
    },
    [Symbol.asyncDispose]: async () => {
      const exited = hasEnded(daemon) ? undefined : once(daemon, 'exit');
      await client.daemon.stop({ endSessions: true });
      client.close();
      await exited;
      folder[Symbol.dispose]();
    },
  };
}

/** Opens JavaScript sessions, a few at a time, until `sessions` has so many; they are added to it. */
export async function openSessions({ client }: Kept, sessions: Session[], count: number): Promise<void> {
  while (sessions.length < count) {
    const missing = Math.min(openedAtOnce, count - sessions.length);
    const create = (): Promise<Session> => client.sessions.create({ engine: 'javascript' });
    sessions.push(...(await Promise.all(Array.from({ length: missing }, create))));
  }
}

/** Proportional set sizes in MB of the daemon and of all its keepers together, as they are now. */
export async function memoryOf({ client, processId }: Kept): Promise<{ daemon: number; keepers: number }> {
  const { keepers } = await client.daemon.status();
  const sizes = keepers.map(({ pid }) => proportionalSetSize(Number(pid)));
  return {
    daemon: proportionalSetSize(processId),
    keepers: sizes.reduce((sum, size) => sum + size, 0),
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** A daemon that listens. */
async function startDaemon(
  environment: Readonly<Record<string, string>>,
  home: string,
): Promise<ChildProcess> {
  const daemon = spawn(process.execPath, [places.daemon], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let lastWords = '';
  daemon.stderr.on('data', (text: Buffer) => {
    lastWords = text.toString();
  });
  const address = ownAddress(home, environment);
  const start = Date.now();
  while (!(await isListening(address))) {
    if (hasEnded(daemon)) throw new Error(`the daemon ended at its start: ${lastWords}`);
    if (Date.now() - start > startPatienceMs) {
      daemon.kill();
      throw new Error(`the daemon did not listen within ${startPatienceMs} ms`);
    }
    await delay(lookAgainMs);
  }
  return daemon;
}
