import { createHash } from 'node:crypto';
import { isAbsolute, join } from 'node:path';
import { RunspaceError } from '../core/error';
import type { KeeperId } from '../core/ids';
import { isPrivateFolder, makeFolder, realPathOf, requirePrivateFolder } from './folder';

/** Node 20 silently cuts unix socket paths at 107 bytes; some systems have 104. */
const longestSocketPath = 100;

/** What the place of sockets depends on. */
export interface RuntimeFacts {
  /** Of it, XDG_RUNTIME_DIR is read. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** `os.tmpdir()`. */
  readonly temporaryFolder: string;
}

/**
 * The folder for this user's sockets, made if need be: XDG_RUNTIME_DIR if it is an absolute path of a folder that is
 * this user's alone, else `runspaced-UID` in the temp folder. That one could have been made by someone else: throws
 * STATE_FOLDER_UNUSABLE if it isn't ours alone or is a symbolic link. The rule is repeated in README.md, for clients.
 */
export function openRuntimeFolder({ environment, uid, temporaryFolder }: RuntimeFacts): string {
  const given = environment['XDG_RUNTIME_DIR'];
  if (given !== undefined && isAbsolute(given) && isPrivateFolder(given, uid)) return given;
  const own = join(temporaryFolder, `runspaced-${uid}`);
  makeFolder(own);
  requirePrivateFolder(own, uid);
  return own;
}

/** The socket of the daemon of that state folder. Throws SOCKET_PATH_TOO_LONG. */
export function daemonSocketPath(runtimeFolder: string, stateFolder: string): string {
  return socketPath(runtimeFolder, `runspaced-${shortHash(realPathOf(stateFolder))}.sock`);
}

/** The socket at which the daemon of that state folder shows its figures. Throws SOCKET_PATH_TOO_LONG. */
export function metricsSocketPath(runtimeFolder: string, stateFolder: string): string {
  return socketPath(runtimeFolder, `runspaced-m-${shortHash(realPathOf(stateFolder))}.sock`);
}

/** The socket of a keeper. Throws SOCKET_PATH_TOO_LONG. */
export function keeperSocketPath(runtimeFolder: string, keeper: KeeperId): string {
  return socketPath(runtimeFolder, `runspaced-k-${shortHash(keeper)}.sock`);
}

/** The socket from which a session's way to another daemon begins. Throws SOCKET_PATH_TOO_LONG. */
export function tunnelSocketPath(folder: string, keeper: KeeperId, session: string): string {
  return socketPath(folder, `${tunnelPrefix(keeper)}${shortHash(session)}.sock`);
}

/** The socket at which commands of a session are told what they may show onward. Throws SOCKET_PATH_TOO_LONG. */
export function delegationSocketPath(folder: string, keeper: KeeperId, session: string): string {
  return socketPath(folder, `${tunnelPrefix(keeper)}${shortHash(session)}-d.sock`);
}

/** How the names of a keeper's tunnels begin. */
export function tunnelPrefix(keeper: KeeperId): string {
  return `runspaced-t-${shortHash(keeper)}-`;
}

/** Throws SOCKET_PATH_TOO_LONG for a path beyond 100 bytes: two such paths could meet in one socket. */
function requireShortSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= longestSocketPath) return;
  throw new RunspaceError(
    'SOCKET_PATH_TOO_LONG',
    `the socket path ${path} has ${bytes} bytes, and ${longestSocketPath} are possible; ` +
      'let XDG_RUNTIME_DIR (or TMPDIR) name a folder with a shorter path',
    { facts: { path, bytes: String(bytes), limit: String(longestSocketPath) } },
  );
}

function socketPath(folder: string, name: string): string {
  const path = join(folder, name);
  requireShortSocketPath(path);
  return path;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
