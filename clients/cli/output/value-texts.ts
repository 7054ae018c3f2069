import type { OutputTextFormat, SessionRecord } from '../../typescript';
import type { RecordFormat } from '../flags';
import type { Terminal } from '../terminal';
import { messageText } from './messages';
import { ProgressLines } from './progress';

/** The text form that a format asks the daemon for; undefined: values as they are. */
export function textFormatOf(format: RecordFormat): OutputTextFormat | undefined {
  if (format === 'clixml') return 'clixml';
  return format === 'values' ? 'json' : undefined;
}

/** How texts of values make one whole. */
interface Frame {
  readonly head: string;
  readonly each: (text: string) => string;
  readonly foot: string;
}

const clixmlHead = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">';

/** One document of all: each value's own `<Objs>` is taken off. Ids of objects may come again in it, as PowerShell lets them. */
export const clixmlFrame: Frame = {
  head: `${clixmlHead}\n`,
  each: (text) => `${text.replace(/^<Objs[^>]*>/, '').replace(/<\/Objs>$/, '')}\n`,
  foot: '</Objs>\n',
};

/** One value a line. */
export const lineFrame: Frame = { head: '', each: (text) => `${text}\n`, foot: '' };

/** Output values as the daemon wrote them on standard output, everything else as text on standard error. */
export class ValueTextPrinter {
  readonly #terminal: Terminal;
  readonly #frame: Frame;
  readonly #progress: ProgressLines;
  #isBegun = false;

  constructor(terminal: Terminal, frame: Frame) {
    this.#terminal = terminal;
    this.#frame = frame;
    this.#progress = new ProgressLines(terminal);
  }

  /** Writes a batch. */
  async show(batch: readonly SessionRecord[]): Promise<void> {
    for (const record of batch) {
      if (record.stream === 'output') await this.#out(this.#frame.each(this.#textOf(record)));
      else await this.#note(record);
    }
  }

  /** Ends the document. */
  async finish(): Promise<void> {
    await this.#out(this.#frame.foot);
  }

  async #out(text: string): Promise<void> {
    const head = this.#isBegun ? '' : this.#frame.head;
    this.#isBegun = true;
    if (head + text !== '') await this.#terminal.out(head + text);
  }

  async #note(record: SessionRecord): Promise<void> {
    const text =
      record.stream === 'progress' ? this.#progress.show(record) : messageText(record, this.#terminal);
    if (text !== '') await this.#terminal.note(text);
  }

  #textOf(record: SessionRecord & { readonly stream: 'output' }): string {
    if (record.text !== '') return record.text;
    throw new Error(`record ${record.sequence.toString()} has a value that has no text in this form`);
  }
}
