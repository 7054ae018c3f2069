/** Whose language a line is in, as far as its brackets and quotes go. */
export type Language = 'powershell' | 'javascript';

/** A stretch in which brackets mean nothing: a text or a comment. */
interface Stretch {
  readonly begin: RegExp;
  readonly end: RegExp;
  /** Whether it ends with its line: then it never asks for another one. */
  readonly isOneLine?: true;
}

/** Tried in their order at each place. */
const stretches: Readonly<Record<Language, readonly Stretch[]>> = {
  powershell: [
    { begin: /<#/y, end: /#>/g },
    { begin: /(?<![\w$])#/y, end: /(?=\n)|$/g, isOneLine: true },
    { begin: /@'[ \t]*\n/y, end: /(?<=\n)'@/g },
    { begin: /@"[ \t]*\n/y, end: /(?<=\n)"@/g },
    { begin: /@['"][ \t]*$/y, end: /$(?!)/g },
    { begin: /'/y, end: /'/g },
    { begin: /"/y, end: /(?<!`)(?:``)*"/g },
  ],
  javascript: [
    { begin: /\/\*/y, end: /\*\//g },
    { begin: /\/\//y, end: /(?=\n)|$/g, isOneLine: true },
    { begin: /`/y, end: /(?<!\\)(?:\\\\)*`/g },
    { begin: /'/y, end: /(?<!\\)(?:\\\\)*'|(?=\n)|$/g, isOneLine: true },
    { begin: /"/y, end: /(?<!\\)(?:\\\\)*"|(?=\n)|$/g, isOneLine: true },
  ],
};

const continuation: Readonly<Record<Language, RegExp>> = {
  powershell: /(^|[^`])`$|\|[ \t]*$/,
  javascript: /\\$/,
};

/**
 * Whether input asks for another line: a bracket, text or comment is open, or it ends in the sign of continuation.
 * A guess by the signs alone; whoever sends input lets an empty line end it.
 */
export function isUnfinished(text: string, language: Language): boolean {
  let depth = 0;
  for (let at = 0; at < text.length;) {
    const next = afterStretch(text, at, language);
    if (next === 'open') return true;
    if (next === undefined) depth += depthOf(text.charAt(at));
    at = next ?? (language === 'powershell' && text.charAt(at) === '`' ? at + 2 : at + 1);
  }
  return depth > 0 || continuation[language].test(text);
}

function depthOf(letter: string): number {
  if ('([{'.includes(letter)) return 1;
  return ')]}'.includes(letter) ? -1 : 0;
}

/** Where the stretch that begins here ends; undefined: none begins here. */
function afterStretch(text: string, at: number, language: Language): number | 'open' | undefined {
  for (const { begin, end, isOneLine } of stretches[language]) {
    begin.lastIndex = at;
    if (!begin.test(text)) continue;
    end.lastIndex = begin.lastIndex;
    const found = end.exec(text);
    if (found !== null) return found.index + found[0].length;
    return isOneLine === true ? text.length : 'open';
  }
  return undefined;
}
