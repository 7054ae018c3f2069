import { readFileSync } from 'node:fs';
import type { Credential } from '../../typescript';
import type { Context } from '../context';
import { systemCode, UsageError } from '../failure';
import { askMasked } from '../masked-line';

/** The names of users in `--credential`: without `=` it is who one is to a target, with it an argument of the script. */
export function targetUsers(context: Context): readonly string[] {
  return context.texts('credential').filter((text) => !text.includes('='));
}

/**
 * Who the caller is to all targets of the command: the password is asked masked, or read with the token from a file.
 * Throws UsageError: one credential only, no terminal to ask on.
 */
export async function targetCredential(context: Context): Promise<Credential | undefined> {
  const tokenFile = context.text('token-file');
  const token = tokenFile === undefined ? undefined : contentOf(tokenFile, 'token-file');
  const [userName, second] = targetUsers(context);
  if (second !== undefined) throw new UsageError('--credential was given twice: one is for all targets');
  if (userName === undefined) return token === undefined ? undefined : { token };
  if (token !== undefined) return { userName, token };
  const file = context.text('password-file');
  if (file !== undefined) return { userName, password: contentOf(file, 'password-file') };
  const password = await askMasked(
    `Password for user ${userName}: `,
    'read it from a file with --password-file FILE',
  );
  return { userName, password };
}

/** A file's text without its last line end. */
function contentOf(path: string, flag: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw new UsageError(`--${flag}: '${path}' can't be read (${code})`);
  }
}
