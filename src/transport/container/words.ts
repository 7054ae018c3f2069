/**
 * The words of a command line as it stands in a configuration: parted by spaces; what is in quotes, or behind a
 * backslash, is taken as it is.
 */
export function wordsIn(line: string): readonly string[] {
  const words = line.match(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+/gs) ?? [];
  return words.map((word) =>
    [...word.matchAll(/'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^'"\\]+/gs)].map(([part]) => plain(part)).join(''),
  );
}

function plain(part: string): string {
  if (part.startsWith("'")) return part.slice(1, -1);
  const inside = part.startsWith('"') ? part.slice(1, -1) : part;
  return inside.replace(/\\(.)/gs, '$1');
}
