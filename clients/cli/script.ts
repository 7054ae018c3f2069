import { readFileSync, statSync } from 'node:fs';
import type { Context } from './context';
import { decodeScript } from './decode-script';
import { systemCode, UsageError } from './failure';

/**
 * The script that a command line asks to run: after `--`, by --command, from a file, or as this word.
 * Throws before any connection.
 */
export function scriptOf(context: Context, word = context.positionals[1]): string {
  const sources = [
    { flag: '--', text: context.rest?.join(' ') },
    { flag: 'the second word', text: word },
    { flag: '--command', text: context.text('command') },
    { flag: '--file-path', text: context.text('file-path') },
  ].filter(({ text }) => text !== undefined);
  const [source, second] = sources;
  if (source?.text === undefined) throw noScript(context);
  if (second !== undefined) {
    throw new UsageError(
      `the script was given twice, by ${source.flag} and by ${second.flag}: give one of them`,
    );
  }
  const script = source.flag === '--file-path' ? readScript(source.text) : source.text;
  if (script.trim() === '') throw new UsageError('the script is empty: give the text of a command');
  return script;
}

function noScript(context: Context): UsageError {
  const session = context.positionals[0] ?? 'SESSION';
  return new UsageError(`there is no script: write it after --, as in runspace invoke ${session} -- '1 + 1'`);
}

function readScript(path: string): string {
  if (path === '-') return decodeScript(readFileSync(0), 'standard input');
  if (/[*?[\]]/.test(path)) {
    throw unusable(
      path,
      'it holds a wildcard (* ? [ ]); name one file, or give it on standard input with -f -',
    );
  }
  try {
    if (statSync(path).isDirectory()) throw unusable(path, 'it is a folder');
    return decodeScript(readFileSync(path), path);
  } catch (error) {
    throw error instanceof UsageError ? error : unusable(path, whyUnreadable(error), error);
  }
}

function whyUnreadable(error: unknown): string {
  const code = systemCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file on this side';
  if (code === 'EACCES' || code === 'EPERM') return 'it is not readable for you';
  return String(error);
}

function unusable(path: string, why: string, cause?: unknown): UsageError {
  const metadata = { path, fully_qualified_id: 'PathNotFound' };
  return new UsageError(`the script file ${path} can't be used: ${why}`, 'INVALID_ARGUMENT', {
    metadata,
    cause,
  });
}
