/** A column of a table. */
export interface Column {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly align?: 'right';
}

/** Width of each column: of its title and its widest cell. */
export function widthsOf(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly number[] {
  return columns.map(({ title }, index) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[index] ?? ''))),
  );
}

/** One line of a table. A cell that is wider than its column is not cut: it moves the rest of its line. */
export function tableLine(
  cells: readonly string[],
  columns: readonly Column[],
  widths: readonly number[],
): string {
  const padded = cells.map((cell, index) => {
    const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - widthOf(cell)));
    return columns[index]?.align === 'right' ? padding + cell : cell + padding;
  });
  return `${padded.join(' ').trimEnd()}\n`;
}

/** A whole table with its titles. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = widthsOf(columns, rows);
  const titles = columns.map(({ title }) => title);
  return [titles, ...rows].map((cells) => tableLine(cells, columns, widths)).join('');
}

/** Names with values below each other: `Name  : value`; further lines of a value stand below its first. */
export function renderList(pairs: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(0, ...pairs.map(([name]) => widthOf(name)));
  const indent = `\n${' '.repeat(width + 3)}`;
  const lineOf = (name: string, value: string): string => {
    const padding = ' '.repeat(width - widthOf(name));
    return `${name}${padding} : ${value.trimEnd().replace(/\r?\n/g, indent)}`.trimEnd();
  };
  return pairs.map(([name, value]) => `${lineOf(name, value)}\n`).join('');
}

/** The text in one line. */
export function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ');
}

/** Columns that a text takes in a terminal: letters of East Asia and emoji take two, combining marks none. */
function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const letter of text) width += letterWidth(letter);
  return width;
}

function letterWidth(letter: string): number {
  if (/\p{Mark}|\p{Cf}/u.test(letter)) return 0;
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
    letter,
  )
    ? 2
    : 1;
}
