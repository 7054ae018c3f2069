import type { Jobs } from '../job/jobs';
import type { Snapshot } from '../metrics/metrics';
import type { KeeperPool } from '../session/keeper-pool';
import type { SessionTable } from '../session/table';
import { productVersion } from './version';

const startedAtSeconds = Math.round(performance.timeOrigin / 1_000);

/** What there is now, for the daemon's figures. */
export function snapshotOf({
  table,
  pool,
  jobs,
}: {
  readonly table: SessionTable;
  readonly pool: KeeperPool;
  readonly jobs: Jobs;
}): Snapshot {
  const { user, system } = process.cpuUsage();
  return {
    version: productVersion,
    process: {
      startedAtSeconds,
      cpuSeconds: (user + system) / 1e6,
      residentBytes: process.memoryUsage.rss(),
    },
    sessions: table.all().map(({ stored, state, kept }) => ({
      engine: stored.engine,
      state,
      transport: stored.place.is,
      isRunning: kept?.running !== undefined,
    })),
    keepers: pool.all().map(({ prepared }) => ({
      preparedEngines: prepared.ready,
      preparedHits: prepared.hits,
      preparedMisses: prepared.misses,
    })),
    jobs: jobs.all().map((job) => ({
      state: job.state,
      outcomes: job.children.map(({ outcome }) => outcome ?? 'none'),
    })),
  };
}
