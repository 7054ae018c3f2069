import { readFileSync, rmSync, writeSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../core/clock';
import { RunspaceError, toError } from '../core/error';
import { asKeeperId } from '../core/ids';
import { readJson } from '../store/json-file';
import { acquireLock, type Lock } from '../store/lock';
import { daemonSocketPath } from '../store/runtime-folder';
import { StateLayout } from '../store/state-layout';
import { thisMachine } from '../store/this-machine';
import { SshConnections } from '../transport/ssh/connections';
import type { OwnSide } from '../transport/ssh/settings';
import { CertificateFolder, certificatesVariable } from '../transport/daemon/certificate-folder';
import { Containers } from '../transport/container/containers';
import { runtimesIn } from '../transport/container/runtime';
import { Keeper } from './keeper';
import { createLineLog } from './line-log';
import { ProcessTable } from './processes-of-session';
import { enginesAt, type EngineSources } from './engines-at';
import { SealingKey } from './sealing-key';
import { endService, serve } from './server';
import { readyLine } from './spawn';
import { toStoredKeeper, type StoredKeeper } from './stored-keeper';

/**
 * The keeper program: `keeper.js STATE-FOLDER KEEPER-ID`. Everything it will ever need is loaded here, so that the
 * installation under it may be replaced. It ends when it has nothing to live for, or by SIGTERM with its engines.
 */
async function main([stateFolder, id]: readonly string[]): Promise<void> {
  if (stateFolder === undefined || id === undefined)
    throw new Error('usage: keeper.js STATE-FOLDER KEEPER-ID');
  const layout = new StateLayout(stateFolder);
  const keeperId = asKeeperId(id);
  const stored = await readStored(layout.keeperFile(keeperId));
  using _lock = takeLock(layout.keeperLock(keeperId));
  await live(layout, stored);
}

async function live(layout: StateLayout, stored: StoredKeeper): Promise<void> {
  const { id: keeperId, socketPath, nonce, version } = stored;
  const log = createLineLog((line) => writeSync(process.stderr.fd, line));
  let end: (why: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  process.on('SIGTERM', () => {
    end('SIGTERM');
  });
  // One session's trouble must not end the others.
  process.on('unhandledRejection', (reason) => {
    log.error('unhandled rejection', reason);
  });
  // Meant for whoever started the daemon, in whose terminal all this may have begun.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);

  const sealingKey = new SealingKey();
  const containers = new Containers(runtimesIn(process.env));
  const ownDaemon = {
    socketPath: daemonSocketPath(dirname(socketPath), layout.root),
    machine: thisMachine(),
  };
  using ssh = new SshConnections(ownSide());
  const certificates = new CertificateFolder(process.env[certificatesVariable] ?? '');
  const processes = new ProcessTable(() => systemClock.now());
  const parts = {
    layout,
    keeperId,
    socketFolder: dirname(socketPath),
    enginesAt: enginesAt(engineSources(), {
      containers,
      ssh,
      certificates,
      clock: systemClock,
      log,
      ownDaemon,
    }),
    containers,
    processes,
    sealingKey,
    clock: systemClock,
    log,
  };
  const keeper = new Keeper({ ...parts, leave: end });
  const shutDown = (): void => {
    end('it was shut down');
  };
  const server = await serve(socketPath, { ...parts, keeper, nonce, version, shutDown });
  process.stdout.end(readyLine);
  log.info('keeper listens', { keeper: keeperId });
  log.info('keeper ends', { keeper: keeperId, because: await ended });
  await keeper.shutDown('end');
  await endService(server);
  rmSync(socketPath, { force: true });
}

async function readStored(path: string): Promise<StoredKeeper> {
  const found = await readJson(path, toStoredKeeper);
  switch (found.is) {
    case 'read':
      return found.value;
    case 'broken':
      throw found.error;
    case 'missing':
      throw new Error(`${path} is missing; keepers are started by the daemon`);
  }
}

function takeLock(path: string): Lock {
  const result = acquireLock(path);
  if (result.is === 'acquired') return result.lock;
  throw new RunspaceError('STATE_FOLDER_LOCKED', `another keeper holds ${path}`);
}

function ownSide(): OwnSide {
  const { username, uid, homedir } = userInfo();
  return { userName: username, uid, home: process.env['HOME'] ?? homedir, machine: hostname() };
}

function engineSources(): EngineSources {
  const source = (name: string): string => readFileSync(join(__dirname, name), 'utf8');
  return {
    javascript: source('javascript-runner.js'),
    python: source('python-runner.py'),
    bash: { runner: source('bash-runner.sh'), interpreter: source('bash-interpreter.sh') },
    nodePath: process.execPath,
  };
}

main(process.argv.slice(2)).then(
  () => {
    process.exit(0);
  },
  (error: unknown) => {
    process.stderr.write(`keeper: ${toError(error).stack ?? String(error)}\n`);
    process.exit(1);
  },
);
