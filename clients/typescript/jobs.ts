import type { Api, CallChoices } from './api';
import { reopening } from './backoff';
import { toDuration } from './duration';
import { streamEnded } from './error';
import {
  JobState,
  type Job as JobInfo,
  type JobRecords,
  type JobTarget as JobTargetMessage,
  type ReceiveJobRequest,
} from './gen/runspace/v1/job';
import type { Stream } from './gen/runspace/v1/record';
import { allItems, type InputSource } from './input';
import { startRequest, type StartOptions } from './invoke';
import { methods } from './methods';
import { toValueFormat, type OutputTextFormat } from './output-format';
import { present } from './present';
import { joined, joinedGap, originOf, type SessionRecord } from './record';
import type { CreateOptions } from './session-choices';
import type { Sessions } from './sessions';

/**
 * One target of a job: an existing session by its name, number or id; how to open one; or a command that was started
 * already (by default the session's newest), whose session the job ends with it where `endSession` says so.
 */
export type JobTarget =
  | string
  | { readonly session: string }
  | { readonly create: CreateOptions }
  | {
      readonly attached: {
        readonly session: string;
        readonly pipeline?: string;
        readonly endSession?: boolean;
      };
    };

/** Choices for starting a job. */
export interface StartJobOptions extends Pick<
  StartOptions,
  | 'arguments'
  | 'namedArguments'
  | 'using'
  | 'preferences'
  | 'invocationInfo'
  | 'newScope'
  | 'runTimeoutMs'
  | 'outputTimeoutMs'
  | 'requestId'
  | 'signal'
> {
  /** The script's text; left out where all targets are commands that were started already. */
  readonly command?: string;
  /** Where to run it, in this order. */
  readonly targets: readonly JobTarget[];
  /** By default `Job<number>`; need not be unique. */
  readonly name?: string;
  /** Most targets that run at one time; 0 and by default 32. */
  readonly throttleLimit?: number;
  /** How long a target's session may take to open. */
  readonly connectTimeoutMs?: number;
  /** How long the whole job may take. */
  readonly timeoutMs?: number;
  /** Pipeline input: every target gets all of it. Read to its end first; 16 MiB at most. */
  readonly input?: InputSource;
}

/** Choices for reading what a job wrote. */
export interface ReceiveJobOptions {
  /** Follow until the job is over, in order of arrival; else what there is now, child by child. */
  readonly wait?: boolean;
  /** Leave what is read new. */
  readonly keep?: boolean;
  /** From the first record of each child, whatever was received before. */
  readonly fromStart?: boolean;
  /** Only children at targets of these names or patterns. */
  readonly locations?: readonly string[];
  /** Only children in these sessions. */
  readonly sessions?: readonly string[];
  /** Where to go on: the last cursor of each child. */
  readonly cursors?: readonly string[];
  /** Also tell each change of the job's state; only with `wait`. */
  readonly writeEvents?: boolean;
  /** Output comes as text of this form. */
  readonly format?: OutputTextFormat;
  /** Only records of these streams; the final record always comes. What is left out counts as received. */
  readonly streams?: readonly Stream[];
  readonly signal?: AbortSignal;
}

/** What comes of a job: records of one child, or the job as it is, which also comes last. */
export type JobEvent =
  | {
      readonly is: 'records';
      readonly childIndex: number;
      readonly records: readonly SessionRecord[];
      readonly cursor: string;
    }
  | { readonly is: 'job'; readonly job: JobInfo };

/** Choices for listing jobs. */
export interface ListJobsOptions extends CallChoices {
  /** Numbers, ids, names or patterns; all when left out. */
  readonly jobs?: readonly string[];
  readonly states?: readonly JobState[];
  /** Only jobs whose command matches this pattern. */
  readonly command?: string;
  readonly hasMoreData?: boolean;
  /** Only this many, those that were started last. */
  readonly newest?: number;
  readonly includeChildren?: boolean;
  readonly childState?: JobState;
}

/** What a watcher of jobs hears. */
export type WatchJobEvent =
  | { readonly is: 'job'; readonly job: JobInfo }
  /** All jobs have been told once; what follows are changes. */
  | { readonly is: 'ready' }
  | { readonly is: 'removed'; readonly jobId: string };

/** Jobs: one command over many targets, kept by the daemon. Each is named by number, id, name, or a child by its own. */
export class Jobs {
  readonly #api: Api;
  readonly #sessions: Sessions;

  /** Made by `connect`. */
  constructor(api: Api, sessions: Sessions) {
    this.#api = api;
    this.#sessions = sessions;
  }

  /** Starts a job and gives it at once. Throws INVALID_ARGUMENT without targets or with a negative throttle. */
  async start(options: StartJobOptions): Promise<JobInfo> {
    const { command: script } = options;
    const { requestId, clientId, command, runTimeout, outputTimeout } = startRequest(
      this.#api,
      { session: '', script: script ?? 'taken up' },
      { ...options, input: [] },
    );
    const request = {
      requestId,
      clientId,
      name: options.name ?? '',
      command: script === undefined ? undefined : command,
      input: options.input === undefined ? undefined : { items: await allItems(options.input) },
      targets: options.targets.map((target) => this.#target(target)),
      throttleLimit: options.throttleLimit ?? 0,
      connectTimeout: toDuration(options.connectTimeoutMs),
      runTimeout,
      outputTimeout,
      timeout: toDuration(options.timeoutMs),
    };
    return present((await this.#api.unary(methods.startJob, request, { signal: options.signal })).job);
  }

  /** What a job wrote. A lost stream is opened again where it was; each record comes once. The job itself comes last. */
  async *receive(job: string, options: ReceiveJobOptions = {}): AsyncGenerator<JobEvent, void, undefined> {
    const cursors = new Map<number, string>();
    const request: ReceiveJobRequest = {
      job,
      locations: [...(options.locations ?? [])],
      sessions: [...(options.sessions ?? [])],
      wait: options.wait ?? false,
      cursors: [],
      fromStart: options.fromStart ?? false,
      writeEvents: options.writeEvents ?? false,
      format: toValueFormat(options.format),
      streams: [...(options.streams ?? [])],
    };
    const open = async function* (api: Api) {
      const from = { ...request, cursors: [...(options.cursors ?? []), ...cursors.values()] };
      yield* api.serverStream(methods.receiveJob, from, options.signal);
    };
    const acknowledger = new Acknowledger(this.#api, job);
    const { signal } = options;
    for await (const { event } of reopening(this.#api.backoff(signal), () => open(this.#api))) {
      if (event?.$case === 'records') {
        const { childIndex, cursor } = event.value;
        cursors.set(childIndex, cursor);
        yield { is: 'records', childIndex, records: recordsOf(event.value), cursor };
        if (options.keep !== true) await acknowledger.take(childIndex, cursor);
      }
      if (event?.$case === 'job') {
        // The last one comes with its children, even where nobody asked for changes.
        if (event.value.children.length > 0) await acknowledger.flush();
        yield { is: 'job', job: event.value };
      }
    }
  }

  /** One job with its children. */
  async get(job: string, choices: CallChoices = {}): Promise<JobInfo> {
    return present((await this.#api.unary(methods.getJob, { job }, choices)).job);
  }

  /** The caller's jobs, by number. */
  async list(options: ListJobsOptions = {}): Promise<readonly JobInfo[]> {
    const all: JobInfo[] = [];
    let pageToken = '';
    do {
      const request = {
        jobs: [...(options.jobs ?? [])],
        states: [...(options.states ?? [])],
        command: options.command ?? '',
        hasMoreData: options.hasMoreData,
        newest: options.newest ?? 0,
        includeChildren: options.includeChildren ?? false,
        childState: options.childState ?? JobState.JOB_STATE_UNSPECIFIED,
        pageSize: 0,
        pageToken,
      };
      const page = await this.#api.unary(methods.listJobs, request, options);
      all.push(...page.jobs);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return all;
  }

  /** Waits until all, or any, of the jobs are over and gives those; nothing when the time is up first. */
  async wait(
    jobs: readonly string[],
    options: { readonly any?: boolean; readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<readonly JobInfo[]> {
    const until = options.timeoutMs === undefined ? undefined : Date.now() + options.timeoutMs;
    for (;;) {
      const leftMs = until === undefined ? longestWaitMs : Math.max(0, until - Date.now());
      const onceMs = Math.min(leftMs, longestWaitMs);
      const request = { jobs: [...jobs], any: options.any ?? false, timeout: toDuration(onceMs) };
      const choices = { signal: options.signal, timeoutMs: onceMs + 30_000 };
      const begun = Date.now();
      const answer = await this.#api.unary(methods.waitJob, request, choices);
      // An early answer without jobs: a pattern that means none.
      const isEarly = Date.now() - begun < onceMs - earlyMs;
      const isUp = until !== undefined && Date.now() >= until;
      if (answer.jobs.length > 0 || isEarly || isUp) return answer.jobs;
    }
  }

  /** Ends what of a job, or of one child, has not ended. */
  async stop(job: string, choices: CallChoices = {}): Promise<JobInfo> {
    const request = { job };
    return present((await this.#api.unary(methods.stopJob, request, choices)).job);
  }

  /** Forgets a job; one that is not over only with `force`, which stops it first. */
  async remove(job: string, options: CallChoices & { readonly force?: boolean } = {}): Promise<JobInfo> {
    const request = { job, force: options.force ?? false };
    return present((await this.#api.unary(methods.deleteJob, request, options)).job);
  }

  /** Jobs as they are, then every change. Told again from the beginning when the daemon was restarted. */
  async *watch(
    options: { readonly jobs?: readonly string[]; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<WatchJobEvent, void, undefined> {
    const request = { jobs: [...(options.jobs ?? [])] };
    const open = async function* (api: Api) {
      yield* api.serverStream(methods.watchJobs, request, options.signal);
      throw streamEnded(); // Watching has no end.
    };
    for await (const { event } of reopening(this.#api.backoff(options.signal), () => open(this.#api))) {
      if (event?.$case === 'job') yield { is: 'job', job: event.value };
      if (event?.$case === 'ready') yield { is: 'ready' };
      if (event?.$case === 'removedJobId') yield { is: 'removed', jobId: event.value };
    }
  }

  #target(target: JobTarget): JobTargetMessage {
    if (typeof target === 'string') return { place: { $case: 'session', value: target } };
    if ('session' in target) return { place: { $case: 'session', value: target.session } };
    if ('attached' in target) {
      const { session, pipeline = '', endSession = false } = target.attached;
      return { place: { $case: 'attached', value: { session, pipeline, endSession } } };
    }
    return {
      place: { $case: 'create', value: this.#sessions.createRequest({ requestId: 'job', ...target.create }) },
    };
  }
}

const longestWaitMs = 30_000;
const earlyMs = 100;

/** Says what was received: now and then, and at the end. */
class Acknowledger {
  readonly #api: Api;
  readonly #job: string;
  readonly #cursors = new Map<number, string>();
  #batches = 0;

  constructor(api: Api, job: string) {
    this.#api = api;
    this.#job = job;
  }

  async take(child: number, cursor: string): Promise<void> {
    const most = 64;
    this.#cursors.set(child, cursor);
    this.#batches += 1;
    if (this.#batches >= most) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#cursors.size === 0) return;
    const cursors = [...this.#cursors.values()];
    this.#cursors.clear();
    this.#batches = 0;
    await this.#api.unary(methods.acknowledgeJob, { job: this.#job, cursors });
  }
}

function recordsOf({ origin, content }: JobRecords): readonly SessionRecord[] {
  const from = originOf(present(origin));
  if (content?.$case === 'gap') return [joinedGap(content.value, from)];
  return (content?.value.records ?? []).map((record) => joined(record, from));
}
