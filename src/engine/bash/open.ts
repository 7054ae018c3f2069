import { randomUUID } from 'node:crypto';
import type { SpawnTransport } from '../../transport/transport';
import type { Engine, EngineOptions } from '../engine';
import { openScriptEngine } from '../script/script-engine';
import type { Escalation } from '../script/wire';
import { BashWire } from './bash-wire';
import { quoted } from './words';

/** What the bash engine needs of the process that opens it. */
export interface BashRuntime {
  /** Starts the runner: here, or wherever else a `bash` can be started. */
  readonly spawn: SpawnTransport;
  /** The texts of runner.sh and interpreter.sh, read once, when the keeper starts. */
  readonly sources: BashSources;
}

/** The programs of this engine. */
export interface BashSources {
  readonly runner: string;
  readonly interpreter: string;
}

/**
 * How a bash gets its source, so that nothing need be installed where it runs: a length in decimal digits, a line end, and so many bytes.
 * What would change how it reads them is put aside for the interpreter.
 */
const bootstrap =
  'had_lc_all=${LC_ALL+1} old_lc_all=$LC_ALL LC_ALL=C had_tmout=${TMOUT+1} old_tmout=$TMOUT; unset TMOUT; ' +
  'IFS= read -r length && IFS= read -r -N "$length" source && eval "$source"';

/** The shell itself is interrupted at once, and ends itself where that does not help; see interpreter.sh. */
const escalation: Escalation = [
  // Not at once: the shell is to hear of it first.
  ['SIGINT', 25],
  ['SIGINT', 125],
  ['SIGTERM', 300],
  ['SIGKILL', 500],
  ['abort', 510],
  ['SIGKILL', 1_000],
  ['abort', 1_010],
  ['SIGKILL', 2_000],
  ['abort', 2_010],
];

/**
 * Opens a bash runspace: the runner and its child, the interpreter, both the bash of the options or of the PATH in their
 * environment. Rejects with ENGINE_START_FAILED or ENGINE_TIMEOUT; then nothing is left running.
 */
export async function openBash(options: EngineOptions, { spawn, sources }: BashRuntime): Promise<Engine> {
  const transport = await spawn({
    program: options.program ?? 'bash',
    // -p: no functions, options or BASH_ENV from the environment; the interpreter has them.
    arguments: ['--norc', '--noprofile', '-p', '-c', bootstrap],
    environment: options.environment,
    workingDirectory: options.workingDirectory,
    user: options.user,
    standardError: 'carried',
  });
  // Not a digit first: after \0 that would be one of the octal number.
  const [secret, runspaceId] = [`mark-${randomUUID()}`, randomUUID()];
  return openScriptEngine({
    engine: 'bash',
    transport,
    bootstrap: bootstrapBytes(sources, secret),
    lateEnvironment: {},
    options,
    wire: new BashWire(transport, { secret, runspaceId }),
    escalation,
  });
}

function bootstrapBytes({ runner, interpreter }: BashSources, secret: string): Uint8Array {
  const prelude = interpreter.replaceAll('@SECRET@', secret);
  const text = Buffer.from(`secret=${secret} prelude=${quoted(prelude, 'the prelude')}\n${runner}`);
  return Buffer.concat([Buffer.from(`${text.length}\n`), text]);
}
