import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { RunspaceError } from '../core/error';
import { systemCodeOf } from '../store/system-error';
import { mostPrepared } from '../configuration/limits';
import { commandVariables, runtimeVariables } from '../transport/container/runtime';
import type { JobLimits } from '../job/jobs';
import { readJobLimits } from './job-limits';
import {
  readListener,
  readMetricsListener,
  type ListenAddress,
  type ListenerConfig,
} from './listener-config';
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
  /** Whether the audit log has scripts in full, or digests only. */
  readonly auditScripts: 'digest' | 'text';
  /** Engines that are kept ready for sessions like one that was opened, where its configuration does not say how many. */
  readonly preparedByDefault: number;
  /** The folder of session configurations, beside the configuration file. */
  readonly configurationsFolder: string;
  /** Whom to trust, what is revoked, who this side is: see certificate-folder.ts; and the listener's own. */
  readonly certificatesFolder: string;
  /** How callers of other machines come in; undefined: they don't. */
  readonly listener: ListenerConfig | undefined;
  /** Where collectors of other machines read metrics; undefined: nowhere. */
  readonly metricsListener: ListenAddress | undefined;
  /** How long finished jobs are kept, and how many. */
  readonly jobLimits: JobLimits;
  /** By which docker and podman are found, and find their containers. */
  readonly containerVariables: Readonly<Record<string, string>>;
}

/** Flags of `runspaced` that bear on the configuration. */
export interface ConfigFlags {
  readonly home?: string | undefined;
  readonly 'log-level'?: string | undefined;
}

/** The configuration. Error: CONFIGURATION_INVALID, naming the file and the key. */
export function readConfig(flags: ConfigFlags, environment: Environment): DaemonConfig {
  const file = readConfigFile(environment);
  const setting = (key: string): string | undefined => environment[variableOf(key)] ?? file(key);
  const home = flags.home ?? environment['RUNSPACED_HOME'] ?? file('home') ?? defaultHome(environment);
  return {
    home: resolve(home),
    powershell: environment['RUNSPACED_PWSH'] ?? file('pwsh'),
    logLevel: toLogLevel(flags['log-level'] ?? file('log-level') ?? 'info'),
    auditScripts: toAuditScripts(file('audit-scripts') ?? 'digest'),
    preparedByDefault: toPoolSize(environment['RUNSPACED_WARM_POOL'] ?? file('warm-pool') ?? '1'),
    configurationsFolder: join(configFolder(environment), 'configurations'),
    certificatesFolder: certificatesFolder(file, environment),
    listener: readListener(setting),
    metricsListener: readMetricsListener(setting),
    jobLimits: readJobLimits(setting),
    containerVariables: containerVariables(file, environment),
  };
}

function certificatesFolder(file: (key: string) => string | undefined, environment: Environment): string {
  const folder = environment['RUNSPACED_CERTIFICATES'] ?? file('certificates');
  return resolve(folder ?? join(configFolder(environment), 'certificates'));
}

/** `listen-redirect` is RUNSPACED_LISTEN_REDIRECT. */
function variableOf(key: string): string {
  return `RUNSPACED_${key.toUpperCase().replaceAll('-', '_')}`;
}

/** Each as `RUNSPACED_…` has it, else as the runtime's own variable, else as the configuration file: `docker-host`. */
function containerVariables(
  file: (key: string) => string | undefined,
  environment: Environment,
): Readonly<Record<string, string>> {
  const commands = Object.entries(commandVariables).map(
    ([name, variable]) => [variable, environment[variable] ?? file(name)] as const,
  );
  const others = runtimeVariables.map((name) => {
    const key = name.toLowerCase().replaceAll('_', '-');
    return [name, environment[`RUNSPACED_${name}`] ?? environment[name] ?? file(key)] as const;
  });
  const all: readonly (readonly [string, string | undefined])[] = [...commands, ...others];
  return Object.fromEntries(all.filter(isSet));
}

function isSet(entry: readonly [string, string | undefined]): entry is readonly [string, string] {
  return entry[1] !== undefined;
}

/** The folder that holds sessions when nothing else is said. */
function defaultHome(environment: Environment): string {
  return join(environment['XDG_STATE_HOME'] ?? join(homeFolder(environment), '.local', 'state'), 'runspaced');
}

/** The user's home as the CLI sees it too, so that both find one state folder. */
function homeFolder(environment: Environment): string {
  return environment['HOME'] ?? homedir();
}

function configFolder(environment: Environment): string {
  return join(environment['XDG_CONFIG_HOME'] ?? join(homeFolder(environment), '.config'), 'runspaced');
}

/** Where the authority of a fleet is kept. */
export function pkiFolder(environment: Environment): string {
  return join(configFolder(environment), 'pki');
}

function readConfigFile(environment: Environment): (key: string) => string | undefined {
  const path = join(configFolder(environment), 'config.yaml');
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
    if (systemCodeOf(error) === 'ENOENT') return {};
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

function toAuditScripts(text: string): 'digest' | 'text' {
  if (text === 'digest' || text === 'text') return text;
  throw new RunspaceError('CONFIGURATION_INVALID', `audit-scripts "${text}" is neither digest nor text`, {
    facts: { option: 'audit-scripts', value: text },
  });
}

function toPoolSize(text: string): number {
  const size = Number(text);
  if (/^\d+$/.test(text) && size <= mostPrepared) return size;
  throw new RunspaceError(
    'CONFIGURATION_INVALID',
    `warm-pool "${text}" is no number of engines from 0 to ${String(mostPrepared)}`,
    { facts: { option: 'warm-pool', value: text } },
  );
}

function invalid(path: string, problem: string, cause?: unknown): RunspaceError {
  return new RunspaceError('CONFIGURATION_INVALID', `configuration file ${path}: ${problem}`, {
    facts: { file: path },
    cause,
  });
}
