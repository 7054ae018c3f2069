import { hostname } from 'node:os';
import { resolve } from 'node:path';
import {
  OutputBufferingMode,
  type CreateOptions,
  type SessionChoices,
  type SessionInfo,
  type Target,
} from '../typescript';
import type { Context } from './context';
import { UsageError } from './failure';
import { readSessionOptions, type ReadOptions } from './session-option';

/** What a new session is made with. An explicit flag wins over RUNSPACED_SESSION_OPTION, that over the configuration file. */
export async function createOptions(context: Context, target?: Target): Promise<CreateOptions> {
  return {
    ...(await endpoint(context)),
    options: await sessionChoices(context, target?.is),
    ...(target === undefined && (await context.isDaemonHere()) ? here(context) : elsewhere(context, target)),
  };
}

function here(context: Context): Pick<CreateOptions, 'workingDirectory' | 'environment'> {
  return {
    workingDirectory: resolve(context.text('working-directory') ?? '.'),
    environment: { ...callersVariables(context), ...givenVariables(context) },
  };
}

/** Folders and variables of this machine mean nothing at another place. */
function elsewhere(
  context: Context,
  target: Target | undefined,
): Pick<CreateOptions, 'workingDirectory' | 'environment'> {
  return {
    workingDirectory: context.text('working-directory') ?? '',
    environment: { ...networkAccess(context, target), ...givenVariables(context) },
  };
}

/** A loopback session that has EnableNetworkAccess may use the caller's ssh agent. */
function networkAccess(context: Context, target: Target | undefined): Readonly<Record<string, string>> {
  const agent = context.environment['SSH_AUTH_SOCK'];
  if (agent === undefined || target?.is !== 'daemon' || target.enableNetworkAccess !== true) return {};
  const machine = hostname().toLowerCase();
  const isHere = ['localhost', '.', machine, machine.split('.')[0]].includes(target.host.toLowerCase());
  return isHere && target.port === undefined ? { SSH_AUTH_SOCK: agent } : {};
}

/**
 * The engine and the configuration. What is said on the line wins over the client's defaults; a default engine does not
 * stand against a configuration, which has its own.
 */
async function endpoint(context: Context): Promise<Pick<CreateOptions, 'engine' | 'configuration'>> {
  const settings = await context.settings();
  const engine = context.text('engine');
  const named = context.text('configuration-name');
  if (named !== undefined || engine !== undefined) {
    return {
      ...(named === undefined ? {} : { configuration: named }),
      ...(engine === undefined ? {} : { engine }),
    };
  }
  // PowerShell's `$PSSessionConfigurationName`.
  const configuration =
    context.environment['RUNSPACED_CONFIGURATION_NAME'] ?? settings['configuration-name'] ?? '';
  if (configuration !== '') return { configuration };
  return settings.engine === undefined ? {} : { engine: settings.engine };
}

/** The session options of the command line and of the client's defaults; warns of those without effect. */
async function sessionChoices(context: Context, transport = 'local'): Promise<SessionChoices> {
  const idleTimeout = context.text('idle-timeout');
  const explicit = readSessionOptions(
    [
      ...context.texts('session-option'),
      ...(idleTimeout === undefined ? [] : [`IdleTimeout=${idleTimeout}`]),
    ],
    transport,
  );
  const defaults = readSessionOptions(await defaultOptions(context));
  for (const warning of explicit.warnings) await context.terminal.note(`runspace: warning: ${warning}\n`);
  const buffering = explicit.buffering ?? defaults.buffering;
  return {
    ...defaults.choices,
    ...explicit.choices,
    ...(buffering === undefined ? {} : { outputBufferingMode: toBufferingMode(buffering) }),
  };
}

/** Says which of the chosen options the daemon has no use for. */
export async function warnOfOptions(context: Context, { optionWarnings }: SessionInfo): Promise<void> {
  for (const { reason, message } of optionWarnings)
    await context.terminal.note(`runspace: warning: ${reason}: ${message}\n`);
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
