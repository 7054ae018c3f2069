import type { SessionRecord } from '../../typescript';
import type { Terminal } from '../terminal';

type ProgressOf<Record> = Record extends { readonly stream: 'progress' } ? Record : never;

/** A progress line that is written over; nothing where standard error is no terminal. */
export class ProgressLine {
  readonly #terminal: Terminal;
  #isShown = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** The text that shows the record. */
  show(record: ProgressOf<SessionRecord>): string {
    if (!this.#terminal.isShown) return '';
    if (record.completed) return this.clear();
    this.#isShown = true;
    const percent = record.percentComplete < 0 ? '' : ` ${String(record.percentComplete)} %`;
    const line =
      `${record.activity}:${percent} ${record.statusDescription} ${record.currentOperation}`.trimEnd();
    return `\r\x1b[K${line.slice(0, (this.#terminal.columns ?? 80) - 1)}`;
  }

  /** The text that takes the line away. */
  clear(): string {
    const text = this.#isShown ? '\r\x1b[K' : '';
    this.#isShown = false;
    return text;
  }
}
