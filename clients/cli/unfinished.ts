/** Whose language a line is in, as far as its brackets and quotes go. */
export type Language = 'powershell' | 'javascript' | 'python' | 'bash';

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
  python: [
    { begin: /#/y, end: /(?=\n)|$/g, isOneLine: true },
    { begin: /'''/y, end: /(?<!\\)(?:\\\\)*'''/g },
    { begin: /"""/y, end: /(?<!\\)(?:\\\\)*"""/g },
    { begin: /'/y, end: /(?<!\\)(?:\\\\)*'|(?=\n)|$/g, isOneLine: true },
    { begin: /"/y, end: /(?<!\\)(?:\\\\)*"|(?=\n)|$/g, isOneLine: true },
  ],
  bash: [
    { begin: /(?<![^\s;&|()])#/y, end: /(?=\n)|$/g, isOneLine: true },
    { begin: /(?<!<)<<-?(?!<)[ \t]*(['"\\]?)(\w+)\1[^\n]*\n(?:[^]*?\n)??\t*\2(?=\n|$)/y, end: /(?:)/g },
    { begin: /(?<!<)<<-?(?!<)[ \t]*['"\\]?\w/y, end: /$(?!)/g },
    { begin: /\$'/y, end: /(?<!\\)(?:\\\\)*'/g },
    { begin: /'/y, end: /'/g },
    { begin: /"/y, end: /(?<!\\)(?:\\\\)*"/g },
  ],
};

const continuation: Readonly<Record<Language, RegExp>> = {
  powershell: /(^|[^`])`$|\|[ \t]*$/,
  javascript: /\\$/,
  // Also a block that was begun, and a decorator: only an empty line ends them.
  python: /\\$|(^|\n)[ \t]*[^#\s].*:[ \t]*(#.*)?$|(^|\n)([ \t]+\S.*|@.*)$/,
  bash: /(?<!\\)(?:\\\\)*\\$|(\|\|?|&&)[ \t]*$/,
};

/** What takes the meaning of the letter after it. */
const escapes: Readonly<Record<Language, string>> = {
  powershell: '`',
  javascript: '',
  python: '',
  bash: '\\',
};

/**
 * Whether input asks for another line: a bracket, text or comment is open, or it ends in the sign of continuation.
 * A guess by the signs alone; whoever sends input lets an empty line end it.
 */
export function isUnfinished(text: string, language: Language): boolean {
  let depth = 0;
  let blocks = 0;
  for (let at = 0; at < text.length;) {
    const next = afterStretch(text, at, language);
    if (next === 'open') return true;
    if (next === undefined) {
      // In bash a bracket may close that none has opened: `case x in a)`.
      depth = Math.max(depth + depthOf(text.charAt(at)), language === 'bash' ? 0 : -Infinity);
      if (language === 'bash') blocks = Math.max(0, blocks + blockDepthOf(text, at));
    }
    at = next ?? at + (text.charAt(at) === escapes[language] ? 2 : 1);
  }
  return depth > 0 || blocks > 0 || continuation[language].test(text);
}

function depthOf(letter: string): number {
  if ('([{'.includes(letter)) return 1;
  return ')]}'.includes(letter) ? -1 : 0;
}

const blockWord =
  /(?<=(?:^|[\n;&|(){}]|\b(?:then|do|else|elif|if|while|until|!))[ \t]*)(if|case|do|fi|esac|done)(?![\w=/.-])/y;

/** 1 where a word of bash begins a block here, -1 where one ends it. */
function blockDepthOf(text: string, at: number): number {
  blockWord.lastIndex = at;
  const word = blockWord.exec(text)?.[1];
  if (word === undefined) return 0;
  return word === 'if' || word === 'case' || word === 'do' ? 1 : -1;
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
