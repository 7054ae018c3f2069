import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { DaemonTarget, SshTarget, Target } from '../../typescript';
import type { Context } from '../context';
import { parseDuration } from '../duration';
import { UsageError } from '../failure';
import { hostsLike, isPattern } from './inventory';
import { itemsOf } from './lists';
import { sshConnections } from './ssh-connection';
import type { Family } from './parameter-sets';

/** The places that a command line names, in its order. Errors are UsageErrors: nothing is connected before all are right. */
export function placesOf(
  context: Context,
  family: Exclude<Family, 'InProcess' | 'Session'>,
): readonly Target[] {
  switch (family) {
    case 'ComputerName':
      return itemsOf(context.texts('computer-name'), 'computer-name').map((name) => computer(context, name));
    case 'Uri':
      return itemsOf(context.texts('connection-uri'), 'connection-uri').map((uri) => daemonAt(context, uri));
    case 'SSHHost':
      return distinct(
        itemsOf(context.texts('host-name'), 'host-name')
          .flatMap((host) => (isPattern(host) ? hostsLike(host, context.environment) : [host]))
          .map((host) => sshHost(context, host)),
      );
    case 'SSHHostHashParam':
      return distinct(
        sshConnections(context.texts('ssh-connection').map(inlineOrFile)).map((host) =>
          connection(context, host),
        ),
      );
    case 'ContainerId':
      return itemsOf(context.texts('container-id'), 'container-id').map((container) => ({
        is: 'container',
        container,
        runAsAdministrator: context.has('run-as-administrator'),
      }));
    case 'VMId':
    case 'VMName':
      throw new UsageError('sessions in virtual machines are not there yet (P09)', 'UNSUPPORTED');
  }
}

/** A JSON text, or `@FILE` with one. */
function inlineOrFile(text: string): string {
  return text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text;
}

function computer(context: Context, name: string): DaemonTarget {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name))
    throw invalidName(name, 'is a URI; give it with --connection-uri');
  if (/[*?]/.test(name)) throw invalidName(name, 'holds a wildcard; computer names have none');
  if (/[\s/@]/.test(name))
    throw invalidName(name, 'is no name of a computer; for ssh (user@host) use --host-name');
  // One port is for all of a list, in which this machine may be: it needs none (P03).
  const port = isThisMachine(name) ? {} : portOf(context);
  return { ...daemonChoices(context), is: 'daemon', host: withoutBrackets(name), ...port };
}

function isThisMachine(name: string): boolean {
  const own = hostname().toLowerCase();
  return ['localhost', '.', own, own.split('.')[0]].includes(name.toLowerCase());
}

function daemonAt(context: Context, text: string): DaemonTarget {
  const remedy = 'give one such as grpcs://host:port/NAME';
  let uri: URL;
  try {
    uri = new URL(text);
  } catch {
    throw invalidUri(text, `is no absolute URI; ${remedy}`);
  }
  if (uri.protocol === 'ssh:') throw invalidUri(text, 'is an ssh address; use --host-name');
  if (uri.protocol !== 'grpcs:')
    throw invalidUri(text, `has the scheme ${uri.protocol.slice(0, -1)}; ${remedy}`);
  if (uri.hostname === '') throw invalidUri(text, `names no host; ${remedy}`);
  if (uri.username !== '' || uri.password !== '') throw invalidUri(text, 'holds a user; use --credential');
  const path = uri.pathname.replace(/^\//, '');
  return {
    ...daemonChoices(context),
    is: 'daemon',
    host: withoutBrackets(uri.hostname),
    ...(uri.port === '' ? {} : { port: Number(uri.port) }),
    ...(path === '' ? {} : { applicationName: path }),
  };
}

function daemonChoices(context: Context): Omit<DaemonTarget, 'is' | 'host'> {
  const applicationName =
    context.text('application-name') ?? context.environment['RUNSPACED_APPLICATION_NAME'];
  const certificateThumbprint = context.text('certificate-thumbprint');
  const mechanism = mechanismOf(context.text('authentication'));
  return {
    ...(applicationName === undefined ? {} : { applicationName }),
    ...(certificateThumbprint === undefined ? {} : { certificateThumbprint }),
    allowRedirection: context.has('allow-redirection'),
    forwardCredential: context.has('forward-credential'),
    enableNetworkAccess: context.has('enable-network-access'),
    delegateCredential: context.has('delegate-credential') || mechanism === 'Credssp',
  };
}

const mechanisms = [
  'Default',
  'Basic',
  'Credssp',
  'Digest',
  'Kerberos',
  'Negotiate',
  'NegotiateWithImplicitCredential',
] as const;

/** CredSSP delegates the caller's credential; that is to be had here too, with a token. */
function mechanismOf(text: string | undefined): 'Default' | 'Credssp' {
  if (text === undefined) return 'Default';
  const known = mechanisms.find((name) => name.toLowerCase() === text.toLowerCase());
  if (known === undefined)
    throw new UsageError(`--authentication ${text} is none of ${mechanisms.join(', ')}`);
  if (known === 'Default' || known === 'Credssp') return known;
  throw new UsageError(
    `--authentication ${known} is WS-Management's; daemons (grpcs) take certificates, tokens and passwords: leave it out, or say Default`,
    'UNSUPPORTED',
    { metadata: { option: 'Authentication', transport: 'grpcs' } },
  );
}

/** `user@` at a host wins over --user-name, which is for all of them. */
function sshHost(context: Context, text: string): SshTarget {
  if (/^(grpcs|https?):\/\//i.test(text)) throw invalidName(text, 'is a URI; give it with --connection-uri');
  const { user, host, port } = partsOfHost(text.replace(/^ssh:\/\//i, '').replace(/\/$/, ''), text);
  const userName = user ?? context.text('user-name');
  const given = portOf(context).port;
  const chosen = port ?? given;
  const keyFilePath = context.text('key-file-path');
  const subsystem = context.text('subsystem');
  return {
    is: 'ssh',
    host,
    ...commonSsh(context),
    ...(userName === undefined ? {} : { userName }),
    ...(chosen === undefined ? {} : { port: chosen }),
    ...(keyFilePath === undefined ? {} : { keyFilePath: resolve(keyFilePath) }),
    ...(subsystem === undefined ? {} : { subsystem }),
  };
}

/** What a connection says itself wins over what the command line says of all. */
function connection(context: Context, host: SshTarget): SshTarget {
  const common = commonSsh(context);
  return { ...common, ...host, options: { ...common.options, ...host.options } };
}

function commonSsh(context: Context): Omit<SshTarget, 'is' | 'host'> {
  const agentSocket = context.environment['SSH_AUTH_SOCK'];
  const timeout = context.text('connecting-timeout');
  const transport = context.text('ssh-transport');
  if (transport !== undefined && transport.toLowerCase() !== 'true')
    throw new UsageError(`--ssh-transport takes only true, and got '${transport}'`);
  return {
    direct: context.has('direct'),
    options: sshOptions(context.texts('options')),
    ...(agentSocket === undefined ? {} : { agentSocket }),
    ...(timeout === undefined ? {} : { connectingTimeoutMs: parseDuration(timeout, '--connecting-timeout') }),
  };
}

/** `NAME=VALUE`, as `ssh -o` has them. */
function sshOptions(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = /^\s*([A-Za-z]\w*)\s*[= ]\s*(.*)$/.exec(text) ?? [];
      if (name === undefined || value === undefined)
        throw new UsageError(`--options needs NAME=VALUE as ssh -o has it, and got '${text}'`);
      return [name, value];
    }),
  );
}

function partsOfHost(
  text: string,
  shown: string,
): { user: string | undefined; host: string; port: number | undefined } {
  const at = text.lastIndexOf('@');
  const user = at < 0 ? undefined : text.slice(0, at);
  const place = text.slice(at + 1);
  const [, bracketed, bracketPort] = /^\[([^\]]+)\](?::(\d+))?$/.exec(place) ?? [];
  const [, plain, plainPort] = /^([^:]+):(\d+)$/.exec(place) ?? [];
  const host = bracketed ?? plain ?? place;
  if (host === '' || /[\s/*?]/.test(host)) throw invalidName(shown, 'is no host; write [user@]host[:port]');
  const port = bracketPort ?? plainPort;
  return {
    user: user === '' ? undefined : user,
    host,
    port: port === undefined ? undefined : checkedPort(port),
  };
}

function portOf(context: Context): { readonly port?: number } {
  const text = context.text('port');
  return text === undefined ? {} : { port: checkedPort(text) };
}

function checkedPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new UsageError(`--port must be a number from 1 to 65535, and got '${text}'`);
}

/** Names that tell targets apart: with port and user where the host alone does not. */
function distinct(targets: readonly SshTarget[]): readonly SshTarget[] {
  const names = [
    (target: SshTarget) => target.displayName ?? target.host,
    (target: SshTarget) => `${target.host}:${String(target.port ?? 22)}`,
    (target: SshTarget) =>
      `${target.userName === undefined ? '' : `${target.userName}@`}${target.host}:${String(target.port ?? 22)}`,
  ];
  return targets.map((target) => {
    const [plain = '', ...longer] = names.map((name) => name(target));
    const isAlone = (index: number): boolean =>
      targets.filter((other) => names[index]?.(other) === names[index]?.(target)).length === 1;
    if (isAlone(0)) return target;
    const found = longer.find((_name, index) => isAlone(index + 1));
    return { ...target, displayName: found ?? longer[0] ?? plain };
  });
}

function withoutBrackets(host: string): string {
  return /^\[(.+)\]$/.exec(host)?.[1] ?? host;
}

function invalidName(name: string, what: string): UsageError {
  return new UsageError(`'${name}' ${what}`, 'INVALID_ARGUMENT', {
    metadata: { target: name, fully_qualified_id: 'PSSessionInvalidComputerName' },
  });
}

function invalidUri(uri: string, what: string): UsageError {
  return new UsageError(`'${uri}' ${what}`, 'INVALID_ARGUMENT', { metadata: { uri } });
}
