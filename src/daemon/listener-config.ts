import { isIP } from 'node:net';
import { RunspaceError } from '../core/error';

/** An address of this machine. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** How callers of other machines come in. */
export interface ListenerConfig extends ListenAddress {
  /** What callers may name to be sure that they are at the right place; PowerShell's ApplicationName. */
  readonly applicationName: string;
  /** A `grpcs://` address that all callers are sent to; undefined: they are served. */
  readonly redirect: string | undefined;
  /** A daemon that runs as root runs what they ask for as root: somebody must have wanted that. */
  readonly mayServeAsRoot: boolean;
}

/** The listener as `listen`, `listen-application`, `listen-redirect` and `listen-as-root` have it; undefined: none. Error: CONFIGURATION_INVALID. */
export function readListener(setting: (key: string) => string | undefined): ListenerConfig | undefined {
  const listen = setting('listen');
  if (listen === undefined || listen === '') return undefined;
  const redirect = setting('listen-redirect') || undefined;
  if (redirect !== undefined && !/^grpcs:\/\/[^/]+(\/[^/]*)?$/.test(redirect))
    throw invalid('listen-redirect', redirect, 'it must be an address such as grpcs://host:7441/PowerShell');
  return {
    ...addressIn('listen', listen),
    applicationName: (setting('listen-application') ?? 'PowerShell').replace(/^\/+/, ''),
    redirect,
    mayServeAsRoot: setting('listen-as-root') === 'yes',
  };
}

/** Where collectors of other machines read metrics, as `metrics-listen` has it; undefined: nowhere. Error: CONFIGURATION_INVALID. */
export function readMetricsListener(setting: (key: string) => string | undefined): ListenAddress | undefined {
  const listen = setting('metrics-listen');
  return listen === undefined || listen === '' ? undefined : addressIn('metrics-listen', listen);
}

function addressIn(option: string, listen: string): ListenAddress {
  const [, bracketed, plain = '', digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(listen) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (isIP(host) !== 0 && port <= 65_535) return { host, port };
  throw invalid(option, listen, 'it must be an address of this machine and a port, such as 0.0.0.0:7441');
}

function invalid(option: string, value: string, what: string): RunspaceError {
  return new RunspaceError('CONFIGURATION_INVALID', `${option} is "${value}"; ${what}`, {
    facts: { option, value },
  });
}
