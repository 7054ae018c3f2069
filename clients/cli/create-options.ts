import { resolve } from 'node:path';
import { OutputBufferingMode, type CreateOptions, type SessionChoices } from '../typescript';
import type { Context } from './context';
import { UsageError } from './failure';
import { readSessionOptions, type ReadOptions } from './session-option';

/** What a new session is made with. An explicit flag wins over RUNSPACED_SESSION_OPTION, that over the configuration file. */
export async function createOptions(context: Context): Promise<CreateOptions> {
  const settings = await context.settings();
  const engine = context.text('engine') ?? settings.engine;
  return {
    ...(engine === undefined ? {} : { engine }),
    options: await sessionChoices(context),
    workingDirectory: resolve(context.text('working-directory') ?? '.'),
    environment: { ...callersVariables(context), ...givenVariables(context) },
  };
}

/** The session options of the command line and of the client's defaults; warns of those without effect. */
async function sessionChoices(context: Context): Promise<SessionChoices> {
  const idleTimeout = context.text('idle-timeout');
  const explicit = readSessionOptions([
    ...context.texts('session-option'),
    ...(idleTimeout === undefined ? [] : [`IdleTimeout=${idleTimeout}`]),
  ]);
  const defaults = readSessionOptions(await defaultOptions(context));
  for (const warning of explicit.warnings) await context.terminal.note(`runspace: warning: ${warning}\n`);
  const buffering = explicit.buffering ?? defaults.buffering;
  return {
    ...defaults.choices,
    ...explicit.choices,
    ...(buffering === undefined ? {} : { outputBufferingMode: toBufferingMode(buffering) }),
  };
}

/** The mode as the API has it. */
export function toBufferingMode(mode: NonNullable<ReadOptions['buffering']>): OutputBufferingMode {
  switch (mode) {
    case 'block':
      return OutputBufferingMode.OUTPUT_BUFFERING_MODE_BLOCK;
    case 'drop':
      return OutputBufferingMode.OUTPUT_BUFFERING_MODE_DROP;
  }
}

/** PowerShell's `$PSSessionOption`. */
async function defaultOptions(context: Context): Promise<readonly string[]> {
  const text =
    context.environment['RUNSPACED_SESSION_OPTION'] ?? (await context.settings())['session-option'];
  return text === undefined ? [] : [text];
}

/** Of the caller's environment an engine gets only what commands can hardly do without. */
const sentVariables = ['PATH', 'LANG', 'HOME', 'TERM'] as const;

function callersVariables(context: Context): Readonly<Record<string, string>> {
  const entries = sentVariables.map((name) => [name, context.environment[name]] as const);
  return Object.fromEntries(
    entries.filter(
      (entry): entry is readonly [(typeof sentVariables)[number], string] => entry[1] !== undefined,
    ),
  );
}

function givenVariables(context: Context): Readonly<Record<string, string>> {
  return Object.fromEntries(context.texts('env').map((text) => variableOf(text, context)));
}

/** `NAME=VALUE`, or `NAME` for the caller's own value. */
function variableOf(text: string, context: Context): readonly [string, string] {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  if (!/^[^\s=\0]+$/.test(name)) throw new UsageError(`--env needs NAME=VALUE, and got '${text}'`);
  const value = equals < 0 ? context.environment[name] : text.slice(equals + 1);
  if (value !== undefined) return [name, value];
  throw new UsageError(`--env ${name}: there is no such variable here; give a value as ${name}=VALUE`);
}
