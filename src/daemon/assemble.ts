import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Fingerprints } from '../auth/fingerprint';
import { RunspaceError } from '../core/error';
import { asPrincipal } from '../core/ids';
import type { Log } from '../core/log';
import type { Edge } from '../rpc/call';
import type { Context } from '../rpc/context';
import { KeeperPool } from '../session/keeper-pool';
import { Lifecycle } from '../session/lifecycle';
import { RequestLog } from '../session/request-log';
import { SessionTable } from '../session/table';
import { LineLog } from '../store/line-log';
import type { StateLayout } from '../store/state-layout';
import type { DaemonSetup } from './setup';
import { Engines } from './engines';
import { baseEnvironment } from './environment';
import { Keepers } from './keepers';
import { eraseSession, fingerprintKey, saveSession } from './state';
import { productVersion } from './version';

/** Where this daemon's things lie. */
export interface Places {
  readonly layout: StateLayout;
  readonly runtimeFolder: string;
  readonly socketPath: string;
}

/** Whether the daemon takes work, and the signal that ends it. */
export interface Phase {
  isReady: boolean;
  isDraining: boolean;
  readonly ending: AbortController;
}

/** All parts of a daemon, joined. */
export interface Assembly {
  readonly phase: Phase;
  readonly engines: Engines;
  readonly keepers: Keepers;
  readonly pool: KeeperPool;
  readonly context: Context;
  /** The file behind the request log. */
  readonly requestFile: Disposable;
}

/** Builds everything and joins the rooms; starts nothing. */
export async function assemble(setup: DaemonSetup, places: Places): Promise<Assembly> {
  const { config, environment, uid, clock, log, distFolder } = setup;
  const { layout } = places;
  const phase: Phase = { isReady: false, isDraining: false, ending: new AbortController() };
  const minimalHostPath = join(distFolder, 'minimal-host', 'minimal-host');
  const engines = new Engines({ powershell: config.powershell, minimalHostPath, environment });
  const engineEnvironment = baseEnvironment(environment);
  const table = new SessionTable();
  const keepers = new Keepers({ ...places, log, distFolder, environment: engineEnvironment });
  const lifecycle = new Lifecycle({
    clock,
    log,
    table,
    keepers: () => pool,
    findEngine: (name, callerPath) => engines.find(name, callerPath),
    baseEnvironment: engineEnvironment,
    homeFolder: engineEnvironment['HOME'] ?? '/',
    save: (session) => saveSession(layout, session),
    erase: (session, what) => eraseSession(layout, session, what),
  });
  const pool: KeeperPool = new KeeperPool({
    log,
    version: productVersion,
    spawn: (owner) => keepers.spawn(owner),
    kept: (keeper, kept) => {
      lifecycle.take(keeper, kept);
    },
    lost: (keeperId, sessions) => {
      lifecycle.loseKeeper(keeperId, sessions);
      void endOrphans(keepers, log);
    },
  });
  const principal = asPrincipal(`local:${String(uid)}`);
  const edge: Edge = { log, principal, ending: phase.ending.signal, isReady: () => phase.isReady };
  const requests = LineLog.open(join(layout.requestsFolder, 'requests.ndjson'));
  const context: Context = {
    edge,
    rules: { administrator: principal },
    clock,
    table,
    lifecycle,
    requests: new RequestLog(requests.log, requests.entries, clock),
    fingerprints: new Fingerprints(await fingerprintKey(layout)),
    newId: randomUUID,
    admitNewWork: () => {
      if (phase.isDraining) throw draining();
    },
  };
  return { phase, engines, keepers, pool, context, requestFile: requests.log };
}

/** Ends orphans; what fails is logged, and tried again at the next occasion. */
export function endOrphans(keepers: Keepers, log: Log): Promise<void> {
  return keepers.endOrphans().catch((error: unknown) => {
    log.error('orphaned engines not ended', error);
  });
}

function draining(): RunspaceError {
  return new RunspaceError(
    'SHUTTING_DOWN',
    'the daemon is drained: it takes no new sessions and commands now',
  );
}
