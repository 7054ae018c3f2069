import { RunspaceError } from '../../core/error';
import type { Argument, Invocation } from '../engine';
import { quoted, wordsOf } from './words';

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Nobody can set these. */
const readonlyNames = new Set(['BASHOPTS', 'BASH_VERSINFO', 'EUID', 'PPID', 'SHELLOPTS', 'UID']);

/**
 * The line that runs a script, which is in a variable; the shell reads it whole before it runs any of it.
 * `lastExitCode` is what the script finds in `$?`. Throws INVALID_ARGUMENT.
 */
export function callOf(run: number, lastExitCode: number, invocation: Invocation): string {
  const { arguments: given, newScope } = invocation;
  const named = given.flatMap((one) => (one.name === undefined ? [] : [`${assignmentOf(one.name, one)} `]));
  const positional = given.flatMap((one, index) =>
    one.name === undefined
      ? wordsOf(one.value, `argument ${index + 1}`).map((word) => ` ${quoted(word, `argument ${index + 1}`)}`)
      : [],
  );
  const source =
    // Not by way of `builtin`, which loses the variables before it.
    '<"$__runspace_input" >&241 2>&242 249<<<"$__runspace_script" ' +
    `${named.join('')}\\. /dev/fd/249${positional.join('')}`;
  // So that the exit code is left as it is, whatever it is, and `set -e` holds for the script.
  const andOr = lastExitCode === 0 ? '&&' : '||';
  return (
    `\\unset -f builtin; __runspace_named=${named.length}; \\__runspace_begin ${run} ${lastExitCode} "$@" ${andOr} ` +
    `${newScope ? `(${source})` : source}; ` +
    '__runspace_status=$?; \\unset -f builtin; \\__runspace_end "$__runspace_status"'
  );
}

function assignmentOf(name: string, { value }: Argument): string {
  if (!identifier.test(name))
    throw new RunspaceError(
      'INVALID_ARGUMENT',
      `the argument name "${name}" is no name of a bash variable; use letters, digits and _, or pass the value by position`,
    );
  if (readonlyNames.has(name) || name.startsWith('__runspace_'))
    throw new RunspaceError('INVALID_ARGUMENT', `bash lets nobody set ${name}; choose another argument name`);
  const what = `the argument ${name}`;
  const words = wordsOf(value, what);
  const [only] = words;
  if (words.length === 1 && only !== undefined) return `${name}=${quoted(only, what)}`;
  return `${name}=${words.map((word) => quoted(word, what)).join("$'\\n'")}`;
}
