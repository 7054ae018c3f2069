import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode, UsageError } from '../failure';
import type { Environment } from '../settings';

/** Whether it is a pattern (`*`, `?`, `[a-z]`) and not the name of one host; an IPv6 address in brackets is none. */
export function isPattern(name: string): boolean {
  return /[*?]/.test(name) || (/\[[^\]]*\]/.test(name) && !name.includes(':'));
}

/**
 * The hosts that a pattern means: those that `~/.ssh/config` names by `Host` and that match it, in the order of the file.
 * A `user@` before the pattern is for all of them. Throws UsageError where it means none.
 */
export function hostsLike(pattern: string, environment: Environment): readonly string[] {
  const at = pattern.lastIndexOf('@');
  const user = pattern.slice(0, at + 1);
  const expression = expressionOf(pattern.slice(at + 1));
  const file = join(environment['HOME'] ?? '', '.ssh', 'config');
  const found = hostNames(readIfThere(file)).filter((name) => expression.test(name));
  if (found.length > 0) return found.map((name) => user + name);
  throw new UsageError(`no Host of ${file} matches '${pattern}'; name the hosts, or give a list with @FILE`);
}

/** Names of single hosts: patterns of the file's own say nothing of what there is. */
function hostNames(text: string): readonly string[] {
  const lines = [...text.matchAll(/^[ \t]*Host[ \t=]+(.+)$/gim)];
  const names = lines.flatMap(([, words = '']) => words.trim().split(/\s+/));
  return [...new Set(names.map((name) => name.replaceAll('"', '')).filter((name) => !/[*?!]/.test(name)))];
}

function expressionOf(pattern: string): RegExp {
  const parts = pattern.split(/(\*|\?|\[[^\]]*\])/).map((part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    return part.startsWith('[') ? part : part.replaceAll(/[\\^$.|+(){}]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 'i');
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '';
    throw new UsageError(`${path} can't be read (${systemCode(error) ?? String(error)})`);
  }
}
