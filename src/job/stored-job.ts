import type { Problem } from '../core/error';
import { asPrincipal, type Principal } from '../core/ids';
import type { StreamCounts } from '../core/stream-counts';
import type { ChildState } from './child-state';
import type { Outcome } from './outcome';

/** What is written of a job before anything of it starts; it never changes. */
export interface StoredJob {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly owner: Principal;
  readonly requestId: string;
  readonly fingerprint: string;
  /** The script's text, as it is shown. */
  readonly command: string;
  readonly throttleLimit: number;
  readonly createdAt: number;
  /** When what is not over ends timed out. */
  readonly deadline: number | undefined;
  /** What is to be done, for whoever does it; without any secret. */
  readonly payload: string;
  /** Of its input something is a secret, which is never stored. */
  readonly hasSecretInput?: boolean;
  readonly targets: readonly StoredTarget[];
}

/** One target of a job. */
export interface StoredTarget {
  readonly location: string;
  /** It can't be begun without what is never stored: a credential, or variables. */
  readonly needsSecret: boolean;
  /** Its session is made for it, and ended with it. */
  readonly isOwned: boolean;
  /** A command that was started already; left out: the job starts its own. */
  readonly attached?: AttachedCommand;
}

/** A command that a job has taken up. */
export interface AttachedCommand {
  readonly session: string;
  readonly pipeline: string;
  /** The last of its records that were received before. */
  readonly received: number;
}

/** How a child is; each change is a line of the job's log, the last line of a child counts. */
export interface ChildFacts {
  readonly state: ChildState;
  readonly outcome: Outcome | undefined;
  readonly problem: Problem | undefined;
  readonly exitCode: number | undefined;
  readonly sessionId: string | undefined;
  readonly pipelineId: string | undefined;
  /** The number of its last record, once it is over. */
  readonly lastSequence: number | undefined;
  /** What it wrote, by stream, once it is over; undefined: nobody counted. */
  readonly written: StreamCounts | undefined;
  /** Bytes of its records, once it is over. */
  readonly storedBytes: number;
  /** The last record that was received. */
  readonly received: number;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
}

/** A child before anything happened to it. */
export function firstFacts({ attached }: Pick<StoredTarget, 'attached'>): ChildFacts {
  if (attached === undefined) return freshChild;
  const { session, pipeline, received } = attached;
  return { ...freshChild, sessionId: session, pipelineId: pipeline, received };
}

const freshChild: ChildFacts = {
  state: 'notStarted',
  outcome: undefined,
  problem: undefined,
  exitCode: undefined,
  sessionId: undefined,
  pipelineId: undefined,
  lastSequence: undefined,
  written: undefined,
  storedBytes: 0,
  received: 0,
  startedAt: undefined,
  endedAt: undefined,
};

/** A line of a job's log. */
export type JobLine =
  { readonly child: number; readonly facts: ChildFacts } | { readonly stop: 'asked' | 'timeUp' };

/** A job of its file. Throws where it is none. */
export function toStoredJob(json: unknown): StoredJob {
  const job = json as Partial<StoredJob> | null;
  const { id, number, name, owner, payload, targets } = job ?? {};
  if (typeof id !== 'string' || typeof number !== 'number' || typeof payload !== 'string')
    throw new Error('it holds no job');
  if (typeof name !== 'string' || typeof owner !== 'string' || !Array.isArray(targets))
    throw new Error('it holds no job');
  return { ...(job as StoredJob), owner: asPrincipal(owner) };
}

/** A line of a log; undefined: it is none. */
export function toJobLine(json: unknown): JobLine | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  if ('stop' in json) return { stop: json.stop === 'timeUp' ? 'timeUp' : 'asked' };
  if (!('child' in json) || typeof json.child !== 'number' || !('facts' in json)) return undefined;
  return { child: json.child, facts: { ...freshChild, ...(json.facts as Partial<ChildFacts>) } };
}
