import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, isListening, ownAddress, type RunspaceClient } from '../../clients/typescript';
import { temporaryFolder } from '../support/temporary-folder';
import { cleanEnvironment, places } from './places';

/** A daemon as it is delivered, with keepers and engines of its own, on a state folder of its own. */
export interface Kept extends AsyncDisposable {
  readonly client: RunspaceClient;
  readonly processId: number;
  /** What a program needs to find this daemon. */
  readonly environment: Readonly<Record<string, string>>;
}

const startPatienceMs = 20_000;

/** Starts the daemon. Disposing ends it with its sessions, and removes the state folder. By default no engine is kept ready. */
export async function startKept(powershell: string | undefined, warmPool = 0): Promise<Kept> {
  const folder = temporaryFolder();
  const environment = {
    ...cleanEnvironment(),
    RUNSPACED_HOME: folder.path,
    RUNSPACED_WARM_POOL: String(warmPool),
    ...(powershell === undefined ? {} : { RUNSPACED_PWSH: powershell }),
  };
  const daemon = spawn(process.execPath, [places.daemon], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await listening(daemon, ownAddress(folder.path, environment));
  const client = connect({ environment });
  const { pid } = await client.daemon.status();
  return {
    client,
    environment,
    processId: Number(pid),
    [Symbol.asyncDispose]: async () => {
      const exited = daemon.exitCode === null ? once(daemon, 'exit') : undefined;
      await client.daemon.stop({ endSessions: true });
      client.close();
      await exited;
      folder[Symbol.dispose]();
    },
  };
}

async function listening(daemon: ChildProcess, address: ReturnType<typeof ownAddress>): Promise<void> {
  let lastWords = '';
  daemon.stderr?.on('data', (text: Buffer) => {
    lastWords = text.toString();
  });
  const start = Date.now();
  while (!(await isListening(address))) {
    if (daemon.exitCode !== null) throw new Error(`the daemon ended at its start: ${lastWords}`);
    if (Date.now() - start > startPatienceMs) {
      daemon.kill();
      throw new Error(`the daemon did not listen within ${startPatienceMs} ms`);
    }
    await delay(20);
  }
}
