import type { Clock } from '../core/clock';
import { RunspaceError, toError } from '../core/error';
import type { Log } from '../core/log';
import type { FinalRecord } from '../core/record';
import type { Journal } from '../journal/journal';
import { finalRetryMs } from './limits';
import type { Pipeline } from './pipeline';
import { isJournalFull, type RecordWriter } from './record-writer';

/** What writing a final record needs. */
export interface FinalWriterParts {
  readonly pipeline: Pipeline;
  readonly journal: Journal;
  readonly writer: RecordWriter;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Ends a pipeline: what still waits, the gap of what was left out, the final record, then the state. On a full disk
 * the pipeline ends as failed with JOURNAL_FULL. The journal keeps a small reserve for that record; where even this is
 * not enough the state ends all the same, readers are told, and the record is tried again until there is room or
 * the keeper ends (then the next keeper writes one).
 */
export class FinalWriter {
  readonly #parts: FinalWriterParts;
  /** What the pipeline says at its end; settled by `write`. */
  #final: FinalRecord;
  #isRetrying = false;

  constructor(final: FinalRecord, parts: FinalWriterParts) {
    this.#final = final;
    this.#parts = parts;
  }

  /**
   * Returns when readers have the record, or know that they can't have it yet; syncing goes on behind. Never throws:
   * where the journal was closed meanwhile the state ends all the same, and whoever opens it next writes the record.
   */
  write(leftOut: number): void {
    const { pipeline, clock, log } = this.#parts;
    try {
      this.#writeAll(leftOut);
    } catch (thrown) {
      log.error('final record not written', thrown, { pipeline: pipeline.started.id });
    }
    pipeline.finish(this.#final, clock.now());
  }

  #writeAll(leftOut: number): void {
    const { writer, journal } = this.#parts;
    const lost = leftOut === 0 ? 0 : this.#flush();
    if (lost > 0) this.#final = noRoom(journal);
    if (leftOut + lost > 0) this.#writeGap(leftOut + lost);
    const waiting = writer.waiting;
    this.#finish();
    if (!journal.isFinal && waiting > 0) {
      // Records and final record together found no room: the reserve is for the final record alone.
      this.#final = noRoom(journal);
      this.#writeGap(waiting);
      this.#finish();
    }
  }

  /** Writes what waits; returns how many records found no room. */
  #flush(): number {
    try {
      this.#parts.writer.flush();
      return 0;
    } catch (thrown) {
      if (!isJournalFull(thrown)) throw thrown;
      return this.#parts.writer.drop();
    }
  }

  #writeGap(leftOut: number): void {
    const { journal, log, pipeline } = this.#parts;
    try {
      journal.appendGap(leftOut, 'stopped');
    } catch (thrown) {
      if (!isJournalFull(thrown)) throw thrown;
      // Records that got no number leave no hole: only the word about them is lost.
      log.warn('gap not written', { pipeline: pipeline.started.id, records: leftOut });
    }
  }

  /** The part of it that readers see happens before this returns; `journal.isFinal` tells whether it did. */
  #finish(): void {
    const { writer, journal, pipeline } = this.#parts;
    const syncing = writer.finish(this.#final);
    pipeline.setUnwrittenFinal(journal.isFinal ? undefined : unwritten());
    syncing.catch((thrown: unknown) => this.#failed(toError(thrown)));
  }

  #failed(error: Error): void {
    const { journal, log, pipeline, clock } = this.#parts;
    if (this.#isRetrying) return;
    log.warn('final record not on disk', { pipeline: pipeline.started.id, why: error.message });
    if (journal.isFinal || !isJournalFull(error)) return;
    this.#isRetrying = true;
    clock.after(finalRetryMs, () => {
      this.#isRetrying = false;
      if (!journal.isFinal) this.#finish();
    });
  }
}

function noRoom(journal: Journal): FinalRecord {
  const message = `the disk is full: what the command wrote after record ${journal.last} is lost; free space and run it again`;
  return { stream: 'final', state: 'failed', reason: new RunspaceError('JOURNAL_FULL', message) };
}

function unwritten(): RunspaceError {
  return new RunspaceError(
    'JOURNAL_FULL',
    'the disk is full: the last record of this pipeline is not written yet; free space and receive again',
  );
}
