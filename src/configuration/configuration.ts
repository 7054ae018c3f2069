import type { Principal } from '../core/ids';
import type { SessionOptions } from '../core/session-options';
import type { ChosenOptions } from '../session/options';

/** What a session's language may do, PowerShell's PSLanguageMode. */
export type LanguageMode = 'full' | 'constrained' | 'restricted' | 'none';

/** Bounds of the options that callers may choose; undefined: no bound. Times in milliseconds, sizes in bytes. */
export interface ConfigurationLimits {
  readonly minimumIdleTimeoutMs: number | undefined;
  readonly maximumIdleTimeoutMs: number | undefined;
  readonly maximumLifetimeMs: number | undefined;
  readonly maximumRunTimeMs: number | undefined;
  readonly maximumReceivedObjectSize: number | undefined;
  readonly maximumReceivedDataSizePerCommand: number | undefined;
  readonly maximumUnreadBytes: number | undefined;
  /** Empty: all. */
  readonly outputBufferingModes: readonly SessionOptions['outputBufferingMode'][];
}

/** What sessions may use; 0: no quota. */
export interface Quotas {
  readonly sessionsPerUser: number;
  readonly sessions: number;
  readonly commandsPerSession: number;
  readonly outputBytesPerCommand: number;
  readonly memoryBytesPerSession: number;
  readonly processesPerSession: number;
}

/** A named endpoint: how its sessions are opened, and what they may use. Empty texts and lists: not said. */
export interface Configuration {
  readonly name: string;
  readonly description: string;
  readonly engine: string;
  readonly enginePath: string;
  /** The same over ssh and in containers: a path, or a name on the PATH there; empty: `enginePath`. */
  readonly targetEnginePath: string;
  readonly startupScript: string;
  readonly modules: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly languageMode: LanguageMode;
  readonly visibleCommands: readonly string[];
  readonly sessionConfigurationFile: string;
  readonly runAsUser: string;
  readonly defaults: ChosenOptions;
  readonly limits: ConfigurationLimits;
  readonly quotas: Quotas;
  readonly allowedPrincipals: readonly Principal[];
  /** Engines kept ready; undefined: not said. */
  readonly warmPoolSize: number | undefined;
}

/** A configuration that is in force. */
export interface ActiveConfiguration extends Configuration {
  /** Counts registrations; of a file: when it was changed, in ms since 1970. */
  readonly version: number;
  readonly source: 'builtIn' | 'file' | 'api';
  /** When it was registered or its file changed, in ms since 1970. */
  readonly registeredAt: number | undefined;
}

/** What a session keeps of the configuration that it was opened with. */
export interface KeptConfiguration {
  readonly name: string;
  readonly version: number;
  readonly limits: ConfigurationLimits;
  /** What it says and could not be done where the session runs; left out: nothing. */
  readonly withoutEffect?: readonly string[];
}

/** No limit at all. */
export const noLimits: ConfigurationLimits = {
  minimumIdleTimeoutMs: undefined,
  maximumIdleTimeoutMs: undefined,
  maximumLifetimeMs: undefined,
  maximumRunTimeMs: undefined,
  maximumReceivedObjectSize: undefined,
  maximumReceivedDataSizePerCommand: undefined,
  maximumUnreadBytes: undefined,
  outputBufferingModes: [],
};

/** No quota at all. */
export const noQuotas: Quotas = {
  sessionsPerUser: 0,
  sessions: 0,
  commandsPerSession: 0,
  outputBytesPerCommand: 0,
  memoryBytesPerSession: 0,
  processesPerSession: 0,
};

/** The configuration that comes with an engine: nothing but the engine. */
export function builtInConfiguration(name: string, engine: string): ActiveConfiguration {
  return {
    name,
    description: `The ${engine} engine as it is found on this machine`,
    engine,
    enginePath: '',
    targetEnginePath: '',
    startupScript: '',
    modules: [],
    environment: {},
    workingDirectory: '',
    languageMode: 'full',
    visibleCommands: [],
    sessionConfigurationFile: '',
    runAsUser: '',
    defaults: {},
    limits: noLimits,
    quotas: noQuotas,
    allowedPrincipals: [],
    warmPoolSize: undefined,
    version: 1,
    source: 'builtIn',
    registeredAt: undefined,
  };
}

/** Whether it takes something from its callers, so that nothing of theirs may open a way around it. */
export function isRestricting(configuration: Configuration): boolean {
  const { languageMode, visibleCommands, sessionConfigurationFile, runAsUser } = configuration;
  return (
    languageMode !== 'full' ||
    visibleCommands.length > 0 ||
    sessionConfigurationFile !== '' ||
    runAsUser !== ''
  );
}
