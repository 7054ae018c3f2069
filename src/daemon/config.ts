import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { RunspaceError } from '../core/error';
import { logLevels, type LogLevel } from './log';

/** A process's environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the daemon is told: by flags, then the environment, then the configuration file. */
export interface DaemonConfig {
  /** The state folder, absolute. */
  readonly home: string;
  /** Which PowerShell: a path, `minimal` for the bundled host, or undefined for `pwsh` on PATH. */
  readonly powershell: string | undefined;
  readonly logLevel: LogLevel;
}

/** Flags of `runspaced` that bear on the configuration. */
export interface ConfigFlags {
  readonly home?: string | undefined;
  readonly 'log-level'?: string | undefined;
}

/** The configuration. Error: CONFIGURATION_INVALID, naming the file and the key. */
export function readConfig(flags: ConfigFlags, environment: Environment): DaemonConfig {
  const file = readConfigFile(environment);
  const home = flags.home ?? environment['RUNSPACED_HOME'] ?? file('home') ?? defaultHome(environment);
  return {
    home: resolve(home),
    powershell: environment['RUNSPACED_PWSH'] ?? file('pwsh'),
    logLevel: toLogLevel(flags['log-level'] ?? file('log-level') ?? 'info'),
  };
}

/** The folder that holds sessions when nothing else is said. */
function defaultHome(environment: Environment): string {
  return join(environment['XDG_STATE_HOME'] ?? join(userInfo().homedir, '.local', 'state'), 'runspaced');
}

function readConfigFile(environment: Environment): (key: string) => string | undefined {
  const path = join(
    environment['XDG_CONFIG_HOME'] ?? join(userInfo().homedir, '.config'),
    'runspaced',
    'config.yaml',
  );
  const content = parseConfigFile(path);
  return (key) => {
    const value = content[key];
    if (value === undefined || typeof value === 'string') return value;
    throw invalid(path, `${key} must be a text`);
  };
}

function parseConfigFile(path: string): Readonly<Record<string, unknown>> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw invalid(path, 'it cannot be read', error);
  }
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw invalid(path, error instanceof Error ? error.message : 'it is no YAML', error);
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content))
    throw invalid(path, 'it must hold keys with values');
  return content as Readonly<Record<string, unknown>>;
}

function toLogLevel(text: string): LogLevel {
  const level = logLevels.find((known) => known === text);
  if (level !== undefined) return level;
  throw new RunspaceError(
    'CONFIGURATION_INVALID',
    `log-level "${text}" is not one of ${logLevels.join(', ')}`,
    {
      facts: { option: 'log-level', value: text },
    },
  );
}

function invalid(path: string, problem: string, cause?: unknown): RunspaceError {
  return new RunspaceError('CONFIGURATION_INVALID', `configuration file ${path}: ${problem}`, {
    facts: { file: path },
    cause,
  });
}
