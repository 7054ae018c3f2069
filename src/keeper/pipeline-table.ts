import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RunspaceError, toError } from '../core/error';
import { asPipelineId, isGuid, type PipelineId } from '../core/ids';
import type { Log } from '../core/log';
import type { JournalOptions } from '../journal/options';
import { InputQueue } from './input-queue';
import { mostListed, mostOpenJournals, mostRemembered } from './limits';
import { Pipeline } from './pipeline';
import { PipelineJournal } from './pipeline-journal';
import {
  PipelineLog,
  type LoggedPipelines,
  type RememberedPipeline,
  type StartedPipeline,
} from './pipeline-log';

/** What a table needs. */
export interface TableParts {
  /** Folder of the pipelines' folders; it exists. */
  readonly folder: string;
  /** File of the PipelineLog. */
  readonly logFile: string;
  readonly journals: JournalOptions;
  readonly log: Log;
  /** Called after each change of a pipeline that listings show. */
  readonly changed: (pipeline: Pipeline) => void;
}

/** A pipeline and the moment from which it outlives a crash. */
export interface MadePipeline {
  readonly pipeline: Pipeline;
  /** Resolves when it is on the disk itself; until then the engine must not see it. Rejects with JOURNAL_FULL. */
  readonly recorded: Promise<void>;
}

/** A pipeline to be made; the table gives it its number. */
export type NewPipeline = Omit<StartedPipeline, 'number'>;

/** How many pipelines end between two looks at how many are kept. */
const retireEvery = 50;

/**
 * The pipelines of one session, oldest first: each request starts one, once. Finished ones are listed until there are
 * too many; of those removed the request id is remembered, so that even then nothing runs twice.
 */
export class PipelineTable implements Disposable {
  readonly #parts: TableParts;
  readonly #log: PipelineLog;
  readonly #pipelines = new Map<PipelineId, Pipeline>();
  readonly #byRequest = new Map<string, Pipeline>();
  readonly #recording = new Map<PipelineId, Promise<void>>();
  readonly #remembered = new Map<string, RememberedPipeline>();
  /** Finished pipelines whose journals are open, the least recently used first. */
  readonly #open = new Set<Pipeline>();
  #lastNumber = 0n;
  #endedSinceRetire = 0;

  private constructor(parts: TableParts, log: PipelineLog, found: LoggedPipelines) {
    this.#parts = parts;
    this.#log = log;
    for (const gone of found.remembered) this.#remember(gone);
    for (const { started, ended } of found.pipelines) {
      const pipelineParts = this.#pipelineParts(
        started,
        PipelineJournal.found(this.#foundFolder(started.id), parts.journals, ended?.last),
      );
      this.#add(
        ended === undefined
          ? new Pipeline({ ...pipelineParts, isUncounted: true })
          : Pipeline.ended(pipelineParts, ended),
      );
    }
  }

  /** The table of this session, with what a former keeper left in it: pipelines without an end are the caller's to end. */
  static open(parts: TableParts): PipelineTable {
    const { log, found } = PipelineLog.open(parts.logFile);
    return new PipelineTable(parts, log, found);
  }

  /** Oldest first. */
  get all(): readonly Pipeline[] {
    return [...this.#pipelines.values()];
  }

  get newest(): Pipeline | undefined {
    return this.all.at(-1);
  }

  /**
   * The pipeline that this request made, if it did. Throws EXPIRED where that one was removed, REQUEST_ID_REUSED for
   * another payload.
   */
  madeBy(requestId: string, fingerprint: string): MadePipeline | undefined {
    const pipeline = this.#byRequest.get(requestId);
    const made = pipeline?.started ?? this.#remembered.get(requestId);
    if (made === undefined) return undefined;
    if (made.fingerprint !== fingerprint) throw reused(requestId, made);
    if (pipeline === undefined) throw expired(made.number.toString());
    return { pipeline, recorded: this.#recording.get(made.id) ?? Promise.resolve() };
  }

  /**
   * Makes a pipeline: its place and number are taken at once, before anything is awaited, so a second call with the
   * same request id finds it. Throws JOURNAL_FULL.
   */
  make(wanted: NewPipeline): MadePipeline {
    if (this.#pipelines.has(wanted.id)) throw idTaken(wanted.id);
    const started: StartedPipeline = { ...wanted, number: this.#lastNumber + 1n };
    const journal = PipelineJournal.create(this.#journalFolder(started.id), this.#parts.journals);
    const pipeline = new Pipeline(this.#pipelineParts(started, journal));
    this.#add(pipeline);
    const recorded = this.#record(pipeline).finally(() => this.#recording.delete(started.id));
    this.#recording.set(started.id, recorded);
    return { pipeline, recorded };
  }

  /** By id, by the beginning of an id, or by number. Throws PIPELINE_NOT_FOUND, EXPIRED, INVALID_ARGUMENT for an ambiguous beginning. */
  find(reference: string): Pipeline {
    const known = isGuid(reference) ? this.#pipelines.get(asPipelineId(reference)) : undefined;
    if (known !== undefined) return known;
    const byNumber = this.#byNumber(reference);
    if (byNumber !== undefined) return byNumber;
    const found =
      reference === ''
        ? []
        : this.all.filter(({ started }) => started.id.startsWith(reference.toLowerCase()));
    if (found.length > 1) throw ambiguous(reference, found);
    const [pipeline] = found;
    if (pipeline !== undefined) return pipeline;
    if ([...this.#remembered.values()].some(({ id }) => id === reference)) throw expired(reference);
    throw notFound(reference);
  }

  /** The newest pipeline, or the oldest that reader `owner` has not finished (the newest, where it has finished all). */
  chooseForReading(from: 'number' | 'acknowledged'): Pipeline | undefined {
    const unread = this.all.find(
      ({ isFinished, journal }) => !isFinished || journal.numbers.acknowledged < journal.numbers.last,
    );
    return from === 'number' ? this.newest : (unread ?? this.newest);
  }

  /** Writes down how a pipeline ended, and lets go of what is too much. */
  ended(pipeline: Pipeline): void {
    this.#noteUse(pipeline);
    if (pipeline.end === undefined) return;
    try {
      this.#log.ended(pipeline.started.id, pipeline.end);
    } catch (thrown) {
      // The journal has the final record; the next keeper reads it there.
      this.#parts.log.warn('end not logged', { pipeline: pipeline.started.id, why: toError(thrown).message });
    }
    this.#endedSinceRetire += 1;
    if (this.#endedSinceRetire >= retireEvery) this.#tryRetire();
  }

  /** Somebody used this pipeline's journal: it stays open while it is among the last few. */
  released(pipeline: Pipeline): void {
    if (pipeline.isFinished) this.#noteUse(pipeline);
  }

  /** Ends all use of the journals. */
  async close(because: RunspaceError): Promise<void> {
    await Promise.allSettled(this.all.map(({ journal }) => journal.close(because)));
  }

  [Symbol.dispose](): void {
    this.#log[Symbol.dispose]();
  }

  #pipelineParts(
    started: StartedPipeline,
    journal: PipelineJournal,
  ): ConstructorParameters<typeof Pipeline>[0] {
    const changed = (): void => {
      const pipeline = this.#pipelines.get(started.id);
      if (pipeline !== undefined) this.#parts.changed(pipeline);
    };
    return { started, journal, input: started.hasInput ? new InputQueue(changed) : undefined, changed };
  }

  #add(pipeline: Pipeline): void {
    const { id, requestId, number } = pipeline.started;
    this.#pipelines.set(id, pipeline);
    this.#byRequest.set(requestId, pipeline);
    if (number > this.#lastNumber) this.#lastNumber = number;
  }

  async #record(pipeline: Pipeline): Promise<void> {
    try {
      await this.#log.started(pipeline.started);
    } catch (thrown) {
      this.#forget(pipeline);
      await this.#deleteFolder(pipeline);
      throw new RunspaceError(
        'JOURNAL_FULL',
        `the command was not started: ${toError(thrown).message}; free space`,
        {
          cause: thrown,
        },
      );
    }
  }

  #byNumber(reference: string): Pipeline | undefined {
    if (!/^\d{1,15}$/.test(reference)) return undefined;
    const number = BigInt(reference);
    const found = this.all.find(({ started }) => started.number === number);
    if (found === undefined && number >= 1n && number <= this.#lastNumber) throw expired(reference);
    return found;
  }

  #noteUse(pipeline: Pipeline): void {
    this.#open.delete(pipeline);
    this.#open.add(pipeline);
    for (const oldest of this.#open) {
      if (this.#open.size <= mostOpenJournals) return;
      if (oldest.journal.rest()) this.#open.delete(oldest);
    }
  }

  /** Where the disk takes no line about it, the next time will do. */
  #tryRetire(): void {
    this.#endedSinceRetire = 0;
    try {
      this.#retire();
    } catch (thrown) {
      this.#parts.log.warn('old pipelines not removed', { why: toError(thrown).message });
    }
  }

  #retire(): void {
    const finished = this.all.filter(({ isFinished }) => isFinished);
    const read = finished.filter(({ journal }) => journal.numbers.acknowledged >= journal.numbers.last);
    const retired = new Set([
      ...finished.slice(0, -mostListed.any),
      ...read.slice(0, -mostListed.acknowledged),
    ]);
    for (const pipeline of retired) this.#remove(pipeline);
    // A start that is being synced has the old file in hand.
    if (this.#recording.size > 0) return;
    this.#log.compact(() => ({
      pipelines: this.all.map(({ started, end }) => ({ started, ended: end })),
      remembered: [...this.#remembered.values()],
    }));
  }

  #remove(pipeline: Pipeline): void {
    if (pipeline.journal.isOpen && !pipeline.journal.rest()) return;
    this.#log.removed(pipeline.started);
    this.#open.delete(pipeline);
    this.#forget(pipeline);
    this.#remember(pipeline.started);
    void this.#deleteFolder(pipeline);
  }

  #forget({ started }: Pipeline): void {
    this.#pipelines.delete(started.id);
    this.#byRequest.delete(started.requestId);
  }

  #remember({ id, number, requestId, fingerprint }: RememberedPipeline): void {
    this.#remembered.set(requestId, { id, number, requestId, fingerprint });
    if (number > this.#lastNumber) this.#lastNumber = number;
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= mostRemembered) return;
      this.#remembered.delete(oldest);
    }
  }

  async #deleteFolder({ started }: Pipeline): Promise<void> {
    try {
      await rm(join(this.#parts.folder, started.id), { recursive: true, force: true });
    } catch (thrown) {
      this.#parts.log.warn('pipeline folder left', { pipeline: started.id, why: toError(thrown).message });
    }
  }

  #journalFolder(id: PipelineId): string {
    return join(this.#parts.folder, id);
  }

  /** Earlier keepers made a folder `journal` in the pipeline's. */
  #foundFolder(id: PipelineId): string {
    const folder = this.#journalFolder(id);
    const former = join(folder, 'journal');
    return existsSync(former) ? former : folder;
  }
}

function reused(requestId: string, made: RememberedPipeline): RunspaceError {
  return new RunspaceError(
    'REQUEST_ID_REUSED',
    `request id "${requestId}" already started pipeline ${made.number} with another payload; use a new request id`,
    { facts: { request_id: requestId, pipeline: made.id } },
  );
}

function idTaken(id: string): RunspaceError {
  return new RunspaceError('INVALID_ARGUMENT', `pipeline id ${id} is taken`, { facts: { pipeline: id } });
}

function expired(reference: string): RunspaceError {
  return new RunspaceError('EXPIRED', `pipeline ${reference} ran, and its records are no longer kept`, {
    facts: { pipeline: reference },
  });
}

function notFound(reference: string): RunspaceError {
  return new RunspaceError(
    'PIPELINE_NOT_FOUND',
    `the session has no pipeline "${reference}"; list its pipelines`,
    {
      facts: { pipeline: reference },
    },
  );
}

function ambiguous(reference: string, found: readonly Pipeline[]): RunspaceError {
  const ids = found.slice(0, 3).map(({ started }) => started.id);
  return new RunspaceError(
    'INVALID_ARGUMENT',
    `"${reference}" is the beginning of ${found.length} pipelines, ${ids.join(', ')} among them; give more of the id`,
    { facts: { pipeline: reference } },
  );
}
