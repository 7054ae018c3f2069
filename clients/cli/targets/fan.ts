import type { CreateOptions, InvokeOptions, Pipeline, RunspaceClient } from '../../typescript';
import type { Context } from '../context';
import type { SavedStreams } from '../saved-streams';
import type { Origin } from './last-run';

/** One of the targets of a command. */
export interface FanTarget {
  /** As errors and output name it. */
  readonly name: string;
  /** Where a later run finds it again; left out: nothing is to be run again. */
  readonly origin?: Origin;
  /** A session that is there … */
  readonly session?: string;
  /** … or what one is made with, for this command only. */
  readonly create?: () => Promise<CreateOptions>;
}

/** One command on many targets. */
export interface FanOut {
  readonly context: Context;
  readonly client: RunspaceClient;
  readonly targets: readonly FanTarget[];
  /** Targets that were named and are not there: told already. */
  readonly missing: readonly string[];
  readonly script: string;
  readonly options: InvokeOptions;
  /** How a command is read; left out: it is invoked. */
  readonly open?: (session: string, signal: AbortSignal) => Pipeline;
  readonly saved: SavedStreams;
  /** Targets at a time. */
  readonly throttle: number;
}
