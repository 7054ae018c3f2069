import { createHash } from 'node:crypto';
import { lstatSync, realpathSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { invalidArgument, RunspaceError } from './error';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a daemon listens: a unix socket of this machine. */
export interface Address {
  /** The path of the socket. */
  readonly path: string;
  /** The address as text: `unix:///path`. */
  readonly text: string;
}

/** The address that a text such as `unix:///run/me/d.sock` names; INVALID_ARGUMENT where it names none. */
export function parseAddress(text: string): Address {
  const [, path] = /^unix:(?:\/\/)?(\/.+)$/.exec(text) ?? [];
  if (path !== undefined) return { path, text: `unix://${path}` };
  const remedy = 'give a unix socket as unix:///absolute/path; other addresses come with a later release';
  throw invalidArgument(`${JSON.stringify(text)} is no address that can be reached: ${remedy}`, {
    address: text,
  });
}

/** The state folder: RUNSPACED_HOME, else `runspaced` in XDG_STATE_HOME, else `~/.local/state/runspaced`. */
export function stateFolder(environment: Environment): string {
  const { RUNSPACED_HOME: home, XDG_STATE_HOME: stateHome } = environment;
  if (home !== undefined && home !== '') return resolve(home);
  const hasOwn = stateHome !== undefined && isAbsolute(stateHome);
  const base = hasOwn ? stateHome : join(homeOf(environment), '.local', 'state');
  return join(base, 'runspaced');
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
export function ownAddress(folder: string, environment: Environment): Address {
  const hash = createHash('sha256')
    .update(realPathOf(resolve(folder)))
    .digest('hex')
    .slice(0, 12);
  const path = join(runtimeFolder(environment), `runspaced-${hash}.sock`);
  const bytes = Buffer.byteLength(path);
  if (bytes <= longestSocketPath) return parseAddress(`unix://${path}`);
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
