import {
  noQuotas,
  type ActiveConfiguration,
  type Configuration,
  type ConfigurationLimits,
  type LanguageMode as LanguageModeName,
  type Quotas,
} from '../configuration/configuration';
import type { CatalogEntry } from '../configuration/catalog';
import { RunspaceError } from '../core/error';
import { asPrincipal } from '../core/ids';
import type { Quotas as QuotasMessage } from '../gen/runspace/v1/configuration';
import {
  Configuration as ConfigurationMessage,
  ConfigurationLimits as LimitsMessage,
  ConfigurationSource,
  LanguageMode,
} from '../gen/runspace/v1/configuration';
import { OutputBufferingMode } from '../gen/runspace/v1/session';
import { languageModes } from '../keeper/opening-terms';
import { fromSessionOptions } from '../keeper/session-terms';
import { toProblem } from '../status/problem';
import { toBufferingMode, toChosenOptions } from './session-options';
import { fromMilliseconds, toMilliseconds } from './time';

/** A configuration as the API's message says it, not checked yet. Errors: INVALID_ARGUMENT, UNSUPPORTED. */
export function toConfiguration(message: ConfigurationMessage): Configuration {
  if (Object.keys(message.defaults?.applicationArguments ?? {}).length > 0)
    throw new RunspaceError(
      'UNSUPPORTED',
      `configuration "${message.name}": defaults.application_arguments can't be set by a configuration; callers send them`,
      { facts: { configuration: message.name, field: 'defaults.application_arguments' } },
    );
  return {
    name: message.name,
    description: message.description,
    engine: message.engine.toLowerCase(),
    enginePath: message.enginePath,
    targetEnginePath: message.targetEnginePath,
    startupScript: message.startupScript,
    modules: [...message.modules],
    environment: { ...message.environment },
    workingDirectory: message.workingDirectory,
    languageMode: toLanguageMode(message.languageMode),
    visibleCommands: [...message.visibleCommands],
    sessionConfigurationFile: message.sessionConfigurationFile,
    runAsUser: message.runAsUser,
    defaults: toChosenOptions(message.defaults),
    limits: toLimits(message.limits ?? LimitsMessage.fromPartial({})),
    quotas: message.quotas === undefined ? noQuotas : toQuotas(message.quotas),
    allowedPrincipals: message.allowedPrincipals.map(asPrincipal),
    warmPoolSize: message.warmPoolSize,
  };
}

/** A configuration as the API says it. */
export function fromConfiguration(configuration: ActiveConfiguration): ConfigurationMessage {
  return {
    name: configuration.name,
    description: configuration.description,
    engine: configuration.engine,
    enginePath: configuration.enginePath,
    targetEnginePath: configuration.targetEnginePath,
    startupScript: configuration.startupScript,
    modules: [...configuration.modules],
    environment: { ...configuration.environment },
    workingDirectory: configuration.workingDirectory,
    languageMode: languageModes[configuration.languageMode],
    visibleCommands: [...configuration.visibleCommands],
    sessionConfigurationFile: configuration.sessionConfigurationFile,
    runAsUser: configuration.runAsUser,
    defaults: fromSessionOptions(configuration.defaults),
    limits: fromLimits(configuration.limits),
    quotas: fromQuotas(configuration.quotas),
    allowedPrincipals: [...configuration.allowedPrincipals],
    warmPoolSize: configuration.warmPoolSize,
    version: BigInt(configuration.version),
    source: sources[configuration.source],
    registerTime: configuration.registeredAt === undefined ? undefined : new Date(configuration.registeredAt),
    problem: undefined,
  };
}

/** An entry of the catalog as the API says it; a broken one has a problem. */
export function fromEntry(entry: CatalogEntry): ConfigurationMessage {
  if (entry.is === 'usable') return fromConfiguration(entry.configuration);
  const known =
    entry.configuration === undefined
      ? ConfigurationMessage.fromPartial({ name: entry.name, source: sources[entry.source] })
      : fromConfiguration(entry.configuration);
  return { ...known, problem: toProblem(entry.error) };
}

/** Quotas as the API says them. */
function fromQuotas(quotas: Quotas): QuotasMessage {
  return {
    sessionsPerUser: quotas.sessionsPerUser,
    sessions: quotas.sessions,
    commandsPerSession: quotas.commandsPerSession,
    outputBytesPerCommand: BigInt(quotas.outputBytesPerCommand),
    memoryBytesPerSession: BigInt(quotas.memoryBytesPerSession),
    processesPerSession: quotas.processesPerSession,
  };
}

const sources: Readonly<Record<ActiveConfiguration['source'], ConfigurationSource>> = {
  builtIn: ConfigurationSource.CONFIGURATION_SOURCE_BUILT_IN,
  file: ConfigurationSource.CONFIGURATION_SOURCE_FILE,
  api: ConfigurationSource.CONFIGURATION_SOURCE_API,
};

function toLanguageMode(mode: LanguageMode): LanguageModeName {
  switch (mode) {
    case LanguageMode.LANGUAGE_MODE_UNSPECIFIED:
    case LanguageMode.LANGUAGE_MODE_FULL:
      return 'full';
    case LanguageMode.LANGUAGE_MODE_CONSTRAINED:
      return 'constrained';
    case LanguageMode.LANGUAGE_MODE_RESTRICTED:
      return 'restricted';
    case LanguageMode.LANGUAGE_MODE_NONE:
      return 'none';
  }
  // A number off the wire that this version has no name for.
  throw new RunspaceError('INVALID_ARGUMENT', `language_mode ${String(mode)} is unknown`, {
    facts: { field: 'language_mode' },
  });
}

function toLimits(message: LimitsMessage): ConfigurationLimits {
  return {
    minimumIdleTimeoutMs: toMilliseconds(message.minimumIdleTimeout, 'limits.minimum_idle_timeout'),
    maximumIdleTimeoutMs: toMilliseconds(message.maximumIdleTimeout, 'limits.maximum_idle_timeout'),
    maximumLifetimeMs: toMilliseconds(message.maximumLifetime, 'limits.maximum_lifetime'),
    maximumRunTimeMs: toMilliseconds(message.maximumRunTime, 'limits.maximum_run_time'),
    maximumReceivedObjectSize: sizeOf(message.maximumReceivedObjectSize),
    maximumReceivedDataSizePerCommand: sizeOf(message.maximumReceivedDataSizePerCommand),
    maximumUnreadBytes: sizeOf(message.maximumUnreadBytes),
    outputBufferingModes: message.outputBufferingModes.map((mode) => toBufferingMode(mode) ?? 'block'),
  };
}

function fromLimits(limits: ConfigurationLimits): LimitsMessage {
  return {
    minimumIdleTimeout: durationOf(limits.minimumIdleTimeoutMs),
    maximumIdleTimeout: durationOf(limits.maximumIdleTimeoutMs),
    maximumLifetime: durationOf(limits.maximumLifetimeMs),
    maximumRunTime: durationOf(limits.maximumRunTimeMs),
    maximumReceivedObjectSize: BigInt(limits.maximumReceivedObjectSize ?? 0),
    maximumReceivedDataSizePerCommand: BigInt(limits.maximumReceivedDataSizePerCommand ?? 0),
    maximumUnreadBytes: BigInt(limits.maximumUnreadBytes ?? 0),
    outputBufferingModes: limits.outputBufferingModes.map((mode) =>
      mode === 'drop'
        ? OutputBufferingMode.OUTPUT_BUFFERING_MODE_DROP
        : OutputBufferingMode.OUTPUT_BUFFERING_MODE_BLOCK,
    ),
  };
}

function toQuotas(message: QuotasMessage): Quotas {
  return {
    sessionsPerUser: message.sessionsPerUser,
    sessions: message.sessions,
    commandsPerSession: message.commandsPerSession,
    outputBytesPerCommand: Number(message.outputBytesPerCommand),
    memoryBytesPerSession: Number(message.memoryBytesPerSession),
    processesPerSession: message.processesPerSession,
  };
}

function durationOf(ms: number | undefined) {
  return ms === undefined ? undefined : fromMilliseconds(ms);
}

function sizeOf(bytes: bigint): number | undefined {
  return bytes === 0n ? undefined : Number(bytes);
}
