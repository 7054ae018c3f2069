import type { RunspaceError } from '../core/error';
import { Journal } from '../journal/journal';
import type { JournalOptions } from '../journal/options';

/** What listings and limits need of a journal. Bytes are those on disk. */
export interface JournalNumbers {
  readonly last: bigint;
  readonly firstKept: bigint;
  readonly acknowledged: bigint;
  readonly bytes: number;
  readonly unreadBytes: number;
}

const noNumbers: JournalNumbers = { last: 0n, firstKept: 1n, acknowledged: 0n, bytes: 0, unreadBytes: 0 };

/**
 * One pipeline's journal: open while it is written or used, afterwards only its numbers, so that thousands of finished
 * pipelines cost little. Whoever uses it gets it opened again.
 */
export class PipelineJournal {
  readonly #folder: string;
  readonly #options: JournalOptions;
  #knownLast: bigint | undefined;
  #journal: Journal | undefined;
  #opening: Promise<Journal> | undefined;
  #numbers = noNumbers;
  #users = 0;

  private constructor(
    folder: string,
    options: JournalOptions,
    { journal, last }: { readonly journal?: Journal; readonly last?: bigint | undefined },
  ) {
    this.#folder = folder;
    this.#options = options;
    this.#journal = journal;
    this.#knownLast = last;
  }

  /** A new journal, open for writing. Throws JOURNAL_FULL. */
  static create(folder: string, options: JournalOptions): PipelineJournal {
    return new PipelineJournal(folder, options, { journal: Journal.create(folder, options) });
  }

  /** The journal in that folder, opened by its first use. `last` is its final number, where that is known. */
  static found(folder: string, options: JournalOptions, last: bigint | undefined): PipelineJournal {
    return new PipelineJournal(folder, options, { last });
  }

  /** The number of the final record; undefined while there is none. */
  get lastOfAll(): bigint | undefined {
    return this.#journal?.isFinal === true ? this.#journal.last : this.#knownLast;
  }

  get numbers(): JournalNumbers {
    if (this.#journal !== undefined) this.#numbers = numbersOf(this.#journal);
    return this.#numbers;
  }

  get isOpen(): boolean {
    return this.#journal !== undefined;
  }

  /** Keeps the journal open while `action` runs. Rejects with JOURNAL_DAMAGED where it can't be read. */
  async use<T>(action: (journal: Journal) => T | Promise<T>): Promise<T> {
    this.#users += 1;
    try {
      return await action(await this.#opened());
    } finally {
      this.#users -= 1;
    }
  }

  /** Lets go of a finished journal that nobody uses; says whether it did. */
  rest(): boolean {
    if (this.#users > 0 || this.#journal?.isFinal !== true) return false;
    this.#numbers = numbersOf(this.#journal);
    this.#knownLast = this.#journal.last;
    this.#journal = undefined;
    return true;
  }

  /** Gives descriptors back and ends all use with this error. */
  async close(because: RunspaceError): Promise<void> {
    await this.#journal?.close(because);
  }

  async #opened(): Promise<Journal> {
    if (this.#journal !== undefined) return this.#journal;
    this.#opening ??= Journal.open(this.#folder, this.#options, this.lastOfAll).finally(() => {
      this.#opening = undefined;
    });
    this.#journal = await this.#opening;
    return this.#journal;
  }
}

function numbersOf({ last, firstKept, acknowledged, bytes, unreadBytes }: Journal): JournalNumbers {
  return { last, firstKept, acknowledged, bytes, unreadBytes };
}
