import type { FinalRecord, StreamRecord } from '../../core/record';

/** Records on their way from the engine to the one consumer, at the consumer's pace. The last is the final one. */
export class RecordQueue {
  /** Resolves when the final record has been added. */
  readonly finished: Promise<void>;
  #records: StreamRecord[] = [];
  #final: FinalRecord | undefined;
  #isAbandoned = false;
  #finish: () => void = () => undefined;
  #wakeConsumer: () => void = () => undefined;
  #wakeProducer: () => void = () => undefined;

  constructor() {
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  get isFinished(): boolean {
    return this.#final !== undefined;
  }

  /** Whether nobody takes records any more. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** Adds a record; after the final one nothing is added. */
  add(record: StreamRecord): void {
    if (!this.isFinished && !this.#isAbandoned) this.#records.push(record);
  }

  /** Adds the final record; only the first counts. */
  end(final: FinalRecord): void {
    if (this.isFinished) return;
    this.#records.push(final);
    this.#final = final;
    this.#finish();
    this.#wakeConsumer();
    this.#wakeProducer();
  }

  /** The next records, at least one. */
  async take(): Promise<readonly StreamRecord[]> {
    while (this.#records.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wakeConsumer = resolve;
      });
    }
    const records = this.#records;
    this.#records = [];
    this.#wakeProducer();
    return records;
  }

  /** Resolves when the consumer has taken what was added, or no longer wants it, or the end has come. */
  async taken(): Promise<void> {
    if (this.#records.length > 0) this.#wakeConsumer();
    while (this.#records.length > 0 && !this.#isAbandoned && !this.isFinished) {
      await new Promise<void>((resolve) => {
        this.#wakeProducer = resolve;
      });
    }
  }

  /** Nobody takes records any more: they are thrown away. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#records = [];
    this.#wakeProducer();
  }
}
