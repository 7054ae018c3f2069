import { RunspaceError } from '../core/error';
import { ByteTail } from './byte-tail';
import type { ProcessSpec } from './transport';

/*
 * How a program is started away from this machine, where all that is known to be there is a POSIX shell: sh over an ssh
 * channel or a container's exec. The wire, in its order:
 *
 * 1. The command is the same for every engine and holds nothing of the caller's: `sh -c 'IFS= read -r __rs && eval "$__rs"'`.
 *    Command lines are for everybody to see, and pass through login shells that quote by rules of their own.
 * 2. To its standard input goes one line, the preface: shell text that sets the environment, enters the folder and in the
 *    end becomes the program (`exec`). `read` takes one byte at a time from what can't be sought, by POSIX and in dash,
 *    bash and busybox, so nothing of what follows is taken; `head -c` of busybox and `dd` without `bs=1` read ahead or too
 *    little. All that follows that line is the program's own input, and may be sent along with it.
 * 3. From its standard output and its standard error come, whatever a login has written before, an empty line and the
 *    mark: `NONCE started PID leader|member`, or why it was not started: `NONCE noFolder|closedFolder|noProgram|closedProgram`.
 *    Only the preface has told it the nonce. All that follows is the program's own.
 *
 * The program leads its own process group: sshd and the container runtimes make the shell a session's leader, and where
 * it is none `setsid` makes it one. Where that is missing too the mark says `member`: then only the one process can be signalled.
 * The environment is what the place itself gives to a login or a container, and over that the caller's variables;
 * where nothing says which locale, it is C.UTF-8, as on this machine. No folder named: where the place itself begins.
 */

/** A program to be started by a shell. */
export interface StartLine {
  /** What the shell is to be told, as arguments … */
  readonly words: readonly string[];
  /** … or as a line that sh, bash, zsh, csh and fish read alike, for where a login shell reads it. */
  readonly command: string;
  /** What goes to its standard input before the program's own bytes. Holds the values of variables: to be shown nowhere. */
  readonly preface: Uint8Array;
}

/** Whether the program was started. */
export type Start = Started | { readonly is: 'refused'; readonly why: Refusal };

/** The program's process there. */
export interface Started {
  readonly is: 'started';
  readonly processId: number;
  /** Whether its process id is its process group's too. */
  readonly isLeader: boolean;
}

/** Folder or program, which is not there or may not be entered or run. */
export type Refusal = (typeof refusals)[number];

const refusals = ['noFolder', 'closedFolder', 'noProgram', 'closedProgram'] as const;
const reading = 'IFS= read -r __rs && eval "$__rs"';

/** What starts the program; `nonce` is of letters, digits and dashes, and new. Error: INVALID_ARGUMENT for what no shell can pass on. */
export function startLine(spec: ProcessSpec, nonce: string): StartLine {
  return {
    words: ['sh', '-c', reading],
    command: `exec sh -c '${reading}'`,
    preface: Buffer.from(`${prefaceOf(spec, nonce)}\n`),
  };
}

function prefaceOf({ program, arguments: words, environment, workingDirectory }: ProcessSpec, nonce: string) {
  const command = [program, ...words].map((word) => quoted(word, 'the command line')).join(' ');
  return [
    'unset __rs',
    `__rs_say() { printf '\\n%s %s\\n' ${nonce} "$1"; printf '\\n%s %s\\n' ${nonce} "$1" >&2; }`,
    // A line end can't stand in a line.
    "__rs_n=$(printf '\\nx')",
    '__rs_n=${__rs_n%x}',
    ...folderSteps(workingDirectory),
    leaderStep,
    ...Object.entries(environment).map(exportOf),
    '[ -n "${LC_ALL-}${LC_CTYPE-}${LANG-}" ] || export LANG=C.UTF-8',
    ...programSteps(program),
    '__rs_say "started $$ $__rs_l"',
    `case $__rs_w in '') unset __rs_w __rs_l; exec ${command};; *) unset __rs_w __rs_l; exec setsid ${command};; esac`,
  ].join('; ');
}

function folderSteps(folder: string): readonly string[] {
  if (folder === '') return [];
  const path = quoted(folder, 'the working directory');
  return [
    `[ -d ${path} ] || { __rs_say noFolder; exit 126; }`,
    `CDPATH= cd -- ${path} 2>/dev/null || { __rs_say closedFolder; exit 126; }`,
    'unset OLDPWD',
  ];
}

/** Sets __rs_l to what it is of its process group, and __rs_w to what has to make it a leader. */
const leaderStep = [
  '__rs_w= __rs_l=member',
  'if { IFS= read -r __rs_s </proc/$$/stat; } 2>/dev/null; then set -- ${__rs_s##*) }; shift 2; else set -- $(ps -o pgid= -p $$ 2>/dev/null); fi',
  'if [ "${1-}" = "$$" ]; then __rs_l=leader; elif command -v setsid >/dev/null 2>&1; then __rs_w=setsid __rs_l=leader; fi',
  'unset __rs_s',
].join('; ');

function programSteps(program: string): readonly string[] {
  const path = quoted(program, 'the program');
  if (!program.includes('/'))
    return [`command -v ${path} >/dev/null 2>&1 || { __rs_say noProgram; exit 127; }`];
  return [
    `[ -e ${path} ] || { __rs_say noProgram; exit 127; }`,
    `{ [ -x ${path} ] && [ ! -d ${path} ]; } || { __rs_say closedProgram; exit 126; }`,
  ];
}

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Some shell lets nobody set them, and ends at the attempt. */
const fixedVariables = new Set([
  'BASHOPTS',
  'BASH_VERSINFO',
  'EUID',
  'GID',
  'EGID',
  'PPID',
  'SHELLOPTS',
  'UID',
]);

function exportOf([name, value]: readonly [string, string]): string {
  if (identifier.test(name) && !fixedVariables.has(name) && !name.startsWith('__rs'))
    return `export ${name}=${quoted(value, `the environment variable ${name}`)}`;
  throw new RunspaceError(
    'INVALID_ARGUMENT',
    `the environment variable ${JSON.stringify(name)} can't be set away from the daemon's machine: a shell sets it there, and takes names of letters, digits and _ other than its own; leave it out`,
    { facts: { field: 'environment', variable: name } },
  );
}

/** One word, as every POSIX shell reads it in one line of which __rs_n is set. */
function quoted(text: string, what: string): string {
  if (text.includes('\0'))
    throw new RunspaceError(
      'INVALID_ARGUMENT',
      `${what} holds a zero character; no program can be given one`,
    );
  return `'${text.replaceAll("'", `'\\''`).replaceAll('\n', `'"$__rs_n"'`)}'`;
}

/** A line for a shell there that signals what was started, with all that it started in turn. */
export function signalLine({ processId, isLeader }: Started, signal: string): string {
  const name = signal.replace(/^SIG/, '');
  // Neither "-s" nor "--" is understood everywhere.
  return `kill -${name} ${isLeader ? '-' : ''}${String(processId)}`;
}

/** What is kept of what came before the mark. */
const noiseLimit = 4096;
/** The nonce and a mark's words are never longer. */
const longestMark = 128;
const lineEnd = 10;

/** Reads the standard output (or error) of a shell that was told a start line, up to the mark. */
export class StartReader {
  readonly #nonce: Uint8Array;
  readonly #noise = new ByteTail(noiseLimit);
  #held: Uint8Array = new Uint8Array(0);

  constructor(nonce: string) {
    this.#nonce = Buffer.from(`${nonce} `);
  }

  /** The next bytes; the answer is what the mark says, and what has come behind it. Undefined: no mark yet. */
  receive(chunk: Uint8Array): { readonly start: Start; readonly rest: Uint8Array } | undefined {
    const bytes = Buffer.concat([this.#held, chunk]);
    for (let at = bytes.indexOf(this.#nonce); at >= 0; at = bytes.indexOf(this.#nonce, at + 1)) {
      const end = bytes.indexOf(lineEnd, at);
      const words = bytes.subarray(at + this.#nonce.length, end < 0 ? undefined : end);
      const start = startOf(words.toString('latin1'));
      if (end >= 0 && start !== undefined) {
        this.#noise.push(bytes.subarray(0, at));
        this.#held = new Uint8Array(0);
        return { start, rest: bytes.subarray(end + 1) };
      }
    }
    const kept = Math.max(0, bytes.length - longestMark);
    this.#noise.push(bytes.subarray(0, kept));
    this.#held = Uint8Array.from(bytes.subarray(kept));
    return undefined;
  }

  /** What has come instead of the mark, or before it: at most its last 4 KiB; for error messages. */
  noise(): string {
    return `${this.#noise.text()}${Buffer.from(this.#held).toString('utf8')}`.slice(-noiseLimit).trim();
  }
}

function startOf(words: string): Start | undefined {
  const [, processId, how] = /^started (\d+) (leader|member)$/.exec(words) ?? [];
  if (processId !== undefined)
    return { is: 'started', processId: Number(processId), isLeader: how === 'leader' };
  const why = refusals.find((refusal) => refusal === words);
  return why === undefined ? undefined : { is: 'refused', why };
}
