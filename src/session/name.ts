import { RunspaceError } from '../core/error';

/** What sessions are found by. */
export interface Named {
  readonly id: string;
  readonly number: number;
  readonly name: string;
}

const longestName = 128;

/** Refuses a name that could be taken for something else, or that no terminal shows. */
export function checkSessionName(name: string): void {
  const problem = nameProblem(name);
  if (problem !== undefined)
    throw new RunspaceError('INVALID_ARGUMENT', `"${name}" can't be a session's name: ${problem}`, {
      facts: { name },
    });
}

function nameProblem(name: string): string | undefined {
  if (name.trim() === '') return 'it is blank';
  if (name.length > longestName) return `it is longer than ${String(longestName)} characters`;
  if (/^\d+$/.test(name)) return 'it is digits only, which means a session by its number; add a letter';
  if (/[*?[\]]/.test(name)) return 'the characters * ? [ ] are for patterns';
  if (/^-/.test(name)) return 'it begins with -, like an option';
  if (/[\p{Cc}\p{Cs}/\\,]/u.test(name)) return 'it holds a control character, a slash or a comma';
  return undefined;
}

/** Whether a reference to sessions is a pattern (`web*`, `db?`, `[ab]1`) rather than one name. */
export function isPattern(reference: string): boolean {
  return /[*?[]/.test(reference);
}

/** Whether a name is, or matches, this name or pattern, without regard to case. */
export function matchesName(name: string, pattern: string): boolean {
  return matchesParts(name.toLowerCase(), partsOf(pattern.toLowerCase()));
}

/**
 * The sessions that a reference means, in the order of PowerShell: number, id, exact name, beginning of an id, pattern.
 * Names are compared without regard to case. Nothing found gives an empty list.
 */
export function findByReference<T extends Named>(sessions: readonly T[], reference: string): readonly T[] {
  const text = reference.toLowerCase();
  if (isPattern(text)) {
    const parts = partsOf(text);
    return sessions.filter((session) => matchesParts(session.name.toLowerCase(), parts));
  }
  const rules: ((session: T) => boolean)[] = [
    (session) => String(session.number) === text,
    (session) => session.id === text,
    (session) => session.name.toLowerCase() === text,
    (session) => text.length >= 4 && session.id.startsWith(text),
  ];
  for (const rule of rules) {
    const found = sessions.filter(rule);
    if (found.length > 0) return found;
  }
  return [];
}

/** One place of a pattern: a run of any length, or a test of one character. */
type Part = 'anyRun' | ((character: string) => boolean);

/** PowerShell's wildcards. An unfinished `[` stands for itself; a range that runs backwards holds nothing. */
function partsOf(pattern: string): readonly Part[] {
  const parts = pattern.match(/\*+|\?|\[[^\]]+\]|[^]/g) ?? [];
  return parts.map((part) => {
    if (part.startsWith('*')) return 'anyRun';
    if (part === '?') return () => true;
    return part.length > 1 ? oneOf(part.slice(1, -1)) : (character) => character === part;
  });
}

/** The inside of `[…]`: characters and ranges. */
function oneOf(text: string): (character: string) => boolean {
  const ranges = (text.match(/[^]-[^]|[^]/g) ?? []).map(
    (range) => [range.charAt(0), range.slice(-1)] as const,
  );
  return (character) => ranges.some(([from, to]) => character >= from && character <= to);
}

/** In a time that grows with both lengths multiplied, whatever the pattern: only the last run is ever tried again. */
function matchesParts(text: string, parts: readonly Part[]): boolean {
  let at = 0;
  let run: { readonly part: number; readonly end: number } | undefined;
  let part = 0;
  while (at < text.length || part < parts.length) {
    const current = parts[part];
    if (current === 'anyRun') {
      run = { part, end: at };
      part += 1;
    } else if (current !== undefined && at < text.length && current(text.charAt(at))) {
      part += 1;
      at += 1;
    } else {
      if (run === undefined || run.end >= text.length) return false;
      run = { part: run.part, end: run.end + 1 };
      part = run.part + 1;
      at = run.end;
    }
  }
  return true;
}
