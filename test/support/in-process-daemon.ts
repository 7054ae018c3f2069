import { join } from 'node:path';
import { userInfo } from 'node:os';
import { connect, type RunspaceClient } from '../../clients/typescript';
import type { Clock } from '../../src/core/clock';
import { silentLog } from '../../src/core/log';
import { startDaemon, type RunningDaemon } from '../../src/daemon/daemon';
import type { JobLimits } from '../../src/job/jobs';
import { temporaryFolder } from './temporary-folder';

/** The built programs. */
const distFolder = join(__dirname, '..', '..', 'dist');

/** A real daemon in this very process, so that its clock can be turned; its keepers and engines are processes. */
export interface InProcessDaemon extends AsyncDisposable {
  readonly home: string;
  readonly socketPath: string;
  /** A client of its own; closed with the daemon. */
  client(clientId: string): RunspaceClient;
  /** Ends the daemon, its keepers live, and starts another one on the same state folder. */
  restart(): Promise<void>;
}

/** What a test may have otherwise than usual. */
export interface DaemonChoices {
  /** Which PowerShell, as RUNSPACED_PWSH has it. */
  readonly powershell?: string;
  /** Folder of session configurations; none by default. */
  readonly configurationsFolder?: string;
  /** Its certificates, for sessions at other daemons; none by default. */
  readonly certificatesFolder?: string;
  /** How long finished jobs are kept. */
  readonly jobLimits?: JobLimits;
}

/** Starts a daemon on a state folder of its own, by this clock. Disposing ends it with its sessions. */
export async function startInProcessDaemon(
  clock: Clock,
  choices: DaemonChoices = {},
): Promise<InProcessDaemon> {
  const folder = temporaryFolder();
  const home = join(folder.path, 'home');
  const clients: RunspaceClient[] = [];
  const {
    powershell = process.env['RUNSPACED_PWSH'] ?? 'minimal',
    configurationsFolder = join(folder.path, 'configurations'),
    certificatesFolder = '/nonexistent',
    jobLimits = { keptMs: 7 * 86_400_000, most: 1_000, mostBytes: 2 ** 30 },
  } = choices;
  const places = { home, powershell, configurationsFolder, certificatesFolder, jobLimits };
  let daemon = await start(places, clock);
  return {
    home,
    get socketPath() {
      return daemon.socketPath;
    },
    client: (clientId) => {
      const client = connect({ environment: {}, address: `unix://${daemon.socketPath}`, clientId });
      clients.push(client);
      return client;
    },
    restart: async () => {
      await daemon[Symbol.asyncDispose]();
      daemon = await start(places, clock);
    },
    [Symbol.asyncDispose]: async () => {
      const last = connect({ environment: {}, address: `unix://${daemon.socketPath}` });
      await last.daemon.stop({ endSessions: true });
      for (const client of [...clients, last]) client.close();
      await daemon[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

function start(
  places: {
    readonly home: string;
    readonly powershell: string;
    readonly configurationsFolder: string;
    readonly certificatesFolder: string;
    readonly jobLimits: JobLimits;
  },
  clock: Clock,
): Promise<RunningDaemon> {
  const config = {
    ...places,
    containerVariables: {},
    listener: undefined,
    metricsListener: undefined,
    // Tests count the processes of their engines.
    preparedByDefault: 0,
    logLevel: 'info' as const,
    auditScripts: 'digest' as const,
  };
  return startDaemon({
    config,
    environment: process.env,
    uid: userInfo().uid,
    clock,
    log: silentLog,
    distFolder,
  });
}
