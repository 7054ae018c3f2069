import { RunspaceError, type ErrorCode } from '../../core/error';
import { fingerprint, keyTypeOf, type HostKeyVerdict } from './known-hosts';
import type { SshSettings } from './settings';

/** `user@host:port`, as errors name it. */
export function placeName({ userName, host, hostName, port }: SshSettings): string {
  const shown = host === hostName ? host : `${host} (${hostName})`;
  return `${userName}@${shown}${port === 22 ? '' : `:${String(port)}`}`;
}

/** Facts that go with every error of a connection. */
export function factsOf({ host, port, userName }: SshSettings): Readonly<Record<string, string>> {
  return { transport: 'ssh', host, port: String(port), user: userName };
}

/** An error of connecting, with the phase in which it came. */
export function connectError(
  code: ErrorCode,
  message: string,
  about: { readonly settings: SshSettings; readonly phase: string; readonly cause?: unknown },
): RunspaceError {
  const { settings, phase, cause } = about;
  return new RunspaceError(code, message, { facts: { ...factsOf(settings), phase }, cause });
}

/** Why the name could not be resolved, or nobody took the connection. */
export function socketError(error: Error, settings: SshSettings): RunspaceError {
  const systemCode = 'code' in error ? String(error.code) : '';
  const where = `${settings.hostName} port ${String(settings.port)}`;
  const shown = (code: ErrorCode, message: string, phase: string) =>
    connectError(code, message, { settings, phase, cause: error });
  switch (systemCode) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NONAME':
      return shown(
        'HOST_NOT_FOUND',
        `there is no host "${settings.hostName}"; check the name, or give its address in ~/.ssh/config`,
        'name',
      );
    case 'ECONNREFUSED':
      return shown(
        'CONNECTION_REFUSED',
        `nothing listens on ${where}; check the port (--port) and that sshd runs there. For another daemon use --computer-name`,
        'port',
      );
    default:
      return shown('HOST_UNREACHABLE', `${where} can't be reached: ${error.message}`, 'port');
  }
}

/** Why a host's key is not accepted. */
export function hostKeyError(
  verdict: Exclude<HostKeyVerdict, { is: 'known' }>,
  settings: SshSettings,
  key: Uint8Array,
): RunspaceError {
  const shown = `${keyTypeOf(key)} ${fingerprint(key)}`;
  const error = (code: ErrorCode, message: string): RunspaceError =>
    connectError(code, message, { settings, phase: 'hostKey' });
  switch (verdict.is) {
    case 'unknown': {
      const [other] = verdict.others;
      const known =
        other === undefined
          ? ''
          : `; known is its ${other.keyType} key (${other.file}:${String(other.line)})`;
      return error(
        'HOST_KEY_UNKNOWN',
        `the key of ${settings.hostName} is not known: ${shown}${known}. Compare it with the host's own, and make it known: ` +
          `connect once with ssh, or choose StrictHostKeyChecking=accept-new (--options)`,
      );
    }
    case 'changed': {
      const { file, line, key: before, keyType } = verdict.entry;
      return error(
        'HOST_KEY_CHANGED',
        `the key of ${settings.hostName} is not the one that is known: it shows ${shown}, and ${file}:${String(line)} has ${keyType} ${fingerprint(before)}. ` +
          `Someone may be in between; if the host was set up anew, remove that line (ssh-keygen -R)`,
      );
    }
    case 'revoked': {
      const { file, line } = verdict.entry;
      return error(
        'HOST_KEY_REVOKED',
        `the key of ${settings.hostName}, ${shown}, is revoked by ${file}:${String(line)}`,
      );
    }
    case 'authority': {
      const { file, line } = verdict.entry;
      return error(
        'HOST_KEY_UNKNOWN',
        `${settings.hostName} is known by a certificate authority only (${file}:${String(line)}), and host certificates are not supported here; ` +
          `add its own key to known_hosts: ${shown}`,
      );
    }
  }
}
