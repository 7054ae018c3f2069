import { readFileSync } from 'node:fs';
import { systemCode, UsageError } from '../failure';

/** The items of a flag that takes a list: parted by commas, given several times, or one a line in a file (`@FILE`). */
export function itemsOf(texts: readonly string[], flag: string): readonly string[] {
  const items = texts.flatMap((text) =>
    text.startsWith('@') ? linesOf(text.slice(1), flag) : partsOf(text),
  );
  const blank = items.findIndex((item) => item.trim() === '');
  if (blank >= 0)
    throw new UsageError(`--${flag}: name ${String(blank + 1)} of the list is blank`, 'INVALID_ARGUMENT', {
      metadata: { fully_qualified_id: 'PSSessionInvalidComputerName' },
    });
  if (items.length === 0) throw new UsageError(`--${flag} names nothing`);
  return items.map((item) => item.trim());
}

/** The parts between commas. (Brackets hold IPv6 addresses, and sets of characters of patterns.) */
export function partsOf(text: string): readonly string[] {
  const parts: string[] = [];
  let [part, depth] = ['', 0];
  for (const character of text) {
    if (character === '[') depth += 1;
    if (character === ']') depth -= 1;
    if (character === ',' && depth <= 0) {
      parts.push(part);
      part = '';
    } else part += character;
  }
  return [...parts, part];
}

function linesOf(path: string, flag: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw new UsageError(`--${flag}: the list can't be read from '${path}' (${code})`, 'INVALID_ARGUMENT', {
      metadata: { path, fully_qualified_id: 'PathNotFound' },
    });
  }
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '')
    .flatMap(partsOf);
}
