import { resolve } from 'node:path';
import type { SshTarget } from '../../typescript';
import { parseDuration } from '../duration';
import { UsageError } from '../failure';

/** Keys of an SSHConnection, lower case, with the key that means the same. */
const keys: Readonly<Record<string, string>> = {
  computername: 'host',
  hostname: 'host',
  port: 'port',
  username: 'user',
  keyfilepath: 'key',
  identityfilepath: 'key',
  subsystem: 'subsystem',
  connectingtimeout: 'timeout',
  options: 'options',
};

/**
 * The hosts of `--ssh-connection`: JSON objects, or lists of them, with the keys of PowerShell's SSHConnection in any case
 * (HostName or ComputerName, Port, UserName, KeyFilePath or IdentityFilePath, Subsystem, ConnectingTimeout, Options). Throws UsageError that names key and element.
 */
export function sshConnections(texts: readonly string[]): readonly SshTarget[] {
  const elements = texts.flatMap((text) => {
    const parsed = parse(text);
    return Array.isArray(parsed) ? (parsed as readonly unknown[]) : [parsed];
  });
  if (elements.length === 0) throw new UsageError('--ssh-connection names no host');
  return elements.map((element, index) => connectionOf(element, index + 1));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`--ssh-connection is no JSON: ${String(error)}`);
  }
}

function connectionOf(element: unknown, number: number): SshTarget {
  const wrong = (what: string): UsageError =>
    new UsageError(`--ssh-connection, element ${String(number)}: ${what}`, 'INVALID_ARGUMENT', {
      metadata: { element: String(number) },
    });
  if (typeof element !== 'object' || element === null || Array.isArray(element))
    throw wrong('it must be an object such as {"HostName":"web1"}');
  const found = new Map<string, { readonly key: string; readonly value: unknown }>();
  for (const [key, value] of Object.entries(element)) {
    const meaning = keys[key.toLowerCase()];
    if (meaning === undefined)
      throw wrong(
        `there is no key "${key}"; there are ComputerName or HostName, Port, UserName, KeyFilePath or IdentityFilePath, Subsystem, ConnectingTimeout, Options`,
      );
    const before = found.get(meaning);
    if (before !== undefined) throw wrong(`"${before.key}" and "${key}" are the same: give one of them`);
    found.set(meaning, { key, value });
  }
  const text = (meaning: string): string | undefined => {
    const entry = found.get(meaning);
    if (entry === undefined || entry.value === null) return undefined;
    if (typeof entry.value === 'string' && entry.value.trim() !== '') return entry.value;
    throw wrong(`"${entry.key}" must be a text that is not blank`);
  };
  const written = text('host');
  if (written === undefined) throw wrong('"HostName" (or "ComputerName") is missing');
  const at = written.lastIndexOf('@');
  const host = written.slice(at + 1).replace(/^\[(.+)\]$/, '$1');
  const userName = at < 0 ? text('user') : written.slice(0, at);
  const port = portOf(found.get('port')?.value, wrong);
  const key = text('key');
  const subsystem = text('subsystem');
  const timeout = timeoutOf(found.get('timeout')?.value, wrong);
  return {
    is: 'ssh',
    host,
    ...(userName === undefined ? {} : { userName }),
    ...(port === undefined ? {} : { port }),
    ...(key === undefined ? {} : { keyFilePath: resolve(key) }),
    ...(subsystem === undefined ? {} : { subsystem }),
    ...(timeout === undefined ? {} : { connectingTimeoutMs: timeout }),
    options: optionsOf(found.get('options')?.value, wrong),
  };
}

type Wrong = (what: string) => UsageError;

function portOf(value: unknown, wrong: Wrong): number | undefined {
  if (value === undefined || value === null) return undefined;
  const port = typeof value === 'string' ? Number(value) : value;
  if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw wrong('"Port" must be a number from 1 to 65535');
}

/** A number is ms, as in PowerShell. */
function timeoutOf(value: unknown, wrong: Wrong): number | undefined {
  if (value === undefined || value === null || value === -1) return undefined;
  if (typeof value === 'number' && value > 0) return value;
  if (typeof value === 'string') return parseDuration(value, 'ConnectingTimeout');
  throw wrong('"ConnectingTimeout" must be a number of milliseconds, or a time such as 30s');
}

function optionsOf(value: unknown, wrong: Wrong): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw wrong('"Options" must be an object');
  return Object.fromEntries(
    Object.entries(value).map(([name, option]) => {
      if (typeof option === 'string' || typeof option === 'number') return [name, String(option)];
      throw wrong(`the option "${name}" must be a text`);
    }),
  );
}
