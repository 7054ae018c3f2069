import type { Clock } from '../core/clock';
import type { Log } from '../core/log';
import type { DaemonConfig, Environment } from './config';

/** What a daemon is started with. */
export interface DaemonSetup {
  readonly config: DaemonConfig;
  readonly environment: Environment;
  readonly uid: number;
  readonly clock: Clock;
  readonly log: Log;
  /** The folder of the built programs: keeper, descriptors and minimal host lie in it. */
  readonly distFolder: string;
}
