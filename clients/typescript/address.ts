import { createHash } from 'node:crypto';
import { lstatSync, realpathSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { invalidArgument, RunspaceError } from './error';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a daemon listens. */
export type Address = UnixAddress | TlsAddress;

/** A unix socket of this machine. */
export interface UnixAddress {
  readonly is: 'unix';
  /** The path of the socket. */
  readonly path: string;
  /** The address as text: `unix:///path`. */
  readonly text: string;
}

/** A port of a machine, over TLS. */
export interface TlsAddress {
  readonly is: 'tls';
  readonly host: string;
  readonly port: number;
  /** The name that the daemon must listen as; undefined: any. */
  readonly application: string | undefined;
  /** The address as text: `grpcs://host:port/NAME`. */
  readonly text: string;
}

/** The port of a daemon where nobody names one. */
const usualPort = 7441;

/**
 * The address that a text such as `unix:///run/me/d.sock` or `grpcs://host:7441` names; INVALID_ARGUMENT where it names
 * none.
 */
export function parseAddress(text: string): Address {
  const [, path] = /^unix:(?:\/\/)?(\/.+)$/.exec(text) ?? [];
  if (path !== undefined) return { is: 'unix', path, text: `unix://${path}` };
  const tls = tlsAddressIn(text);
  if (tls !== undefined) return tls;
  const remedy = 'give a unix socket as unix:///absolute/path, or another machine as grpcs://host:port';
  throw invalidArgument(`${JSON.stringify(text)} is no address that can be reached: ${remedy}`, {
    address: text,
  });
}

function tlsAddressIn(text: string): TlsAddress | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'grpcs:' || url.hostname === '' || url.username !== '' || url.search !== '')
    return undefined;
  const name = decodeURIComponent(url.pathname.slice(1));
  return {
    is: 'tls',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? usualPort : Number(url.port),
    application: name === '' ? undefined : name,
    text,
  };
}

/** The state folder: RUNSPACED_HOME, else `runspaced` in XDG_STATE_HOME, else `~/.local/state/runspaced`. */
export function stateFolder(environment: Environment): string {
  const { RUNSPACED_HOME: home, XDG_STATE_HOME: stateHome } = environment;
  if (home !== undefined && home !== '') return resolve(home);
  const hasOwn = stateHome !== undefined && isAbsolute(stateHome);
  const base = hasOwn ? stateHome : join(homeOf(environment), '.local', 'state');
  return join(base, 'runspaced');
}

/** Whom to trust and who one is: RUNSPACED_CERTIFICATES, else `runspaced/certificates` in XDG_CONFIG_HOME, else in `~/.config`. */
export function certificatesFolder(environment: Environment): string {
  const { RUNSPACED_CERTIFICATES: folder, XDG_CONFIG_HOME: configHome } = environment;
  if (folder !== undefined && folder !== '') return resolve(folder);
  const hasOwn = configHome !== undefined && isAbsolute(configHome);
  return join(hasOwn ? configHome : join(homeOf(environment), '.config'), 'runspaced', 'certificates');
}

/** The user's home folder. */
function homeOf(environment: Environment): string {
  return environment['HOME'] ?? homedir();
}

/** Node cuts longer socket paths without a word, and two of them could meet in one socket. */
const longestSocketPath = 100;

/**
 * The daemon's own socket for a state folder: `RUNTIME/runspaced-HASH.sock`. RUNTIME is XDG_RUNTIME_DIR where that is
 * this user's alone, else `runspaced-UID` in the temporary folder; HASH is of the state folder's real path.
 * Throws SOCKET_PATH_TOO_LONG, and ACCESS_DENIED where RUNTIME is someone else's.
 */
export function ownAddress(folder: string, environment: Environment): UnixAddress {
  const hash = createHash('sha256')
    .update(realPathOf(resolve(folder)))
    .digest('hex')
    .slice(0, 12);
  const path = join(runtimeFolder(environment), `runspaced-${hash}.sock`);
  const bytes = Buffer.byteLength(path);
  if (bytes <= longestSocketPath) return { is: 'unix', path, text: `unix://${path}` };
  throw new RunspaceError(
    'SOCKET_PATH_TOO_LONG',
    `the socket path ${path} has ${String(bytes)} bytes, and ${String(longestSocketPath)} are possible: let XDG_RUNTIME_DIR or TMPDIR name a folder with a shorter path`,
    { grpcCode: 'INVALID_ARGUMENT', metadata: { path, limit: String(longestSocketPath) } },
  );
}

function runtimeFolder(environment: Environment): string {
  const given = environment['XDG_RUNTIME_DIR'];
  if (given !== undefined && isAbsolute(given) && ownership(given) === 'ours') return given;
  const own = join(tmpdir(), `runspaced-${String(userInfo().uid)}`);
  if (ownership(own) !== 'foreign') return own;
  throw new RunspaceError(
    'ACCESS_DENIED',
    `${own} is not this user's alone, so whoever listens in it can't be trusted: remove it, or set XDG_RUNTIME_DIR`,
    { grpcCode: 'PERMISSION_DENIED', metadata: { path: own } },
  );
}

/** Whose a folder is; a link or a folder that others may enter is foreign. */
function ownership(path: string): 'ours' | 'foreign' | 'missing' {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 'missing';
  const isOurs = found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o077) === 0;
  return isOurs ? 'ours' : 'foreign';
}

/** The real path, also of a folder that is still to be made. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || path === dirname(path)) throw error;
    return join(realPathOf(dirname(path)), basename(path));
  }
}
