import type {
  ActiveConfiguration,
  Configuration,
  LanguageMode as LanguageModeName,
} from '../configuration/configuration';
import type { OpenSessionRequest } from '../gen/runspace/keeper/v1/keeper';
import { LanguageMode, Quotas } from '../gen/runspace/v1/configuration';

/** A user of this machine. */
interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** What of a configuration its keeper has to do: preparing the engine, watching quotas, running it as a user. */
export function openingTerms(
  configuration: Configuration,
  user: User | undefined,
): Pick<OpenSessionRequest, 'preparation' | 'quotas' | 'runAs'> {
  const { quotas } = configuration;
  return {
    preparation: {
      configuration: configuration.name,
      modules: [...configuration.modules],
      startupScript: configuration.startupScript,
      visibleCommands: [...configuration.visibleCommands],
      languageMode: languageModes[configuration.languageMode],
      sessionConfigurationFile: configuration.sessionConfigurationFile,
    },
    quotas: Quotas.fromPartial({
      commandsPerSession: quotas.commandsPerSession,
      outputBytesPerCommand: BigInt(quotas.outputBytesPerCommand),
      memoryBytesPerSession: BigInt(quotas.memoryBytesPerSession),
      processesPerSession: quotas.processesPerSession,
    }),
    runAs: user === undefined ? undefined : { user: user.name, uid: BigInt(user.uid), gid: BigInt(user.gid) },
  };
}

/**
 * The engines that are kept ready for sessions of a configuration; undefined: none. Nobody's script runs unasked: by default only
 * engines in which nothing of the configuration's runs are kept ready.
 */
export function warmPoolTerms(
  configuration: ActiveConfiguration,
  byDefault: number,
): OpenSessionRequest['warmPool'] {
  const { warmPoolSize, modules, startupScript, sessionConfigurationFile, version } = configuration;
  const runsScripts = modules.length > 0 || startupScript.trim() !== '' || sessionConfigurationFile !== '';
  const size = warmPoolSize ?? (runsScripts ? 0 : byDefault);
  if (size === 0) return undefined;
  return { size, configurationVersion: String(version), isDefault: warmPoolSize === undefined };
}

/** Language modes as the protocols number them. */
export const languageModes: Readonly<Record<LanguageModeName, LanguageMode>> = {
  full: LanguageMode.LANGUAGE_MODE_FULL,
  constrained: LanguageMode.LANGUAGE_MODE_CONSTRAINED,
  restricted: LanguageMode.LANGUAGE_MODE_RESTRICTED,
  none: LanguageMode.LANGUAGE_MODE_NONE,
};
