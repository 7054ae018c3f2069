import type { Clock } from '../core/clock';
import { RunspaceError, toError } from '../core/error';
import type { Log } from '../core/log';
import type { StreamRecord } from '../core/record';
import { Record as ProtoRecord, type SessionEvent } from '../gen/runspace/v1/record';
import { Journal } from '../journal/journal';
import { sessionJournalBytes } from './limits';
import { recordBody, type RecordBody } from './record-to-proto';
import type { Secrets } from './secrets';
import { repeatedField } from './wire';

/** What a session's own records need. */
export interface SessionJournalParts {
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
}

const options = { segmentBytes: sessionJournalBytes / 16, memoryBytes: 64 * 1024 } as const;

/** A session's own numbered records: its state changes, and what its engine says between commands. The oldest go first. */
export class SessionJournal {
  readonly journal: Journal;
  readonly #parts: SessionJournalParts;

  private constructor(journal: Journal, parts: SessionJournalParts) {
    this.journal = journal;
    this.#parts = parts;
  }

  /** A new session's. Throws JOURNAL_FULL. */
  static create(folder: string, parts: SessionJournalParts): SessionJournal {
    return new SessionJournal(Journal.create(folder, options), parts);
  }

  /** What a former keeper wrote; a new one where that can't be read. */
  static async open(folder: string, parts: SessionJournalParts): Promise<SessionJournal> {
    try {
      return new SessionJournal(await Journal.open(folder, options), parts);
    } catch (thrown) {
      if (!(thrown instanceof RunspaceError) || thrown.code !== 'JOURNAL_DAMAGED') throw thrown;
      parts.log.warn('session journal lost', { why: thrown.message });
      return SessionJournal.create(folder, parts);
    }
  }

  /** Appends an event of the session; returns its number. Throws JOURNAL_FULL. */
  event(event: SessionEvent): bigint {
    return this.#append({ $case: 'sessionEvent', value: event });
  }

  /** Appends what the engine wrote outside any command. Never throws: a notice that finds no room is lost. */
  notice(record: StreamRecord): void {
    try {
      this.#append(recordBody(record, this.#parts.secrets));
    } catch (thrown) {
      this.#parts.log.warn('notice lost', { why: toError(thrown).message });
    }
  }

  #append(body: RecordBody): bigint {
    const time = new Date(this.#parts.clock.now());
    const { last } = this.journal.append(1, (sequence) =>
      repeatedField(1, [ProtoRecord.encode({ sequence, time, body }).finish()]),
    );
    const excess = this.journal.bytes - sessionJournalBytes;
    if (excess > 0) this.journal.free({ upTo: last, reason: 'dropped', bytes: excess });
    return last;
  }
}
