/** Names in little room: `web[1-40,42]`, as far as they differ in one number; others are parted by commas. */
export function foldNames(names: readonly string[]): string {
  const groups = new Map<
    string,
    { readonly head: string; readonly tail: string; readonly digits: string[] }
  >();
  const plain: string[] = [];
  for (const name of names) {
    // The last number of a name is what most fleets count by; addresses are counted by their last part.
    const [, head, digits, tail] = /^(.*?)(\d+)(\D*)$/s.exec(name) ?? [];
    if (head === undefined || digits === undefined || tail === undefined) {
      plain.push(name);
      continue;
    }
    const key = JSON.stringify([head, tail]);
    const group = groups.get(key) ?? { head, tail, digits: [] };
    group.digits.push(digits);
    groups.set(key, group);
  }
  const folded = [...groups.values()].map(({ head, tail, digits }) =>
    digits.length === 1 ? `${head}${String(digits[0])}${tail}` : `${head}[${rangesOf(digits)}]${tail}`,
  );
  return [...folded, ...plain].join(',');
}

/** `1-3,7`; leading zeros stay, so that every name can be read out of it again. */
function rangesOf(digits: readonly string[]): string {
  const sorted = [...new Set(digits)].toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const ranges: string[][] = [];
  for (const number of sorted) {
    const range = ranges.at(-1);
    if (range !== undefined && isNext(range.at(-1) ?? '', number)) range.push(number);
    else ranges.push([number]);
  }
  return ranges
    .map((range) => (range.length === 1 ? range[0] : `${range[0] ?? ''}-${range.at(-1) ?? ''}`))
    .join(',');
}

function isNext(before: string, number: string): boolean {
  const hasZero = before.startsWith('0') || number.startsWith('0');
  return BigInt(before) + 1n === BigInt(number) && (before.length === number.length || !hasZero);
}
