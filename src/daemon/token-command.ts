import { parseArgs } from 'node:util';
import { RunspaceError, toError } from '../core/error';
import { isValid, type StoredToken } from '../auth/tokens';
import { makeFolder } from '../store/folder';
import { StateLayout } from '../store/state-layout';
import { TokenFile } from './token-file';

/** What `runspaced token --help` prints. */
const tokenUsage = `runspaced token: what users of other machines show to this daemon

  runspaced token new --user NAME [--days N]   a new token, printed once; give it to the user (90 days; 0: no end)
  runspaced token list                         all tokens, without what makes them valid
  runspaced token revoke ID|NAME               one, or all of a user: valid no longer, from the next call on

  --home FOLDER       the daemon's state folder (RUNSPACED_HOME)

To the daemon the user is user:NAME. A token is also the user's password, where a client asks for one.
`;

const options = {
  user: { type: 'string' },
  days: { type: 'string' },
  home: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const dayMs = 24 * 60 * 60 * 1000;

/** Runs `runspaced token …` on the state folder that `homeOf` gives: what to print. Errors: INVALID_ARGUMENT. */
export function runToken(
  args: readonly string[],
  homeOf: (home: string | undefined) => string,
  now: number,
): string {
  const { values, positionals } = parsed(args);
  const [command, reference] = positionals;
  if (values.help === true || command === undefined) return tokenUsage;
  const layout = new StateLayout(homeOf(values.home));
  makeFolder(layout.root);
  const file = new TokenFile(layout.tokensFile);
  switch (command) {
    case 'new':
      if (values.user === undefined) throw misuse('whose token? name the user (--user NAME)');
      return `${file.create(values.user, now, lifetimeOf(values.days ?? '90'))}\n`;
    case 'list':
      return file
        .all()
        .map((token) => lineOf(token, now))
        .join('');
    case 'revoke':
      if (reference === undefined) throw misuse('which token? name its id, or its user');
      return `${String(file.revoke(reference, now))} revoked\n`;
    default:
      throw misuse(`there is no command "token ${command}"`);
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw misuse(toError(error).message);
  }
}

function lifetimeOf(days: string): number | undefined {
  if (!/^\d{1,5}$/.test(days)) throw misuse(`--days is "${days}"; it must be a number of days`);
  return days === '0' ? undefined : Number(days) * dayMs;
}

function lineOf(token: StoredToken, now: number): string {
  const { id, user, createdAt, expiresAt, revokedAt } = token;
  const end = expiresAt === undefined ? 'no end' : `until ${dayOf(expiresAt)}`;
  const state = revokedAt !== undefined ? 'revoked' : isValid(token, now) ? 'valid' : 'expired';
  return `${id}  ${state}  ${user}  since ${dayOf(createdAt)}  ${end}\n`;
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function misuse(message: string): RunspaceError {
  return new RunspaceError('INVALID_ARGUMENT', `${message}; see runspaced token --help`);
}
