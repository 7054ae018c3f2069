import type { StreamRecord } from '../../core/record';
import { LineSplitter } from './line-splitter';

type Descriptor = 1 | 2;

/** Makes records of what an interpreter writes, in the order of writing, and holds them until they are taken. */
export class Collector {
  readonly #written = { 1: new LineSplitter(), 2: new LineSplitter() };
  readonly #native = { 1: new LineSplitter(), 2: new LineSplitter() };
  #records: StreamRecord[] = [];

  /** Text that the interpreter itself wrote: in order with its other records, so these end a line that was begun. */
  text(descriptor: Descriptor, text: string): void {
    this.#flush(this.#written, descriptor === 1 ? 2 : 1);
    for (const line of this.#written[descriptor].push(text)) this.#line(descriptor, line);
  }

  /** Text that came by the descriptor itself, from whatever process. */
  nativeText(descriptor: Descriptor, text: string): void {
    for (const line of this.#native[descriptor].push(text)) this.#line(descriptor, line);
  }

  /** Any other record. */
  record(record: StreamRecord): void {
    this.#flush(this.#written, 1);
    this.#flush(this.#written, 2);
    this.#records.push(record);
  }

  /** Ends all lines that were begun. */
  flush(): void {
    for (const splitters of [this.#written, this.#native]) {
      this.#flush(splitters, 1);
      this.#flush(splitters, 2);
    }
  }

  /** Drops all lines that were begun. */
  forgetPartial(): void {
    for (const splitters of [this.#written, this.#native]) {
      splitters[1].flush();
      splitters[2].flush();
    }
  }

  /** The records since the last time. */
  take(): readonly StreamRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  /** Whether there are records to take. */
  hasRecords(): boolean {
    return this.#records.length > 0;
  }

  /** Length of the longest line that was begun, in UTF-16 units. */
  get partialLength(): number {
    const splitters = [this.#written[1], this.#written[2], this.#native[1], this.#native[2]];
    return Math.max(...splitters.map((splitter) => splitter.partialLength));
  }

  #flush(splitters: Readonly<Record<Descriptor, LineSplitter>>, descriptor: Descriptor): void {
    const line = splitters[descriptor].flush();
    if (line !== undefined) this.#line(descriptor, line);
  }

  #line(descriptor: Descriptor, text: string): void {
    this.#records.push(
      descriptor === 1
        ? { stream: 'output', value: { type: 'string', value: text }, tag: 'stdout' }
        : { stream: 'information', value: { type: 'string', value: text }, message: text, tags: ['stderr'] },
    );
  }
}
