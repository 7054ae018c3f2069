import type { ActiveConfiguration, KeptConfiguration } from '../configuration/configuration';
import type { Principal, SessionId } from '../core/ids';
import type { Credential, Target } from '../core/target';
import type { ApplicationArguments } from '../keeper/session-terms';
import type { ChosenOptions } from './options';

/** A program that can be started as an engine. */
export interface EngineProgram {
  readonly engine: string;
  readonly program: string;
}

/** How an engine is started. */
export interface EngineStart {
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** The user that it runs as; undefined: the keeper's own. */
  readonly user: { readonly name: string; readonly uid: number; readonly gid: number } | undefined;
}

/** What a caller wants of a new session. */
export interface NewSession {
  readonly id: SessionId;
  readonly owner: Principal;
  /** Empty: `Runspace<number>`. */
  readonly name: string;
  readonly configuration: ActiveConfiguration;
  /** False: it is the engine's own because nobody named one. */
  readonly isConfigurationNamed: boolean;
  readonly options: ChosenOptions;
  /** Empty: the home folder. */
  readonly workingDirectory: string;
  /** Never stored. */
  readonly environment: Readonly<Record<string, string>>;
  readonly applicationArguments: ApplicationArguments;
  /** Where it is to run. */
  readonly place: Target;
  /** What was named of it, for another daemon to know; empty: its default. */
  readonly there: { readonly engine: string; readonly configuration: string };
  /** Who its owner is there. Never stored. */
  readonly credential: Credential | undefined;
  /** What its commands may show to daemons onward; empty: nothing. Never stored. */
  readonly delegatedToken: string;
  /** The owner's ssh agent (SSH_AUTH_SOCK), where it runs over ssh. Never stored. */
  readonly agentSocket: string;
}

/** A session that nobody named a configuration for has the engine's own, which is not worth a name. */
export function keptConfiguration({
  configuration,
  isConfigurationNamed,
  place,
}: NewSession): KeptConfiguration | undefined {
  const { name, version, limits, source } = configuration;
  if (source === 'builtIn' && !isConfigurationNamed) return undefined;
  const isBare = place.is === 'ssh' || place.is === 'container';
  const withoutEffect = isBare ? homeOnly(configuration) : [];
  return { name, version, limits, ...(withoutEffect.length === 0 ? {} : { withoutEffect }) };
}

/** What a configuration says and only the daemon's own machine can do: who an engine runs as, and what its processes use. */
function homeOnly({ runAsUser, quotas }: ActiveConfiguration): readonly string[] {
  return [
    ...(runAsUser === '' ? [] : ['run_as_user']),
    ...(quotas.memoryBytesPerSession === 0 ? [] : ['quotas.memory_bytes_per_session']),
    ...(quotas.processesPerSession === 0 ? [] : ['quotas.processes_per_session']),
  ];
}

/** What the caller lets commands there show onward; empty: nothing. */
export function delegatedBy({ place, credential }: NewSession): string {
  const isAsked = place.is === 'daemon' && place.delegateCredential;
  return isAsked && credential?.proof.is === 'token' ? credential.proof.token : '';
}
