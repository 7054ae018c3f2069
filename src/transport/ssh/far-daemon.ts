import { toError } from '../../core/error';
import type { SshConnections, SshPlace } from './connections';

/** A daemon at the other side. */
export interface FarDaemon {
  /** Its socket there. */
  readonly socketPath: string;
  readonly version: string;
  /** What tells its machine from others; empty: not known. */
  readonly machine: string;
}

/**
 * Starts the daemon there, if the program is there, and says where it listens. In `sh -c`, since a login shell may be any;
 * a command that comes over ssh often has a shorter PATH than the person has.
 */
const askForDaemon =
  'sh -c \'PATH="$PATH:$HOME/.local/bin:$HOME/bin:/usr/local/bin"; command -v runspaced >/dev/null 2>&1 || exit 127; exec runspaced address\'';
const answerWithinMs = 45_000;
const longestAnswer = 64 * 1024;

/**
 * The daemon at a place, which is started if it is installed there; undefined where it is not. What keeps an installed
 * one from answering is told by `place.warn`. Rejects as SshConnections.open.
 */
export async function findDaemon(
  connections: SshConnections,
  place: SshPlace,
): Promise<FarDaemon | undefined> {
  const answer = await answerTo(connections, place, askForDaemon);
  if (answer.code === 127) return undefined;
  const daemon = daemonIn(answer.output);
  if (daemon === undefined && answer.errors.includes('runspaced'))
    place.warn(
      `the daemon of ${place.target.host} does not answer, and the session runs without it: ${answer.errors.trim()}`,
    );
  return daemon;
}

/** The line of `runspaced address` among what start-up files print. */
function daemonIn(output: string): FarDaemon | undefined {
  for (const line of output.split('\n')) {
    const found = /^runspaced-address (\{.*\})\r?$/.exec(line)?.[1];
    if (found === undefined) continue;
    try {
      const said: unknown = JSON.parse(found);
      if (isDaemon(said)) return said;
    } catch (error) {
      throw new Error(`the daemon's address can't be read: ${toError(error).message}`, { cause: error });
    }
  }
  return undefined;
}

function isDaemon(said: unknown): said is FarDaemon {
  return (
    typeof said === 'object' &&
    said !== null &&
    'socketPath' in said &&
    typeof said.socketPath === 'string' &&
    'version' in said &&
    typeof said.version === 'string' &&
    'machine' in said &&
    typeof said.machine === 'string'
  );
}

interface Answer {
  readonly code: number | undefined;
  readonly output: string;
  readonly errors: string;
}

async function answerTo(connections: SshConnections, place: SshPlace, line: string): Promise<Answer> {
  const { channel, lost } = await connections.open(place, (client, done) => client.exec(line, done));
  const said = { output: '', errors: '' };
  const add = (name: keyof typeof said) => (bytes: Buffer) => {
    if (said[name].length < longestAnswer) said[name] += bytes.toString();
  };
  channel.on('data', add('output'));
  channel.stderr.on('data', add('errors'));
  let code: number | undefined;
  channel.once('exit', (given: number | null) => {
    code = given ?? undefined;
  });
  channel.end();
  const closed = new Promise<undefined>((resolve) => {
    channel.once('close', () => resolve(undefined));
  });
  const timer = setTimeout(() => channel.close(), answerWithinMs);
  try {
    const gone = await Promise.race([closed, lost]);
    if (gone !== undefined) throw gone;
  } finally {
    clearTimeout(timer);
  }
  return { ...said, code };
}
