import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Fingerprints } from '../auth/fingerprint';
import { RunspaceError } from '../core/error';
import { asPrincipal } from '../core/ids';
import type { Log } from '../core/log';
import { loopback } from '../core/target';
import type { Edge } from '../rpc/call';
import type { Context } from '../rpc/context';
import { Jobs } from '../job/jobs';
import { JobWork } from '../rpc/job-work';
import { Metrics } from '../metrics/metrics';
import { KeeperPool } from '../session/keeper-pool';
import { Lifecycle } from '../session/lifecycle';
import { RequestLog } from '../session/request-log';
import { SessionTable } from '../session/table';
import { LineLog } from '../store/line-log';
import type { StateLayout } from '../store/state-layout';
import { openAudit } from './audit';
import { certificatesVariable } from '../transport/daemon/certificate-folder';
import { Containers } from '../transport/container/containers';
import { runtimesIn } from '../transport/container/runtime';
import type { DaemonSetup } from './setup';
import { configurationFromText } from './configuration-files';
import { TokenFile } from './token-file';
import { openCatalog } from './configurations';
import { engineStart } from './engine-start';
import { defaultEngineIn } from './default-engine';
import { Engines } from './engines';
import { baseEnvironment } from './environment';
import { JobFiles } from './job-files';
import { Keepers } from './keepers';
import { snapshotOf } from './metrics-snapshot';
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
  readonly metrics: Metrics;
  readonly engines: Engines;
  readonly keepers: Keepers;
  readonly pool: KeeperPool;
  readonly context: Context;
  /** Where jobs are kept. */
  readonly jobFiles: JobFiles;
  /** The file behind the request log. */
  readonly requestFile: Disposable;
  /** The files behind the audit log. */
  readonly auditFiles: Disposable;
}

/** Builds everything and joins the rooms; starts nothing. */
export async function assemble(setup: DaemonSetup, places: Places): Promise<Assembly> {
  const { config, environment, uid, clock, log, distFolder } = setup;
  const { layout } = places;
  const phase: Phase = { isReady: false, isDraining: false, ending: new AbortController() };
  const minimalHostPath = join(distFolder, 'minimal-host', 'minimal-host');
  const engines = new Engines({ powershell: config.powershell, minimalHostPath, environment });
  const engineEnvironment = baseEnvironment(environment);
  const own = {
    base: engineEnvironment,
    home: engineEnvironment['HOME'] ?? '/',
    userName: engineEnvironment['USER'] ?? '',
  };
  const configurations = await openCatalog({
    layout,
    folder: config.configurationsFolder,
    engines,
    uid,
    clock,
    log,
  });
  const table = new SessionTable();
  // Its engines get none of it: theirs is given to each.
  const keeperEnvironment = {
    ...engineEnvironment,
    PATH: [engineEnvironment['PATH'], environment['PATH']].filter((path) => path !== undefined).join(':'),
    ...config.containerVariables,
    [certificatesVariable]: config.certificatesFolder,
  };
  const containers = new Containers(runtimesIn(keeperEnvironment));
  const keepers = new Keepers({ ...places, log, distFolder, containers, environment: keeperEnvironment });
  const lifecycle = new Lifecycle({
    clock,
    log,
    table,
    keepers: () => pool,
    findEngine: (name, where) => engines.find(name, where),
    startOf: (wanted) => engineStart(own, wanted),
    preparedByDefault: config.preparedByDefault,
    newId: randomUUID,
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
  const trail = openAudit({ layout, config, clock, log, table, lifecycle: () => lifecycle });
  const metrics = new Metrics(() => snapshotOf({ table, pool, jobs }));
  const edge: Edge = {
    log,
    principalOf: () => principal,
    ending: phase.ending.signal,
    isReady: () => phase.isReady,
    ended: (method, result, durationMs) => {
      metrics.called({ method, result, durationMs });
    },
    denied: (caller, method, { code, message }) => {
      trail.audit.note({ principal: caller, client: '' }, { event: 'denied', method, reason: code, message });
    },
  };
  const requests = LineLog.open(join(layout.requestsFolder, 'requests.ndjson'));
  const jobFiles = new JobFiles(layout);
  const jobWork = new JobWork(() => context);
  const jobs = new Jobs({
    clock,
    log,
    store: {
      save: (job) => jobFiles.save(job),
      append: (job, line) => {
        jobFiles.append(job, line);
      },
      settle: (job) => {
        jobFiles.settle(job);
        jobWork.release(job);
      },
      erase: (job) => jobFiles.erase(job),
      saveCounter: (last) => jobFiles.saveCounter(last),
    },
    work: jobWork,
    limits: config.jobLimits,
    ending: phase.ending.signal,
  });
  const context: Context = {
    edge,
    rules: { administrator: principal },
    clock,
    table,
    lifecycle,
    configurations,
    tokens: new TokenFile(layout.tokensFile),
    jobs,
    rememberJob: (job, request) => {
      jobWork.remember(job, request);
    },
    readConfiguration: configurationFromText,
    defaultEngine: (callerPath) => engines.defaultName(callerPath),
    defaultEngineIn: (container) => defaultEngineIn(container, containers),
    requests: new RequestLog(requests.log, requests.entries, clock),
    fingerprints: new Fingerprints(await fingerprintKey(layout)),
    audit: trail.audit,
    openCommands: trail.openCommands,
    loopback: (place) => loopback(place, hostname()),
    newId: randomUUID,
    admitNewWork: () => {
      if (phase.isDraining) throw draining();
    },
  };
  return {
    phase,
    metrics,
    engines,
    keepers,
    pool,
    context,
    jobFiles,
    requestFile: requests.log,
    auditFiles: trail.files,
  };
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
