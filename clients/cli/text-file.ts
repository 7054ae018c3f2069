import { readFileSync } from 'node:fs';
import { decodeScript } from './decode-script';
import { systemCode, UsageError } from './failure';

/** A file's text; `-` is standard input. Throws UsageError, naming the file and what is wrong with it. */
export function readTextFile(path: string): string {
  if (path === '-') return decodeScript(readFileSync(0), 'standard input');
  try {
    return decodeScript(readFileSync(path), path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const why = systemCode(error) === 'ENOENT' ? 'there is no such file' : String(error);
    throw new UsageError(`the file ${path} can't be read: ${why}`, 'INVALID_ARGUMENT', {
      metadata: { path },
      cause: error,
    });
  }
}
