import { RunspaceError } from '../core/error';
import type { SessionId } from '../core/ids';

/** What sessions are found by. */
export interface Named {
  readonly id: SessionId;
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

/**
 * The sessions that a reference means, in the order of PowerShell: number, id, exact name, beginning of an id, pattern.
 * Names are compared without regard to case. Nothing found gives an empty list.
 */
export function findByReference<T extends Named>(sessions: readonly T[], reference: string): readonly T[] {
  const text = reference.toLowerCase();
  if (isPattern(text)) {
    const matches = patternOf(text);
    return sessions.filter((session) => matches.test(session.name.toLowerCase()));
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

/** PowerShell's wildcards as a regular expression. An unfinished `[` stands for itself. */
function patternOf(pattern: string): RegExp {
  const parts = pattern.match(/\*|\?|\[[^\]]+\]|[^]/g) ?? [];
  const body = parts.map((part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1) return `[${part.slice(1, -1).replace(/[\\^\]]/g, '\\$&')}]`;
    return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${body.join('')}$`, 's');
}
