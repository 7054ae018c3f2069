import { RunspaceError } from '../core/error';
import type { ContainerTarget, Credential, DaemonTarget, SshTarget, Target } from '../core/target';
import type {
  Target as TargetMessage,
  ContainerTarget as ContainerMessage,
  Credential as CredentialMessage,
  DaemonTarget as DaemonMessage,
  SshTarget as SshMessage,
} from '../gen/runspace/v1/target';
import { durationOf } from './session-terms';

/** The place that a message names; no message: this machine. Errors: INVALID_ARGUMENT. */
export function toTarget(message: TargetMessage | undefined): Target {
  const place = message?.place;
  if (message === undefined || place === undefined) return { is: 'local' };
  const shown = { displayName: present(message.displayName) };
  switch (place.$case) {
    case 'ssh':
      return stated<SshTarget>({ ...shown, ...sshOf(place.value) });
    case 'container':
      return stated<ContainerTarget>({ ...shown, ...containerOf(place.value) });
    case 'daemon':
      return stated<DaemonTarget>({ ...shown, ...daemonOf(place.value) });
  }
}

/** A place as the protocols have it, with the caller's ssh agent where it has one; this machine has no message. */
export function fromTarget(target: Target, agentSocket = ''): TargetMessage | undefined {
  switch (target.is) {
    case 'local':
      return undefined;
    case 'ssh':
      return messageOf(target, { $case: 'ssh', value: fromSsh(target, agentSocket) });
    case 'container':
      return messageOf(target, { $case: 'container', value: { runtime: '', ...target } });
    case 'daemon':
      return messageOf(target, { $case: 'daemon', value: fromDaemon(target) });
  }
}

function messageOf({ displayName = '' }: Exclude<Target, { is: 'local' }>, place: TargetMessage['place']) {
  return { place, displayName };
}

function fromSsh({ connectingTimeoutMs, ...target }: SshTarget, agentSocket: string): SshMessage {
  return {
    port: 0,
    userName: '',
    keyFilePath: '',
    subsystem: '',
    command: '',
    configurationFile: '',
    ...target,
    options: { ...target.options },
    connectingTimeout: durationOf(connectingTimeoutMs),
    agentSocket,
  };
}

function fromDaemon(target: DaemonTarget): DaemonMessage {
  return { port: 0, applicationName: undefined, certificateThumbprint: '', ...target };
}

/** The caller's ssh agent, where a message names one; else empty. */
export function agentSocketOf(message: TargetMessage | undefined): string {
  return message?.place?.$case === 'ssh' ? message.place.value.agentSocket : '';
}

/** The credential of a message. */
export function toCredential(message: CredentialMessage | undefined): Credential | undefined {
  if (message === undefined) return undefined;
  const { proof, userName } = message;
  return stated<Credential>({ userName: present(userName), proof: proofOf(proof) });
}

/** A credential as the protocols have it. */
export function fromCredential(credential: Credential | undefined): CredentialMessage | undefined {
  if (credential === undefined) return undefined;
  const { userName = '', proof } = credential;
  switch (proof.is) {
    case 'none':
      return { userName, proof: undefined };
    case 'password':
      return { userName, proof: { $case: 'password', value: proof.password } };
    case 'token':
      return { userName, proof: { $case: 'token', value: proof.token } };
  }
}

function proofOf(proof: CredentialMessage['proof']): Credential['proof'] {
  switch (proof?.$case) {
    case undefined:
      return { is: 'none' };
    case 'password':
      return { is: 'password', password: proof.value };
    case 'token':
      return { is: 'token', token: proof.value };
  }
}

function sshOf(message: SshMessage) {
  const { seconds = 0n, nanos = 0 } = message.connectingTimeout ?? {};
  const hasTimeout = message.connectingTimeout !== undefined;
  return {
    is: 'ssh' as const,
    host: required(message.host, 'target.ssh.host'),
    port: portOf(message.port, 'target.ssh.port'),
    userName: present(message.userName),
    keyFilePath: present(message.keyFilePath),
    subsystem: present(message.subsystem),
    command: present(message.command),
    options: message.options,
    connectingTimeoutMs: hasTimeout ? Number(seconds) * 1000 + nanos / 1e6 : undefined,
    direct: message.direct,
    configurationFile: present(message.configurationFile),
  };
}

function containerOf(message: ContainerMessage) {
  return {
    is: 'container' as const,
    container: required(message.container, 'target.container.container'),
    runtime: runtimeOf(message.runtime),
    runAsAdministrator: message.runAsAdministrator,
  };
}

function daemonOf(message: DaemonMessage) {
  const { applicationName, allowRedirection, forwardCredential, enableNetworkAccess, delegateCredential } =
    message;
  return {
    is: 'daemon' as const,
    host: required(message.host, 'target.daemon.host'),
    port: portOf(message.port, 'target.daemon.port'),
    applicationName,
    certificateThumbprint: present(message.certificateThumbprint),
    allowRedirection,
    forwardCredential,
    enableNetworkAccess,
    delegateCredential,
  };
}

function runtimeOf(text: string): 'docker' | 'podman' | undefined {
  if (text === '' || text === 'docker' || text === 'podman') return text === '' ? undefined : text;
  throw invalid('target.container.runtime', `is ${text}; it must be docker or podman`);
}

function portOf(port: number, field: string): number | undefined {
  if (port === 0) return undefined;
  if (port > 0 && port <= 65_535) return port;
  throw invalid(field, `is ${String(port)}; a port is from 1 to 65535`);
}

function required(text: string, field: string): string {
  if (text.trim() !== '') return text;
  throw invalid(field, 'is missing');
}

function present(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function invalid(field: string, what: string): RunspaceError {
  return new RunspaceError('INVALID_ARGUMENT', `${field} ${what}`, { facts: { field } });
}

/** Without the properties that are undefined: a place is stored and compared as it stands. */
function stated<Stated extends object>(part: {
  readonly [Name in keyof Stated]: Stated[Name] | undefined;
}): Stated {
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) as Stated;
}
