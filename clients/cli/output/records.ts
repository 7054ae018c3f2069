import { FinalState, recordToJson, type SessionRecord, type Value, type ValueStyle } from '../../typescript';
import type { RecordFormat } from '../flags';
import type { Terminal } from '../terminal';
import { messageText } from './messages';
import { toYaml } from './objects';
import { ProgressLines } from './progress';
import { clixmlFrame, lineFrame, ValueTextPrinter } from './value-texts';
import { ValueLayout } from './values';

type OutputOf<Record> = Record extends { readonly stream: 'output' | 'display' } ? Record : never;

/** The engine's formatters keep back a table for 0.3 s at most, and this many of its rows are shown without them. */
const mostAwaited = 1_000;

/** Shows records as they come. */
export interface RecordPrinter {
  /** Settles when all of the batch is written. */
  show(batch: readonly SessionRecord[]): Promise<void>;
  /** Ends what was begun. */
  finish(): Promise<void>;
}

/** What a printer needs. */
export interface RecordPrinterSpec {
  readonly terminal: Terminal;
  /** Whose way of writing values; asked only where it makes a difference. */
  readonly style: (sessionId: string) => Promise<ValueStyle>;
  /** Which target wrote it, to be said of everything; left out: nothing is said. */
  readonly nameOf?: (record: SessionRecord) => string;
}

/** The printer of a form. */
export function recordPrinter(format: RecordFormat, spec: RecordPrinterSpec): RecordPrinter {
  switch (format) {
    case 'table':
      return new TextPrinter(spec);
    case 'json':
      return new JsonPrinter(spec.terminal);
    case 'ndjson':
      return linePrinter(spec.terminal, (batch) =>
        batch.map((record) => `${JSON.stringify(recordToJson(record))}\n`).join(''),
      );
    case 'yaml':
      return linePrinter(spec.terminal, (batch) => toYaml(batch.map(recordToJson)));
    case 'name':
      return new NamePrinter(spec.terminal);
    case 'clixml':
      return new ValueTextPrinter(spec.terminal, clixmlFrame);
    case 'values':
      return new ValueTextPrinter(spec.terminal, lineFrame);
  }
}

/** Output on standard output as PowerShell would show it, everything else on standard error, in the order of writing. */
class TextPrinter implements RecordPrinter {
  readonly #spec: RecordPrinterSpec;
  readonly #layout = new ValueLayout();
  readonly #progress: ProgressLines;
  #values: Value[] = [];
  /** The target that wrote them. */
  #from: string | undefined;
  /** Values that the engine has not laid out yet. */
  #awaited: Value[] = [];

  constructor(spec: RecordPrinterSpec) {
    this.#spec = spec;
    this.#progress = new ProgressLines(spec.terminal);
  }

  async show(batch: readonly SessionRecord[]): Promise<void> {
    let notes = '';
    for (const record of batch) {
      if (record.stream === 'output' || record.stream === 'display') {
        await this.#note(notes);
        notes = '';
        await this.#takeOutput(record);
        continue;
      }
      if (record.stream === 'final') this.#takeEnd(record.state);
      else await this.#flushValues(record.sessionId);
      notes += record.stream === 'progress' ? this.#progress.show(record) : this.#message(record);
    }
    await this.#note(notes);
    const [first] = batch;
    if (first !== undefined) await this.#flushValues(first.sessionId);
  }

  async finish(): Promise<void> {
    await this.#note(this.#progress.clear());
  }

  async #takeOutput(record: OutputOf<SessionRecord>): Promise<void> {
    const from = this.#nameOf(record);
    // What the engine laid out has no room for names.
    const isEnginesOwn = from === undefined && (record.stream === 'display' || record.displayed);
    if (isEnginesOwn || from !== this.#from) await this.#flushValues(record.sessionId);
    this.#from = from;
    if (record.stream === 'display') {
      if (isEnginesOwn) await this.#showLaidOut(record.text);
      return;
    }
    if (record.value === undefined) return;
    if (!isEnginesOwn) this.#values.push(record.value);
    else if (this.#awaited.length < mostAwaited) this.#awaited.push(record.value);
  }

  async #showLaidOut(text: string): Promise<void> {
    // The empty line above a table comes before its rows do.
    if (text.trim() !== '') this.#awaited = [];
    await this.#note(this.#progress.clear());
    await this.#spec.terminal.out(`${text}\n`);
  }

  /** Of a command that came to no good end the engine lays out nothing more; what it had begun with is shown here. */
  #takeEnd(state: FinalState): void {
    if (state !== FinalState.FINAL_STATE_COMPLETED) this.#values.push(...this.#awaited);
    this.#awaited = [];
  }

  #message(record: SessionRecord): string {
    const text = messageText(record, this.#spec.terminal);
    const name = this.#nameOf(record);
    return text === '' ? '' : `${this.#progress.clear()}${name === undefined ? '' : `${name}: `}${text}`;
  }

  /** The name to show; undefined: none. */
  #nameOf(record: SessionRecord): string | undefined {
    return this.#spec.nameOf?.(record);
  }

  async #note(text: string): Promise<void> {
    if (text !== '') await this.#spec.terminal.note(text);
  }

  async #flushValues(sessionId: string): Promise<void> {
    const values = this.#values;
    if (values.length === 0) return;
    this.#values = [];
    const style = values.some(dependsOnStyle) ? await this.#spec.style(sessionId) : 'powershell';
    await this.#note(this.#progress.clear());
    await this.#spec.terminal.out(this.#layout.show(values, style, this.#from));
  }
}

/** Only these kinds are written in different ways. */
function dependsOnStyle({ kind }: Value): boolean {
  return /^(bool|single|double|list|dictionary|object)$/.test(kind?.$case ?? '');
}

/** One JSON array, written piece by piece. */
class JsonPrinter implements RecordPrinter {
  readonly #terminal: Terminal;
  #isBegun = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  async show(batch: readonly SessionRecord[]): Promise<void> {
    const texts = batch.map((record) => `${this.#separator()}${JSON.stringify(recordToJson(record))}`);
    await this.#terminal.out(texts.join(''));
  }

  async finish(): Promise<void> {
    await this.#terminal.out(this.#isBegun ? '\n]\n' : '[]\n');
  }

  #separator(): string {
    const separator = this.#isBegun ? ',\n' : '[\n';
    this.#isBegun = true;
    return separator;
  }
}

/** The id of the command, once. */
class NamePrinter implements RecordPrinter {
  readonly #terminal: Terminal;
  #isWritten = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  async show([first]: readonly SessionRecord[]): Promise<void> {
    if (this.#isWritten || first === undefined) return;
    this.#isWritten = true;
    await this.#terminal.out(`${first.pipelineId}\n`);
  }

  async finish(): Promise<void> {
    // There is nothing to end.
  }
}

function linePrinter(
  terminal: Terminal,
  textOf: (batch: readonly SessionRecord[]) => string | Promise<string>,
): RecordPrinter {
  return {
    show: async (batch) => terminal.out(await textOf(batch)),
    finish: async () => undefined,
  };
}
