import type { Clock } from '../core/clock';
import { RunspaceError, toError } from '../core/error';
import type { Principal } from '../core/ids';
import type { Log } from '../core/log';
import { Feed } from '../session/feed';
import { findByReference, isPattern } from '../session/name';
import { Job } from './job';
import { Runner } from './runner';
import type { JobLine, StoredJob } from './stored-job';
import type { ChildWork } from './work';

/** Where jobs are kept. */
export interface JobStore {
  /** Writes a job down, before anything of it begins. */
  save(job: StoredJob): Promise<void>;
  append(job: string, line: JobLine): void;
  /** No more lines are likely to come. */
  settle(job: string): void;
  erase(job: string): Promise<void>;
  saveCounter(last: number): Promise<void>;
}

/** How long, and how many, finished jobs are kept; the oldest go first. */
export interface JobLimits {
  readonly keptMs: number;
  readonly most: number;
  /** Bytes that the sessions made for them keep, together. */
  readonly mostBytes: number;
}

interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: JobStore;
  readonly work: ChildWork;
  readonly limits: JobLimits;
  readonly ending: AbortSignal;
}

/** All jobs: numbers, names, who runs, how long they are kept. */
export class Jobs {
  readonly #around: Surroundings;
  readonly #jobs = new Map<string, Job>();
  readonly #runners = new Map<string, Runner>();
  readonly #feed = new Feed<string>();
  #lastNumber = 0;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Goes on with what a former daemon left. */
  recover(
    found: readonly { readonly stored: StoredJob; readonly lines: readonly JobLine[] }[],
    counter: number,
  ): void {
    this.#lastNumber = counter;
    for (const { stored, lines } of found) {
      const job = new Job(stored, lines, this.#written);
      this.#jobs.set(job.id, job);
      this.#lastNumber = Math.max(this.#lastNumber, stored.number + stored.targets.length);
      if (!job.isOver) this.#run(job);
    }
    this.expire();
  }

  /** All jobs of all owners. */
  all(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  /** Records a job and begins it, or gives the one that the same request started before. Error: REQUEST_ID_REUSED. */
  async start(wanted: Omit<StoredJob, 'number' | 'name'> & { readonly name: string }): Promise<Job> {
    const before = this.startedBy(wanted.owner, wanted.requestId, wanted.fingerprint);
    if (before !== undefined) return before;
    const number = this.#lastNumber + 1;
    this.#lastNumber += 1 + wanted.targets.length;
    const name = wanted.name === '' ? `Job${String(number)}` : wanted.name;
    const job = new Job({ ...wanted, number, name }, [], this.#written);
    this.#jobs.set(job.id, job);
    try {
      await this.#around.store.saveCounter(this.#lastNumber);
      await this.#around.store.save(job.stored);
    } catch (error) {
      this.#jobs.delete(job.id);
      throw error;
    }
    this.#feed.push(job.id);
    this.#run(job);
    return job;
  }

  /** The job that this request started. Error: REQUEST_ID_REUSED where it came with something else. */
  startedBy(owner: Principal, requestId: string, fingerprint: string): Job | undefined {
    const before = this.of(owner).find(({ stored }) => stored.requestId === requestId);
    if (before === undefined || before.stored.fingerprint === fingerprint) return before;
    throw new RunspaceError(
      'REQUEST_ID_REUSED',
      `request id "${requestId}" was already used for something else; make a new id for each new call`,
      { facts: { request_id: requestId } },
    );
  }

  get(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  /** An owner's jobs, by number. */
  of(owner: Principal): readonly Job[] {
    return [...this.#jobs.values()].filter((job) => job.owner === owner).sort((a, b) => a.number - b.number);
  }

  /** All jobs that a reference means, by number. Error: JOB_NOT_FOUND unless it is a pattern. */
  find(owner: Principal, reference: string): readonly Job[] {
    const found = findByReference(this.of(owner), reference);
    if (found.length === 0 && !isPattern(reference)) throw notFound(reference);
    return found;
  }

  /** The job that a reference means, of several the newest, or the child. Error: JOB_NOT_FOUND. */
  resolve(owner: Principal, reference: string): { readonly job: Job; readonly child: number | undefined } {
    const jobs = this.of(owner);
    const job = isPattern(reference) ? undefined : findByReference(jobs, reference).at(-1);
    if (job !== undefined) return { job, child: undefined };
    const number = Number(/^(?:job)?(\d+)$/i.exec(reference)?.[1] ?? NaN);
    const parent = jobs.find((each) => number > each.number && number <= each.number + each.children.length);
    if (parent === undefined) throw notFound(reference);
    return { job: parent, child: number - parent.number - 1 };
  }

  /** Ids of jobs that changed; ends when the signal aborts. */
  changes(signal: AbortSignal): AsyncIterable<string> {
    return this.#feed.subscribe(signal);
  }

  stop(job: Job, child: number | undefined): void {
    const runner = this.#runners.get(job.id);
    if (child === undefined) runner?.stop('asked');
    else runner?.stopOne(child);
  }

  /** Resolves when the job is over. Rejects with the signal's reason. */
  async over(job: Job, signal: AbortSignal): Promise<void> {
    const isDone = (): boolean => job.isOver || !this.#jobs.has(job.id);
    const watching = new AbortController();
    const changes = this.changes(AbortSignal.any([signal, watching.signal]));
    try {
      if (isDone()) return;
      for await (const id of changes) if (id === job.id && isDone()) return;
      signal.throwIfAborted();
    } finally {
      watching.abort();
    }
  }

  /** Forgets a job and what its own sessions wrote. Error: JOB_RUNNING unless it is over or forced. */
  async remove(job: Job, force: boolean, signal: AbortSignal): Promise<void> {
    if (!job.isOver) {
      if (!force) throw running(job);
      this.stop(job, undefined);
      await this.over(job, signal);
    }
    await this.#forget(job);
  }

  /** Forgets finished jobs that are too old, too many or too large together. */
  expire(): void {
    const { clock, limits } = this.#around;
    const oldest = clock.now() - limits.keptMs;
    const over = this.all()
      .filter(({ isOver }) => isOver)
      .sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0));
    let bytes = 0;
    for (const [place, job] of over.entries()) {
      bytes += job.storedBytes;
      // The newest stays, whatever its size: somebody is about to read it.
      const hasRoom = place === 0 || (place < limits.most && bytes <= limits.mostBytes);
      if (hasRoom && (job.endedAt ?? 0) > oldest) continue;
      this.#forget(job).catch((error: unknown) => {
        this.#around.log.warn('job not forgotten', { job: job.id, why: toError(error).message });
      });
    }
  }

  #run(job: Job): void {
    const { clock, log, work, ending } = this.#around;
    const over = (): void => {
      if (!this.#runners.delete(job.id)) return;
      this.#around.store.settle(job.id);
      this.#feed.push(job.id);
      this.expire();
    };
    const runner = new Runner(job, { clock, log, work, ending, over });
    this.#runners.set(job.id, runner);
    runner.begin();
  }

  readonly #written = (job: Job, line: JobLine): void => {
    try {
      this.#around.store.append(job.id, line);
    } catch (error) {
      this.#around.log.error('job not saved', error, { job: job.id });
    }
    this.#feed.push(job.id);
  };

  async #forget(job: Job): Promise<void> {
    this.#jobs.delete(job.id);
    this.#feed.push(job.id);
    for (const [index, { sessionId }] of job.children.entries())
      if (job.target(index).isOwned && sessionId !== undefined) await this.#around.work.forget(sessionId);
    await this.#around.store.erase(job.id);
  }
}

function notFound(reference: string): RunspaceError {
  const id = /^\d+$/.test(reference) ? 'JobWithSpecifiedSessionIdNotFound' : 'JobWithSpecifiedNameNotFound';
  return new RunspaceError('JOB_NOT_FOUND', `there is no job "${reference}"; list yours (runspace job ls)`, {
    facts: { job: reference, fully_qualified_error_id: id },
  });
}

function running(job: Job): RunspaceError {
  return new RunspaceError(
    'JOB_RUNNING',
    `job "${job.name}" (${String(job.number)}) is not over; stop it first, or remove it with --force`,
    { facts: { job: job.name, fully_qualified_error_id: 'JobCannotBeRemoved' } },
  );
}
