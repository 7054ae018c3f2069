import type { SessionRecord, Value, ValueStyle } from '../../typescript';
import type { RecordPrinter } from '../output/records';
import { ValueLayout } from '../output/values';
import type { Terminal } from '../terminal';
import { foldNames } from './fold-names';

/** What is needed to show output folded. */
export interface GatherSpec {
  readonly terminal: Terminal;
  readonly style: (sessionId: string) => Promise<ValueStyle>;
  readonly nameOf: (record: SessionRecord) => string;
  /** Shows everything but output, as it comes. */
  readonly live: RecordPrinter;
  /** Show only what is not as most have it. */
  readonly onlyDifferent: boolean;
}

/** Shows the output of many targets at the end, the same output once, with the names of all that wrote it (P115). */
export class GatherPrinter implements RecordPrinter {
  readonly #spec: GatherSpec;
  /** By the ids of their sessions: several may be at one place. */
  readonly #written = new Map<string, { readonly name: string; readonly values: Value[] }>();

  constructor(spec: GatherSpec) {
    this.#spec = spec;
  }

  async show(batch: readonly SessionRecord[]): Promise<void> {
    for (const record of batch) {
      const { sessionId } = record;
      const own = this.#written.get(sessionId) ?? { name: this.#spec.nameOf(record), values: [] };
      this.#written.set(sessionId, own);
      if (record.stream === 'output' && record.value !== undefined) own.values.push(record.value);
    }
    await this.#spec.live.show(batch.filter(({ stream }) => stream !== 'output'));
  }

  async finish(): Promise<void> {
    await this.#spec.live.finish();
    const { terminal, style, onlyDifferent } = this.#spec;
    const byText = new Map<string, string[]>();
    for (const [sessionId, { name, values }] of this.#written) {
      const text = new ValueLayout().show(values, await style(sessionId));
      byText.set(text, [...(byText.get(text) ?? []), name]);
    }
    // The most common one first, where it is the measure of the others.
    const groups = [...byText].toSorted(([, a], [, b]) => b.length - a.length);
    const shown = onlyDifferent ? groups.slice(1) : groups;
    if (onlyDifferent && groups[0] !== undefined)
      await terminal.note(`runspace: as most: ${headOf(groups[0][1])}\n`);
    for (const [text, names] of shown)
      await terminal.out(`${headOf(names)}:\n${text === '' ? '(nothing)\n' : text}`);
  }
}

function headOf(names: readonly string[]): string {
  return `${foldNames(names)} (${String(names.length)})`;
}
