import SSHConfig from 'ssh-config';
import { RunspaceError, toError } from '../../core/error';

/** A configuration file's text, after `Include`; `path` is for messages. */
export interface ConfigurationText {
  readonly path: string;
  readonly text: string;
}

/** Options by their names in lower case; what may be said several times has several values. */
export type SshOptions = ReadonlyMap<string, readonly string[]>;

/** Options that add up; of all others the first one said counts. */
const repeatable = new Set([
  'identityfile',
  'certificatefile',
  'localforward',
  'remoteforward',
  'dynamicforward',
]);
/** Options whose values are lists of words. */
const lists = new Set(['userknownhostsfile', 'globalknownhostsfile']);

/**
 * What the files say of a host, the first file first: `Host` and `Match` blocks are applied as ssh applies them
 * (ssh_config(5)); `Match exec` is never true, since nothing is run here. Error: INVALID_ARGUMENT that names the file.
 */
export function optionsFor(
  files: readonly ConfigurationText[],
  { host, userName }: { readonly host: string; readonly userName: string | undefined },
): SshOptions {
  const options = new Map<string, readonly string[]>();
  for (const file of files) {
    const computed = computeIn(
      file,
      userName === undefined ? { Host: host } : { Host: host, User: userName },
    );
    for (const [name, value] of Object.entries(computed)) add(options, name.toLowerCase(), wordsOf(value));
  }
  // Named by the caller for `Match user`, not said by the file.
  if (userName !== undefined) options.delete('user');
  return options;
}

/** Options of a command line (`ssh -o`), as options of a file are. */
export function namedOptions(options: Readonly<Record<string, string>>): SshOptions {
  return new Map(
    Object.entries(options).map(([name, value]) => {
      const key = name.toLowerCase();
      return [key, lists.has(key) ? splitWords(value) : [value]] as const;
    }),
  );
}

/** The first ones win, as in ssh; what may be said several times adds up. */
export function mergedOptions(...sources: readonly SshOptions[]): SshOptions {
  const merged = new Map<string, readonly string[]>();
  for (const source of sources) for (const [name, values] of source) add(merged, name, values);
  return merged;
}

function add(options: Map<string, readonly string[]>, name: string, values: readonly string[]): void {
  const before = options.get(name);
  if (before === undefined) options.set(name, values);
  else if (repeatable.has(name)) options.set(name, [...before, ...values]);
}

function computeIn(
  { path, text }: ConfigurationText,
  host: { readonly Host: string; readonly User?: string },
): Readonly<Record<string, string | readonly string[]>> {
  try {
    return SSHConfig.parse(text).compute({ ...host }, { ignoreCase: true });
  } catch (error) {
    throw new RunspaceError(
      'INVALID_ARGUMENT',
      `the ssh configuration file ${path} can't be read: ${toError(error).message}`,
      { facts: { file: path }, cause: error },
    );
  }
}

function wordsOf(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value.map(String);
}

/** Words of a line, with double quotes around those that hold blanks. */
function splitWords(text: string): readonly string[] {
  return [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}
