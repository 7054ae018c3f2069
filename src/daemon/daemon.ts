import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from '@grpc/grpc-js';
import type { Clock } from '../core/clock';
import { RunspaceError } from '../core/error';
import type { Log } from '../core/log';
import { admitRemote, remotePrincipal } from '../rpc/remote-callers';
import { createServer, listen } from '../rpc/server';
import { recover } from '../session/recover';
import { Timekeeper } from '../session/timekeeper';
import { UnansweredCalls } from '../session/unanswered-calls';
import { jsonReplaced } from '../store/json-file';
import { acquireLock, type Lock } from '../store/lock';
import { daemonSocketPath, metricsSocketPath, openRuntimeFolder } from '../store/runtime-folder';
import { openStateFolder } from '../store/state-folder';
import type { StateLayout } from '../store/state-layout';
import { assemble, endOrphans, type Assembly, type Places } from './assemble';
import { followCommands } from './audit';
import { controlOf, endKeeper } from './control';
import { sameFile } from './folder-watch';
import { serveMetrics, serveMetricsHere } from './metrics-server';
import { listenRemote, ListenerFiles, remoteGate } from './remote-listener';
import { Resources } from './resources';
import type { DaemonSetup } from './setup';
import { addReflection, createHealth, type Health } from './standard-services';
import { readSessions } from './state';
import { TokenFile } from './token-file';
import { productVersion } from './version';

/** A daemon that serves. Disposing ends it; its keepers run on. */
export interface RunningDaemon extends AsyncDisposable {
  readonly socketPath: string;
  /** Settles when somebody asked the daemon to stop. */
  readonly stopAsked: Promise<void>;
}

/**
 * Starts a daemon: lock, state folder, socket, then recovery; callers that come before its end are told to try again.
 * Errors: STATE_FOLDER_LOCKED, STATE_FOLDER_UNUSABLE, SOCKET_PATH_TOO_LONG, ADDRESS_IN_USE.
 */
export async function startDaemon(setup: DaemonSetup): Promise<RunningDaemon> {
  const { config, environment, uid } = setup;
  const layout = await openStateFolder(config.home, uid);
  await using resources = new Resources();
  resources.use(lockFolder(layout));
  const runtimeFolder = openRuntimeFolder({ environment, uid, temporaryFolder: tmpdir() });
  const places = { layout, runtimeFolder, socketPath: daemonSocketPath(runtimeFolder, layout.root) };
  const assembly = await assemble(setup, places);
  resources.use(assembly.requestFile);
  resources.use(assembly.auditFiles);
  resources.use(assembly.jobFiles);
  resources.defer(jsonReplaced);
  let stop: () => void = () => undefined;
  const stopAsked = new Promise<void>((resolve) => {
    stop = resolve;
  });
  await serve(setup, { places, assembly, resources, stop });
  const kept = resources.move();
  return {
    socketPath: places.socketPath,
    stopAsked,
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

function lockFolder(layout: StateLayout): Lock {
  const result = acquireLock(layout.daemonLock);
  if (result.is === 'acquired') return result.lock;
  const holder = result.pid === undefined ? '' : ` (process ${String(result.pid)})`;
  throw new RunspaceError(
    'STATE_FOLDER_LOCKED',
    `another daemon${holder} holds the state folder ${layout.root}; ` +
      'stop it (runspaced stop), or choose another folder with --home',
    { facts: { folder: layout.root } },
  );
}

const orphanCheckMs = 10 * 60_000;
/** How often the daemon looks for jobs that were kept long enough. */
const jobCheckMs = 60_000;
/** How often the daemon looks whether its state folder is still there. */
const folderCheckMs = 1_000;

interface Serving {
  readonly places: Places;
  readonly assembly: Assembly;
  readonly resources: Resources;
  /** Called when somebody asks the daemon to stop. */
  readonly stop: () => void;
}

/** Listens, brings back what a former daemon left, and keeps time. */
async function serve(setup: DaemonSetup, serving: Serving): Promise<void> {
  const { places, assembly, resources } = serving;
  resources.defer(() => {
    assembly.context.lifecycle.leave();
    assembly.pool.close();
  });
  const health = createHealth();
  const more = standardServices(setup, health);
  const server = createServer(assembly.context, controlOf(setup, serving), { more });
  // We hold the lock: whatever lies at our socket's path is a dead daemon's.
  rmSync(places.socketPath, { force: true });
  await listen(server, places.socketPath);
  resources.defer(() => endServer(server, assembly));
  setup.log.info('daemon listens', {
    address: places.socketPath,
    home: places.layout.root,
    version: productVersion,
  });
  await serveFigures(setup, serving);
  await serveRemote(setup, serving, health);
  await bringBack(setup, serving, health);
}

/** Metrics: for this user at a socket, and for collectors of other machines where the configuration says so. */
async function serveFigures({ config, clock, log }: DaemonSetup, serving: Serving): Promise<void> {
  const { places, assembly, resources } = serving;
  const { metrics, context } = assembly;
  const here = await serveMetricsHere(metrics, metricsSocketPath(places.runtimeFolder, places.layout.root));
  resources.defer(() => {
    here.close();
  });
  const { metricsListener: address, certificatesFolder } = config;
  if (address === undefined) return;
  const gate = remoteGate({
    applicationName: '',
    redirect: undefined,
    tokens: new TokenFile(places.layout.tokensFile),
    audit: context.audit,
    clock,
  });
  const certificates = new ListenerFiles(certificatesFolder);
  const open = await serveMetrics(metrics, {
    address,
    certificates: () => certificates.changed(),
    gate,
    log,
  });
  resources.defer(() => {
    open.close();
  });
  log.info('metrics for other machines', { address: open.address });
}

/** The same services for callers of other machines, each call known to be somebody's. */
async function serveRemote(setup: DaemonSetup, serving: Serving, health: Health): Promise<void> {
  const { config, clock, log, uid } = setup;
  const { listener, certificatesFolder: folder } = config;
  if (listener === undefined) return;
  const { places, assembly, resources } = serving;
  const { context } = assembly;
  const tokens = new TokenFile(places.layout.tokensFile);
  const gate = remoteGate({ ...listener, tokens, audit: context.audit, clock });
  const remote = { ...context, edge: { ...context.edge, principalOf: remotePrincipal } };
  const more = standardServices(setup, health);
  const server = createServer(remote, controlOf(setup, serving), { more, gates: [admitRemote(gate, log)] });
  const open = await listenRemote(server, { listener, folder, tokens, uid, log });
  resources.defer(() => endServer(server, assembly));
  resources.defer(() => {
    open.close();
  });
  log.info('daemon listens for other machines', { address: open.address });
}

function standardServices(
  { distFolder }: DaemonSetup,
  health: Health,
): readonly ((server: Server) => void)[] {
  return [
    (server) => {
      health.add(server);
    },
    (server) => {
      addReflection(server, join(distFolder, 'lib', 'api.binpb'));
    },
  ];
}

async function bringBack({ log, clock }: DaemonSetup, serving: Serving, health: Health): Promise<void> {
  const { places, resources } = serving;
  const { context, phase, pool, keepers, jobFiles } = serving.assembly;
  const { table, lifecycle } = context;
  const found = await keepers.found();
  const stored = await readSessions(places.layout, log);
  await recover({ log, clock, stored, keepers: found, pool, lifecycle, ending: phase.ending.signal });
  const timekeeper = new Timekeeper({ clock, log, table, lifecycle });
  resources.use(timekeeper);
  void timekeeper.run();
  const unanswered = new UnansweredCalls({ clock, log, table, lifecycle, newId: () => context.newId() });
  resources.use(unanswered);
  void unanswered.run();
  void followCommands(context, phase.ending.signal);
  void endOrphans(keepers, log);
  resources.use(every(clock, orphanCheckMs, () => endOrphans(keepers, log)));
  resources.use(
    every(clock, jobCheckMs, () => {
      context.jobs.expire();
      return Promise.resolve();
    }),
  );
  const isThere = sameFile(places.layout.daemonLock);
  resources.use(
    every(clock, folderCheckMs, async () => {
      if (!isThere()) await leaveWithoutFolder(log, serving);
    }),
  );
  context.jobs.recover(await jobFiles.read(log), await jobFiles.counter());
  phase.isReady = true;
  health.setServing('SERVING');
  log.info('daemon ready', { sessions: table.all().length, keepers: pool.all().length });
}

/**
 * Somebody has removed the state folder, or put another in its place: what the sessions wrote is gone, nobody could find them again,
 * and whatever is still written would be in the way of the next daemon. So all of it ends.
 */
async function leaveWithoutFolder(log: Log, { places, assembly, stop }: Serving): Promise<void> {
  const { phase, pool } = assembly;
  if (phase.isDraining) return;
  phase.isDraining = true;
  const why = new Error(
    `the state folder ${places.layout.root} was removed; the daemon ends, with its sessions`,
  );
  log.error('state folder removed', why, { keepers: pool.all().length });
  await Promise.all(pool.all().map(({ client }) => endKeeper(client, log)));
  stop();
}

/** Does it again and again, each time this long after the time before, until disposed of. */
function every(clock: Clock, ms: number, action: () => Promise<void>): Disposable {
  let cancel: () => void = () => undefined;
  const wait = (): void => {
    cancel = clock.after(ms, () => void action().then(wait));
  };
  wait();
  return {
    [Symbol.dispose]: () => {
      cancel();
    },
  };
}

/** Ends streams first (they would keep the server open for ever), then waits for calls under way. */
async function endServer(server: Server, { phase }: Assembly): Promise<void> {
  phase.ending.abort(
    new RunspaceError('SHUTTING_DOWN', 'the daemon is ending; sessions go on, connect again when it is back'),
  );
  const patienceMs = 2_000;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, patienceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
