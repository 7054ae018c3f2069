import { isAbsolute, join } from 'node:path';
import { RunspaceError } from '../../core/error';
import type { SshTarget } from '../../core/target';
import {
  mergedOptions,
  namedOptions,
  optionsFor,
  type ConfigurationText,
  type SshOptions,
} from './configuration';
import { heeded, irrelevant } from './option-names';

/** How strict ssh is about a host whose key it does not know (StrictHostKeyChecking). */
export type HostKeyChecking = 'yes' | 'accept-new' | 'ask' | 'no';

/** The ways to prove who one is, in the order in which they are tried. */
export type AuthenticationMethod = 'publickey' | 'keyboard-interactive' | 'password';

/** A private key's file. */
export interface IdentityFile {
  readonly path: string;
  /** Somebody named it; one of ssh's usual files is passed over where it is not there. */
  readonly isNamed: boolean;
}

/** All that is to be done to reach one host. */
export interface SshSettings {
  /** As the caller named it. */
  readonly host: string;
  /** Where to connect to. */
  readonly hostName: string;
  readonly port: number;
  readonly userName: string;
  readonly identityFiles: readonly IdentityFile[];
  readonly identitiesOnly: boolean;
  /** Path of an agent's socket. */
  readonly agent: string | undefined;
  /** `user@host:port` of the hosts to go through, the first one first. */
  readonly jumps: readonly string[];
  readonly proxyCommand: string | undefined;
  readonly userKnownHosts: readonly string[];
  readonly globalKnownHosts: readonly string[];
  readonly hostKeyAlias: string | undefined;
  readonly hostKeyChecking: HostKeyChecking;
  readonly hashKnownHosts: boolean;
  /** For the whole of connecting, without the time that a person takes. */
  readonly connectTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly keepAliveCount: number;
  readonly methods: readonly AuthenticationMethod[];
  readonly passwordPrompts: number;
  /** Nobody is to be asked anything. */
  readonly isBatch: boolean;
  readonly algorithms: AlgorithmChoices;
  readonly family: 4 | 6 | undefined;
  readonly localAddress: string | undefined;
  /** Options that are said and that nothing is done for. */
  readonly unheeded: readonly string[];
}

/** Lists as OpenSSH writes them, with `+`, `-` or `^` before the whole. */
export interface AlgorithmChoices {
  readonly ciphers?: string;
  readonly kex?: string;
  readonly macs?: string;
  readonly hostKeys?: string;
  readonly compression?: boolean;
}

/** This side. */
export interface OwnSide {
  readonly userName: string;
  readonly uid: number;
  readonly home: string;
  readonly machine: string;
}

const defaultConnectMs = 60_000;
const defaultKeepAliveMs = 10_000;
const defaultKeepAliveCount = 3;
const usualKeys = ['id_rsa', 'id_ecdsa', 'id_ed25519', 'id_dsa'];

/**
 * What a target means: its own words win over its `-o` options, these over the configuration files, and those over ssh's
 * defaults. Errors: INVALID_ARGUMENT for an unknown `-o` option or a value that none can have, naming it.
 */
export function resolveSettings(
  target: SshTarget,
  around: {
    readonly own: OwnSide;
    readonly files: readonly ConfigurationText[];
    readonly agentSocket: string;
    /** A user name that came with the credential. */
    readonly credentialUser?: string | undefined;
  },
): SshSettings {
  const { own, files, agentSocket } = around;
  const explicit = namedOptions(target.options);
  checkKnown(explicit);
  const { host, userName: inHost } = splitUser(target.host);
  const chosenUser = target.userName ?? inHost ?? around.credentialUser;
  const options = mergedOptions(explicit, optionsFor(files, { host, userName: chosenUser }));
  const first = (name: string): string | undefined => options.get(name)?.[0];
  const hostName = expand(first('hostname') ?? '%h', { '%h': host, '%%': '%' });
  const userName = chosenUser ?? first('user') ?? own.userName;
  const port = target.port ?? numberOf(options, 'port', { least: 1, most: 65_535 }) ?? 22;
  const hostKeyAlias = first('hostkeyalias');
  const path = pathReader(own, { host, hostName, port, userName, hostKeyAlias });
  const proxyJump = noneOf(first('proxyjump'));
  const proxyCommand = noneOf(first('proxycommand'));
  return {
    host,
    hostName,
    port,
    userName,
    identityFiles: identityFiles(target, options, path),
    identitiesOnly: isYes(first('identitiesonly')),
    agent: agentOf(first('identityagent'), agentSocket, path),
    jumps: proxyJump === undefined ? [] : proxyJump.split(',').map((jump) => jump.trim()),
    proxyCommand:
      proxyJump !== undefined || proxyCommand === undefined ? undefined : path.tokens(proxyCommand),
    userKnownHosts: (options.get('userknownhostsfile') ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']).map(
      path.file,
    ),
    globalKnownHosts: (
      options.get('globalknownhostsfile') ?? ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']
    ).map(path.file),
    hostKeyAlias,
    hostKeyChecking: checkingOf(first('stricthostkeychecking')),
    hashKnownHosts: isYes(first('hashknownhosts')),
    connectTimeoutMs:
      target.connectingTimeoutMs ??
      inMs(numberOf(options, 'connecttimeout', { least: 1 })) ??
      defaultConnectMs,
    keepAliveMs: inMs(numberOf(options, 'serveraliveinterval', { least: 0 })) ?? defaultKeepAliveMs,
    keepAliveCount: numberOf(options, 'serveralivecountmax', { least: 1 }) ?? defaultKeepAliveCount,
    methods: methodsOf(options),
    passwordPrompts: numberOf(options, 'numberofpasswordprompts', { least: 0 }) ?? 3,
    isBatch: isYes(first('batchmode')),
    algorithms: algorithmsOf(first),
    family: familyOf(first('addressfamily')),
    localAddress: first('bindaddress'),
    unheeded: [...options.keys()].filter((name) => !heeded.has(name) && !irrelevant.has(name)),
  };
}

/** A jump host, written `[user@]host[:port]` or `ssh://…`, as a target of its own; only its host is needed. */
export function jumpTarget(jump: string, through: SshTarget): SshTarget {
  const text = jump.replace(/^ssh:\/\//, '').replace(/\/$/, '');
  const { host: place, userName } = splitUser(text);
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]+|[^:]*:[^:]*:.*?))(?::(\d+))?$/.exec(place) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || host === '') throw invalid('ProxyJump', jump, 'is no [user@]host[:port]');
  return {
    is: 'ssh',
    host,
    ...(userName === undefined ? {} : { userName }),
    ...(port === undefined ? {} : { port: Number(port) }),
    options: withoutPlace(through.options),
    direct: true,
    ...(through.configurationFile === undefined ? {} : { configurationFile: through.configurationFile }),
  };
}

/** `user@host`, where the user may hold a domain with an `@` or a backslash of its own. */
function splitUser(text: string): { readonly host: string; readonly userName: string | undefined } {
  const at = text.lastIndexOf('@');
  if (at < 0) return { host: bare(text), userName: undefined };
  return { host: bare(text.slice(at + 1)), userName: text.slice(0, at) };
}

function bare(host: string): string {
  return /^\[(.+)\]$/.exec(host)?.[1] ?? host;
}

/** `-o` options that are of the last host alone. */
function withoutPlace(options: Readonly<Record<string, string>>): Record<string, string> {
  const own = new Set([
    'hostname',
    'port',
    'user',
    'proxyjump',
    'proxycommand',
    'hostkeyalias',
    'identityfile',
  ]);
  return Object.fromEntries(Object.entries(options).filter(([name]) => !own.has(name.toLowerCase())));
}

interface PathReader {
  /** `~` and tokens. */
  readonly file: (text: string) => string;
  /** Tokens only. */
  readonly tokens: (text: string) => string;
}

function pathReader(
  own: OwnSide,
  at: Pick<SshSettings, 'host' | 'hostName' | 'port' | 'userName' | 'hostKeyAlias'>,
): PathReader {
  const values: Readonly<Record<string, string>> = {
    '%%': '%',
    '%d': own.home,
    '%h': at.hostName,
    '%i': String(own.uid),
    '%k': at.hostKeyAlias ?? at.host,
    '%L': own.machine.split('.')[0] ?? own.machine,
    '%l': own.machine,
    '%n': at.host,
    '%p': String(at.port),
    '%r': at.userName,
    '%u': own.userName,
  };
  const tokens = (text: string): string => expand(text, values);
  return {
    tokens,
    file: (text) => {
      const path = tokens(text);
      if (path === '~' || path.startsWith('~/')) return join(own.home, path.slice(1));
      return isAbsolute(path) ? path : join(own.home, path);
    },
  };
}

function expand(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/%./g, (token) => values[token] ?? token);
}

function identityFiles(target: SshTarget, options: SshOptions, path: PathReader): readonly IdentityFile[] {
  const named = [
    ...(target.keyFilePath === undefined ? [] : [target.keyFilePath]),
    ...(options.get('identityfile') ?? []).filter((file) => file.toLowerCase() !== 'none'),
  ];
  const isNone = options.get('identityfile')?.some((file) => file.toLowerCase() === 'none') ?? false;
  if (named.length > 0 || isNone)
    return [...new Set(named.map(path.file))].map((file) => ({ path: file, isNamed: true }));
  return usualKeys.map((name) => ({ path: path.file(`~/.ssh/${name}`), isNamed: false }));
}

function agentOf(option: string | undefined, agentSocket: string, path: PathReader): string | undefined {
  if (option === undefined || option === 'SSH_AUTH_SOCK') return agentSocket === '' ? undefined : agentSocket;
  return option.toLowerCase() === 'none' ? undefined : path.file(option);
}

const methodNames: readonly AuthenticationMethod[] = ['publickey', 'keyboard-interactive', 'password'];

function methodsOf(options: SshOptions): readonly AuthenticationMethod[] {
  const first = (name: string): string | undefined => options.get(name)?.[0];
  const keyboard = first('kbdinteractiveauthentication') ?? first('challengeresponseauthentication');
  const refused = new Set<AuthenticationMethod>([
    ...(isNo(first('pubkeyauthentication')) ? (['publickey'] as const) : []),
    ...(isNo(first('passwordauthentication')) ? (['password'] as const) : []),
    ...(isNo(keyboard) ? (['keyboard-interactive'] as const) : []),
  ]);
  const preferred = first('preferredauthentications')?.split(',') ?? methodNames;
  return preferred
    .map((name) => methodNames.find((known) => known === name.trim()))
    .filter((name): name is AuthenticationMethod => name !== undefined && !refused.has(name));
}

function algorithmsOf(first: (name: string) => string | undefined): AlgorithmChoices {
  const lists = {
    ciphers: first('ciphers'),
    kex: first('kexalgorithms'),
    macs: first('macs'),
    hostKeys: first('hostkeyalgorithms'),
  };
  const named = Object.fromEntries(Object.entries(lists).filter(([, list]) => list !== undefined));
  return isYes(first('compression')) ? { ...named, compression: true } : named;
}

function checkingOf(text: string | undefined): HostKeyChecking {
  switch (text?.toLowerCase()) {
    case undefined:
    case 'yes':
    case 'true':
      return 'yes';
    case 'accept-new':
      return 'accept-new';
    case 'ask':
      return 'ask';
    case 'no':
    case 'off':
    case 'false':
      return 'no';
    default:
      throw invalid('StrictHostKeyChecking', text ?? '', 'is none of yes, accept-new, ask, no');
  }
}

function familyOf(text: string | undefined): 4 | 6 | undefined {
  if (text === 'inet') return 4;
  return text === 'inet6' ? 6 : undefined;
}

function checkKnown(explicit: SshOptions): void {
  const unknown = [...explicit.keys()].find((name) => !heeded.has(name) && !irrelevant.has(name));
  if (unknown === undefined) return;
  throw new RunspaceError(
    'INVALID_ARGUMENT',
    `the ssh option "${unknown}" is unknown here, or can't be honoured; leave it out`,
    { facts: { option: unknown } },
  );
}

function numberOf(
  options: SshOptions,
  name: string,
  { least, most = Number.MAX_SAFE_INTEGER }: { readonly least: number; readonly most?: number },
): number | undefined {
  const text = options.get(name)?.[0];
  if (text === undefined || text.toLowerCase() === 'none') return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw invalid(
    name,
    text,
    `is no number from ${String(least)}${most === Number.MAX_SAFE_INTEGER ? '' : ` to ${String(most)}`}`,
  );
}

function inMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

function noneOf(text: string | undefined): string | undefined {
  return text?.toLowerCase() === 'none' ? undefined : text;
}

function isYes(text: string | undefined): boolean {
  return text !== undefined && ['yes', 'true'].includes(text.toLowerCase());
}

function isNo(text: string | undefined): boolean {
  return text !== undefined && ['no', 'false'].includes(text.toLowerCase());
}

function invalid(option: string, value: string, what: string): RunspaceError {
  return new RunspaceError('INVALID_ARGUMENT', `the ssh option ${option}: "${value}" ${what}`, {
    facts: { option },
  });
}
