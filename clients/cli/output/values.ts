import { entriesOf, itemsOf, propertiesOf, valueText, type Value, type ValueStyle } from '../../typescript';
import { oneLine, renderList, tableLine, widthsOf, type Column } from './table';

/** Objects with more properties are shown as a list. */
const mostColumns = 4;

type Shown =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'row'; readonly columns: readonly Column[]; readonly cells: readonly string[] }
  | { readonly is: 'list'; readonly pairs: readonly (readonly [string, string])[] };

interface OpenTable {
  readonly key: string;
  readonly columns: readonly Column[];
  readonly widths: readonly number[];
}

/**
 * Shows values as PowerShell would: text, numbers and switches plain, one a line, null as nothing, items of lists one
 * by one, dictionaries as Name and Value, objects of up to four properties as rows of a table, others as lists. A table
 * goes on while objects of the same properties follow; its widths are those of what was there when it began.
 */
export class ValueLayout {
  #table: OpenTable | undefined;
  #isAfterBlock = false;

  /** The text that shows these values below what was shown before; with the name of the target that they are `from`, where one is given. */
  show(values: readonly Value[], style: ValueStyle, from?: string): string {
    const plain = values.flatMap((value) => shownOf(value, style));
    const shown = from === undefined ? plain : plain.map((one) => withName(one, from));
    let text = '';
    for (let at = 0; at < shown.length;) {
      const end = endOfGroup(shown, at);
      text += this.#showGroup(shown.slice(at, end));
      at = end;
    }
    return text;
  }

  #showGroup(group: readonly Shown[]): string {
    const [first] = group;
    if (first === undefined) return '';
    if (first.is === 'row')
      return this.#showRows(
        first.columns,
        group.flatMap((one) => (one.is === 'row' ? [one.cells] : [])),
      );
    const gap = this.#beginBlock();
    this.#isAfterBlock = first.is === 'list';
    return gap + group.map(textOf).join(first.is === 'list' ? '\n' : '');
  }

  #showRows(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
    const key = JSON.stringify(columns.map(({ title }) => title));
    const lines = (table: OpenTable, cells: readonly (readonly string[])[]): string =>
      cells.map((row) => tableLine(row, table.columns, table.widths)).join('');
    if (this.#table?.key === key) return lines(this.#table, rows);
    const gap = this.#beginBlock();
    const table = { key, columns, widths: widthsOf(columns, rows) };
    this.#table = table;
    this.#isAfterBlock = true;
    const titles = columns.map(({ title }) => title);
    return gap + lines(table, [titles, titles.map((title) => title.replace(/./gu, '-')), ...rows]);
  }

  /** An empty line stands between a table or list and what follows it. */
  #beginBlock(): string {
    this.#table = undefined;
    return this.#isAfterBlock ? '\n' : '';
  }
}

/** Texts have it in front, objects as a first property (P17). */
function withName(one: Shown, name: string): Shown {
  switch (one.is) {
    case 'text':
      return { is: 'text', text: `${name}: ${one.text}` };
    case 'row':
      return {
        ...one,
        columns: [{ title: nameColumn }, ...one.columns],
        cells: [oneLine(name), ...one.cells],
      };
    case 'list':
      return { ...one, pairs: [[nameColumn, name], ...one.pairs] };
  }
}

const nameColumn = 'PSComputerName';

/** Texts stand alone; rows go together as long as their columns are the same, lists as long as they are lists. */
function endOfGroup(shown: readonly Shown[], start: number): number {
  const key = groupKey(shown[start]);
  let end = start + 1;
  while (end < shown.length && groupKey(shown[end]) === key) end++;
  return end;
}

function groupKey(one: Shown | undefined): string {
  return one?.is === 'row' ? JSON.stringify(one.columns.map(({ title }) => title)) : (one?.is ?? '');
}

function textOf(one: Shown): string {
  switch (one.is) {
    case 'text':
      return one.text;
    case 'list':
      return renderList(one.pairs);
    case 'row':
      return '';
  }
}

function shownOf(value: Value, style: ValueStyle): readonly Shown[] {
  const items = itemsOf(value);
  if (items !== undefined) return items.flatMap((item) => shownOf(item, style));
  const entries = entriesOf(value);
  if (entries !== undefined)
    return entries.map(({ key, value: entry }) => entryRow(valueText(key, style), valueText(entry, style)));
  const properties = propertiesOf(value);
  if (properties !== undefined && properties.length > 0) return [objectOf(properties, style)];
  if (value.kind === undefined || value.kind.$case === 'null') return [];
  return [{ is: 'text', text: `${valueText(value, style)}\n` }];
}

function entryRow(key: string, value: string): Shown {
  return {
    is: 'row',
    columns: [{ title: 'Name' }, { title: 'Value' }],
    cells: [oneLine(key), oneLine(value)],
  };
}

function objectOf(
  properties: readonly { name: string; value?: Value | undefined }[],
  style: ValueStyle,
): Shown {
  const pairs = properties.map(({ name, value }) => [name, valueText(value, style)] as const);
  if (properties.length > mostColumns) return { is: 'list', pairs };
  const columns = properties.map(({ name, value }): Column => ({
    title: oneLine(name),
    ...(isNumber(value) ? { align: 'right' } : {}),
  }));
  return { is: 'row', columns, cells: pairs.map(([, text]) => oneLine(text)) };
}

const numberKinds = /^(u?int(8|16|32|64)|bigInteger|single|double|decimal)$/;

function isNumber(value: Value | undefined): boolean {
  return numberKinds.test(value?.kind?.$case ?? '');
}
