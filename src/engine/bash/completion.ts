/** Where a line of bash ends, as far as completing it goes. */
export interface LineEnd {
  readonly kind: 'command' | 'file' | 'folder' | 'variable' | 'nothing';
  /** What is to be completed, without quotes. */
  readonly word: string;
  /** The same as it is written. */
  readonly replaced: string;
  /** The quote that is still open. */
  readonly quote: '' | "'" | '"';
}

/** Before one of these a command may stand. */
const commandWords = new Set([
  'if',
  'then',
  'else',
  'elif',
  'while',
  'until',
  'do',
  'time',
  '!',
  '{',
  'exec',
  'sudo',
]);
const folderCommands = new Set(['cd', 'pushd', 'rmdir']);

interface Word {
  written: string;
  plain: string;
  quote: '' | "'" | '"';
}

/** Takes a line apart as far as bash does before it expands anything. */
export function lineEnd(line: string): LineEnd {
  let words: string[] = [];
  let word: Word = { written: '', plain: '', quote: '' };
  const endWord = (): void => {
    if (word.written !== '') words.push(word.plain);
    word = { written: '', plain: '', quote: '' };
  };
  for (let index = 0; index < line.length; index += 1) {
    const letter = line.charAt(index);
    if (word.quote !== '') {
      word.written += letter;
      if (letter === word.quote) word.quote = '';
      else if (letter === '\\' && word.quote === '"') {
        index += 1;
        word.written += line.charAt(index);
        word.plain += line.charAt(index);
      } else word.plain += letter;
    } else if (letter === "'" || letter === '"') {
      word.written += letter;
      word.quote = letter;
    } else if (letter === '\\') {
      index += 1;
      word.written += letter + line.charAt(index);
      word.plain += line.charAt(index);
    } else if (letter === '#' && word.written === '') {
      const end = line.indexOf('\n', index);
      if (end < 0) return { kind: 'nothing', word: '', replaced: '', quote: '' };
      index = end;
      words = [];
    } else if (/[;&|\n(`]/.test(letter)) {
      endWord();
      words = [];
    } else if (/[\s<>)]/.test(letter)) {
      endWord();
      if (/[<>]/.test(letter)) words.push(letter);
    } else {
      word.written += letter;
      word.plain += letter;
    }
  }
  return endOf(words, word);
}

function endOf(words: readonly string[], { written, plain, quote }: Word): LineEnd {
  const variable = quote === "'" ? null : /\$\{?([A-Za-z_][A-Za-z0-9_]*)?$/.exec(written);
  if (variable !== null) {
    const name = variable[1] ?? '';
    return { kind: 'variable', word: name, replaced: name, quote: '' };
  }
  const meant = words.filter((one) => !/^[A-Za-z_][A-Za-z0-9_]*=/.test(one));
  const last = meant.at(-1);
  const isCommand = last === undefined || commandWords.has(last);
  const kind =
    isCommand && !/[/~]/.test(plain) ? 'command' : folderCommands.has(meant[0] ?? '') ? 'folder' : 'file';
  // In name=value the value is what is completed.
  const assigned = isCommand ? /^[A-Za-z_][A-Za-z0-9_]*=/.exec(written)?.[0].length : undefined;
  if (assigned !== undefined)
    return { kind: 'file', word: plain.slice(assigned), replaced: written.slice(assigned), quote };
  return { kind, word: plain, replaced: written, quote };
}

/** A word that completes a line, as it is to be written there. */
export function writtenAs(word: string, { kind, replaced, quote }: LineEnd): string {
  if (kind === 'variable') return word;
  const opened = /^['"]/.exec(replaced)?.[0];
  if (quote !== '' && opened === quote) {
    if (quote === "'") return quote + word.replaceAll("'", `'\\''`);
    return quote + word.replace(/["\\$`]/g, '\\$&');
  }
  const home = word.startsWith('~') ? '~' : '';
  return home + word.slice(home.length).replace(/[\s'"\\$&;|<>()*?[\]{}!#`]/g, '\\$&');
}
