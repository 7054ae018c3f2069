import type { Row } from './result';

const heads = ['what', 'ours', 'peer', 'limit', 'ratio', 'goal'];

/** The rows as a table that is also Markdown. The ratio is ours to the limit, else to the peer. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [heads, ...rows.map(cellsOf)];
  const widths = heads.map((_, column) => Math.max(...lines.map((cells) => (cells[column] ?? '').length)));
  const text = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = '', ...body] = lines.map(text);
  return [head, text(widths.map((width) => '-'.repeat(width))), ...body].join('\n');
}

function cellsOf({ what, unit, ours, peer, limit, goal }: Row): readonly string[] {
  const met = goal?.isMet === true ? 'met' : 'MISSED';
  return [
    `${what}, ${unit}`,
    figure(ours),
    figure(peer),
    figure(limit),
    ratio(ours, peer, limit),
    goal === undefined ? '' : `${met}: ${goal.text}`,
  ];
}

function figure(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '-';
  if (value >= 1000) return Math.round(value).toString();
  return value.toFixed(value < 10 ? 2 : 1);
}

function ratio(ours: number, peer: number | undefined, limit: number | undefined): string {
  if (limit !== undefined) return `${(ours / limit).toFixed(2)} x limit`;
  return peer === undefined ? '-' : `${(ours / peer).toFixed(2)} x peer`;
}
