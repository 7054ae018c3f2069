import { tmpdir, userInfo } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { credentials, Metadata, status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import { stringify } from 'yaml';
import { RunspaceError } from '../core/error';
import { DaemonServiceClient, GetStatusResponse } from '../gen/runspace/v1/daemon';
import { fromServiceError, hasReason } from '../status/service-error';
import { daemonSocketPath, openRuntimeFolder } from '../store/runtime-folder';
import type { DaemonConfig, Environment } from './config';

/** A daemon that answers within this time is there. */
const answerWithinMs = 10_000;
const goneWithinMs = 30_000;

/** Asks the running daemon what runs, and prints it. The exit code: 0, or 2 for an unknown format. */
export async function printStatus(
  config: DaemonConfig,
  environment: Environment,
  format: string,
): Promise<number> {
  const show = formats.get(format);
  if (show === undefined) {
    process.stderr.write(
      `runspaced: there is no format "${format}"; choose ${[...formats.keys()].join(', ')}\n`,
    );
    return 2;
  }
  using client = connect(config, environment);
  process.stdout.write(show(await client.status()));
  return 0;
}

/** Asks the running daemon to end, with its sessions or without, and waits until it is gone. The exit code is 0. */
export async function stopDaemon(
  config: DaemonConfig,
  environment: Environment,
  what: 'daemon' | 'sessions',
): Promise<number> {
  using client = connect(config, environment);
  const { pid } = await client.status();
  await client.stop(what);
  await untilGone(Number(pid));
  return 0;
}

interface Connection extends Disposable {
  status(): Promise<GetStatusResponse>;
  stop(what: 'daemon' | 'sessions'): Promise<void>;
}

function connect(config: DaemonConfig, environment: Environment): Connection {
  const runtimeFolder = openRuntimeFolder({ environment, uid: userInfo().uid, temporaryFolder: tmpdir() });
  const address = daemonSocketPath(runtimeFolder, config.home);
  const client = new DaemonServiceClient(`unix:${address}`, credentials.createInsecure());
  const deadline = (): { deadline: number } => ({ deadline: Date.now() + answerWithinMs });
  const settle =
    <T>(resolve: (value: T) => void, reject: (error: Error) => void) =>
    (error: ServiceError | null, value: T) => {
      if (error === null) resolve(value);
      else reject(explained(error, config));
    };
  return {
    status: () =>
      new Promise((resolve, reject) => {
        client.getStatus({}, new Metadata(), deadline(), settle(resolve, reject));
      }),
    stop: (what) =>
      new Promise((resolve, reject) => {
        const request = { requestId: '', endSessions: what === 'sessions' };
        client.stopDaemon(
          request,
          settle(() => {
            resolve();
          }, reject),
        );
      }),
    [Symbol.dispose]: () => {
      client.close();
    },
  };
}

function explained(error: ServiceError, config: DaemonConfig): Error {
  if (error.code !== grpcStatus.UNAVAILABLE || hasReason(error)) return fromServiceError(error);
  return new RunspaceError(
    'SHUTTING_DOWN',
    `no daemon runs for the state folder ${config.home}; start it: runspaced`,
  );
}

/** Nothing tells of the end of a process that is no child of ours: it is looked at until it is gone. */
async function untilGone(pid: number): Promise<void> {
  const deadline = Date.now() + goneWithinMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline)
      throw new RunspaceError(
        'SHUTTING_DOWN',
        `the daemon (process ${String(pid)}) was asked to end and still runs`,
      );
    await delay(20);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // ESRCH: gone. EPERM can't be: we reached its owner-only socket.
  }
}

const formats = new Map<string, (status: GetStatusResponse) => string>([
  ['table', toText],
  ['json', (status) => `${JSON.stringify(GetStatusResponse.toJSON(status), undefined, 2)}\n`],
  ['yaml', (status) => stringify(GetStatusResponse.toJSON(status))],
]);

function toText(status: GetStatusResponse): string {
  const rows: (readonly [string, string])[] = [
    ['daemon', `${status.version}, process ${String(status.pid)}, ${megabytes(status.memoryBytes)}`],
    ['state folder', status.stateFolder],
    ...status.addresses.map((address) => ['address', address] as const),
    ['sessions', `${String(status.sessionCount)}, ${String(status.runningCount)} of them running a command`],
    ...status.keepers.map(
      (keeper) =>
        [
          'keeper',
          `${keeper.id.slice(0, 8)}, process ${String(keeper.pid)}, ${megabytes(keeper.memoryBytes)}, sessions ${String(keeper.sessionIds.length)}, engines ready ${String(keeper.preparedEngines)}`,
        ] as const,
    ),
    ...status.engines.map(
      ({ name, program, problem, isDefault }) =>
        ['engine', `${name}${isDefault ? ' (default)' : ''}: ${program === '' ? problem : program}`] as const,
    ),
  ];
  return rows.map(([name, value]) => `${name.padEnd(13)} ${value}\n`).join('');
}

function megabytes(bytes: bigint): string {
  return `${String(Math.round(Number(bytes) / 1024 / 1024))} MB`;
}
