import type { CommandEnd } from './outcome';
import type { Job } from './job';

/** What has to be done for one child; each may be done again, also by the next daemon, and then does nothing twice. */
export interface ChildWork {
  /** The child's session, made where it has none; gives its id. */
  open(job: Job, index: number, signal: AbortSignal): Promise<string>;
  /** Starts the command; gives its id. */
  start(
    child: { readonly job: Job; readonly index: number; readonly session: string },
    signal: AbortSignal,
  ): Promise<string>;
  /** Gives the command the job's input, and resolves when it is over. */
  ended(
    child: {
      readonly job: Job;
      readonly index: number;
      readonly session: string;
      readonly pipeline: string;
    },
    signal: AbortSignal,
  ): Promise<CommandEnd>;
  /** Stops the command; false: its engine does not answer. */
  stop(session: string, pipeline: string): Promise<boolean>;
  /** Ends a session that was made for a child; what it wrote stays. */
  close(session: string): Promise<void>;
  /** Forgets what such a session wrote. */
  forget(session: string): Promise<void>;
}
