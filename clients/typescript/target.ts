import type {
  Credential as CredentialMessage,
  DaemonTarget as DaemonMessage,
  SshTarget as SshMessage,
  Target as TargetMessage,
} from './gen/runspace/v1/target';
import { toDuration } from './duration';

/** Where to open a session; without one it runs on the daemon's own machine. */
export type Target = SshTarget | ContainerTarget | DaemonTarget;

/** A machine with an sshd. What is left out is as `~/.ssh/config` of the daemon's user says, else as ssh has it. */
export interface SshTarget {
  readonly is: 'ssh';
  /** What it is called in listings and records; left out: its host. */
  readonly displayName?: string | undefined;
  /** Name, address (IPv6 without brackets), or a `Host` of the ssh configuration. */
  readonly host: string;
  readonly port?: number | undefined;
  readonly userName?: string | undefined;
  /** Path of a private key on the daemon's machine. */
  readonly keyFilePath?: string | undefined;
  /** The subsystem that is PowerShell; left out: `powershell`. */
  readonly subsystem?: string | undefined;
  /** A command line that starts the engine. */
  readonly command?: string | undefined;
  /** As `ssh -o` has them; the properties above win over them. */
  readonly options?: Readonly<Record<string, string>> | undefined;
  /** How long connecting may take; left out: 60 s. */
  readonly connectingTimeoutMs?: number | undefined;
  /** Don't look for a daemon there: run the engine over this connection, with which the session ends. */
  readonly direct?: boolean | undefined;
  /** Path of an ssh configuration file; `none`: no file at all. */
  readonly configurationFile?: string | undefined;
  /** Path of the caller's ssh agent (SSH_AUTH_SOCK). */
  readonly agentSocket?: string | undefined;
}

/** A container of the daemon's machine. */
export interface ContainerTarget {
  readonly is: 'container';
  readonly displayName?: string | undefined;
  /** Id, beginning of an id, or name. */
  readonly container: string;
  /** Left out: whichever knows the container. */
  readonly runtime?: 'docker' | 'podman' | undefined;
  /** Run as root in it. */
  readonly runAsAdministrator?: boolean | undefined;
}

/** Another daemon, over TLS. */
export interface DaemonTarget {
  readonly is: 'daemon';
  readonly displayName?: string | undefined;
  /** Name or address (IPv6 without brackets). */
  readonly host: string;
  readonly port?: number | undefined;
  /** The prefix that the listener must have; left out: the listener's own. */
  readonly applicationName?: string | undefined;
  /** Picks the client certificate in the daemon's certificate folder. */
  readonly certificateThumbprint?: string | undefined;
  readonly allowRedirection?: boolean | undefined;
  /** Send the credential to addresses that a redirection leads to as well. */
  readonly forwardCredential?: boolean | undefined;
  /** Let the session use the caller's own credentials for connections onward; only for a loopback session. */
  readonly enableNetworkAccess?: boolean | undefined;
  /** Let commands of the session show the caller's token to daemons onward. */
  readonly delegateCredential?: boolean | undefined;
}

/** Who the caller is to a target. The daemon never stores it. */
export interface Credential {
  readonly userName?: string | undefined;
  readonly password?: string | undefined;
  /** A token of another daemon, in place of the password. */
  readonly token?: string | undefined;
}

/** A target as the API has it. */
export function toTargetMessage(target: Target | undefined): TargetMessage | undefined {
  if (target === undefined) return undefined;
  return { place: placeOf(target), displayName: target.displayName ?? '' };
}

/** A credential as the API has it. */
export function toCredentialMessage(credential: Credential | undefined): CredentialMessage | undefined {
  if (credential === undefined) return undefined;
  const { userName = '', password, token } = credential;
  if (token !== undefined) return { userName, proof: { $case: 'token', value: token } };
  return { userName, proof: password === undefined ? undefined : { $case: 'password', value: password } };
}

function placeOf(target: Target): TargetMessage['place'] {
  switch (target.is) {
    case 'ssh':
      return { $case: 'ssh', value: sshMessage(target) };
    case 'container':
      return {
        $case: 'container',
        value: {
          container: target.container,
          runtime: target.runtime ?? '',
          runAsAdministrator: target.runAsAdministrator ?? false,
        },
      };
    case 'daemon':
      return { $case: 'daemon', value: daemonMessage(target) };
  }
}

function sshMessage(target: SshTarget): SshMessage {
  return {
    host: target.host,
    port: target.port ?? 0,
    userName: target.userName ?? '',
    keyFilePath: target.keyFilePath ?? '',
    subsystem: target.subsystem ?? '',
    command: target.command ?? '',
    options: { ...target.options },
    connectingTimeout: toDuration(target.connectingTimeoutMs),
    direct: target.direct ?? false,
    configurationFile: target.configurationFile ?? '',
    agentSocket: target.agentSocket ?? '',
  };
}

function daemonMessage(target: DaemonTarget): DaemonMessage {
  return {
    host: target.host,
    port: target.port ?? 0,
    applicationName: target.applicationName,
    certificateThumbprint: target.certificateThumbprint ?? '',
    allowRedirection: target.allowRedirection ?? false,
    forwardCredential: target.forwardCredential ?? false,
    enableNetworkAccess: target.enableNetworkAccess ?? false,
    delegateCredential: target.delegateCredential ?? false,
  };
}
