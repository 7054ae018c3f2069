import { readdirSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { RunspaceError, toError } from '../../core/error';
import type { ConfigurationText } from './configuration';

const deepestInclude = 16;

/**
 * The ssh configuration of a user: the file named, or `~/.ssh/config` and the system's. `none`: no file.
 * Error: INVALID_ARGUMENT for a named file that can't be read.
 */
export function readConfigurationFiles(file: string | undefined, home: string): readonly ConfigurationText[] {
  if (file === 'none') return [];
  const text = (path: string, missing: 'mayBeMissing' | 'mustBeThere'): ConfigurationText => ({
    path,
    text: withIncludes(read(path, missing), { folder: dirname(path), home, depth: 0 }),
  });
  if (file !== undefined) return [text(file, 'mustBeThere')];
  return [join(home, '.ssh', 'config'), '/etc/ssh/ssh_config'].map((path) => text(path, 'mayBeMissing'));
}

/** (`Include` stands where it stands: what it brings belongs to the block around it.) */
/** Where an included file is looked for, and how many have included it. */
interface Place {
  readonly folder: string;
  readonly home: string;
  readonly depth: number;
}

function withIncludes(text: string, place: Place): string {
  const { folder, home, depth } = place;
  if (depth > deepestInclude) return '';
  return text
    .split('\n')
    .map((line) => {
      const [, patterns] = /^\s*Include[ \t=]+(.+)$/i.exec(line) ?? [];
      if (patterns === undefined) return line;
      return patterns
        .trim()
        .split(/\s+/)
        .flatMap((pattern) => filesOf(pattern.replaceAll('"', ''), folder, home))
        .map((path) => withIncludes(read(path, 'mayBeMissing'), { folder, home, depth: depth + 1 }))
        .join('\n');
    })
    .join('\n');
}

function filesOf(pattern: string, folder: string, home: string): readonly string[] {
  const expanded = pattern.startsWith('~/') ? join(home, pattern.slice(2)) : pattern;
  const path = isAbsolute(expanded) ? expanded : join(folder, expanded);
  const name = path.slice(dirname(path).length + 1);
  if (!/[*?]/.test(name)) return [path];
  const expression = new RegExp(
    `^${name
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
  return namesIn(dirname(path))
    .filter((each) => expression.test(each) && !each.startsWith('.'))
    .sort()
    .map((each) => join(dirname(path), each));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // As ssh has it: what is not there includes nothing.
  }
}

function read(path: string, missing: 'mayBeMissing' | 'mustBeThere'): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (missing === 'mayBeMissing') return '';
    throw new RunspaceError(
      'INVALID_ARGUMENT',
      `the ssh configuration file ${path} can't be read: ${toError(error).message}`,
      {
        facts: { file: path },
        cause: error,
      },
    );
  }
}
