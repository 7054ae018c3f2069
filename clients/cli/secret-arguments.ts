import { readFileSync } from 'node:fs';
import { credential, secureString, type Value } from '../typescript';
import type { Context } from './context';
import { decodeScript } from './decode-script';
import { systemCode, UsageError } from './failure';
import { askMasked } from './masked-line';
import { splitPair } from './command-options';

/**
 * Arguments by name that are secrets: SecureStrings and PSCredentials, asked for on the terminal or read from files.
 * Their text is never on the command line, where everybody on the machine can read it.
 */
export async function secretArguments(context: Context): Promise<Readonly<Record<string, Value>>> {
  const files = new Map(
    context.texts('secret-file').map((pair) => {
      const { name, text } = splitPair('secret-file', pair);
      return [name, text] as const;
    }),
  );
  const users = new Map(
    argumentUsers(context).map((pair) => {
      const { name, text } = splitPair('credential', pair);
      if (text === '') throw new UsageError(`--credential needs NAME=USER, and got '${pair}'`);
      return [name, text] as const;
    }),
  );
  const asked = context.texts('secret-param');
  const made: Record<string, Value> = {};
  for (const name of new Set([...asked, ...files.keys(), ...users.keys()])) {
    const user = users.get(name);
    const file = files.get(name);
    const secret = file === undefined ? await asking(name, user) : fileText(file);
    made[name] = user === undefined ? secureString(secret) : credential(user, secret);
  }
  return made;
}

/** `--credential USER` without a name is about the target. */
function argumentUsers(context: Context): readonly string[] {
  return context.texts('credential').filter((text) => text.includes('='));
}

function asking(name: string, user: string | undefined): Promise<string> {
  const prompt = user === undefined ? `${name}: ` : `Password for user ${user}: `;
  return askMasked(prompt, `read it from a file with --secret-file ${name}=FILE`);
}

/** A file's text without its last line end: editors and `echo` add one. */
function fileText(path: string): string {
  try {
    return decodeScript(readFileSync(path), path).replace(/\r?\n$/, '');
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw new UsageError(`the secret can't be read from '${path}' (${code})`);
  }
}
