import { readFileSync } from 'node:fs';
import { toError } from '../core/error';
import type { Log } from '../core/log';
import type { GetStatusResponse } from '../gen/runspace/v1/daemon';
import type { KeeperClient } from '../keeper/client';
import type { DaemonControl } from '../rpc/daemon-service';
import type { Assembly, Places } from './assemble';
import type { DaemonSetup } from './setup';
import { productVersion } from './version';

/** What DaemonService can do to this daemon. */
export function controlOf(
  setup: DaemonSetup,
  { places, assembly, stop }: { places: Places; assembly: Assembly; stop: () => void },
): DaemonControl {
  const startedAt = new Date(setup.clock.now());
  return {
    status: () => Promise.resolve(statusOf(startedAt, places, assembly)),
    drain: (mode) => {
      assembly.phase.isDraining = mode === 'drain';
    },
    stop: async (what) => {
      assembly.phase.isDraining = true;
      if (what === 'sessions') await endSessions(assembly, setup.log);
      // After the answer is on its way.
      setImmediate(stop);
    },
  };
}

/** Ends every session, then the keepers, which hold nothing any more. */
async function endSessions({ context, pool }: Assembly, log: Log): Promise<void> {
  const problem = {
    code: 'REMOVED' as const,
    message: 'the daemon was stopped with its sessions',
    facts: {},
  };
  const living = context.table.all().filter((session) => session.state !== 'closed');
  await Promise.all(living.map((session) => context.lifecycle.remove(session, problem)));
  await Promise.all(pool.all().map(({ client }) => endKeeper(client, log)));
}

/** A keeper may be gone before its answer is through; that it is gone is what counts. */
export async function endKeeper(client: KeeperClient, log: Log): Promise<void> {
  client.shutdown({ endSessions: true }).catch((error: unknown) => {
    log.debug('keeper ended without an answer', { keeper: client.keeperId, why: toError(error).message });
  });
  await client.lost;
}

function statusOf(
  startedAt: Date,
  places: Places,
  { context, engines, pool, phase }: Assembly,
): GetStatusResponse {
  const sessions = context.table.all().filter((session) => session.state !== 'closed');
  const defaultEngine = engines.defaultName();
  return {
    version: productVersion,
    pid: BigInt(process.pid),
    startTime: startedAt,
    stateFolder: places.layout.root,
    addresses: [`unix:${places.socketPath}`],
    keepers: pool.all().map(({ client, sessions: held, prepared }) => ({
      id: client.keeperId,
      pid: client.hello.pid,
      version: client.hello.version,
      protocol: client.hello.protocol,
      sessionIds: [...held],
      memoryBytes: residentMemoryOf(Number(client.hello.pid)),
      preparedEngines: prepared.ready,
      preparedHits: BigInt(prepared.hits),
      preparedMisses: BigInt(prepared.misses),
    })),
    sessionCount: sessions.length,
    runningCount: sessions.filter((session) => session.kept?.running !== undefined).length,
    memoryBytes: BigInt(process.memoryUsage.rss()),
    draining: phase.isDraining,
    engines: engines.all().map((engine) => ({
      name: engine.name,
      program: 'program' in engine ? engine.program : '',
      problem: 'error' in engine ? engine.error.message : '',
      isDefault: engine.name === defaultEngine,
    })),
    nodeVersion: process.version,
  };
}

/** Resident memory of another process, where the system tells it; 0 elsewhere. */
function residentMemoryOf(pid: number): bigint {
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
    return BigInt(kibibytes ?? 0) * 1024n;
  } catch {
    return 0n; // No /proc on this system, or the process has just ended.
  }
}
