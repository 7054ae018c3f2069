import { existsSync, statSync } from 'node:fs';
import { isValid, newToken, type StoredToken, type Tokens } from '../auth/tokens';
import { RunspaceError } from '../core/error';
import { LineLog } from '../store/line-log';

type Entry =
  | ({ readonly is: 'created' } & StoredToken)
  | { readonly is: 'revoked'; readonly id: string; readonly at: number };

/** The tokens of a daemon, in a file of its state folder, which `runspaced token` adds to while the daemon runs. */
export class TokenFile implements Tokens {
  readonly #path: string;
  #read: { readonly stamp: string; readonly tokens: readonly StoredToken[] } | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** All of them, as the file has them now. */
  all(): readonly StoredToken[] {
    if (!existsSync(this.#path)) return [];
    const { size, mtimeMs, ino } = statSync(this.#path);
    const stamp = [size, mtimeMs, ino].join(' ');
    if (this.#read?.stamp !== stamp) this.#read = { stamp, tokens: this.#tokens() };
    return this.#read.tokens;
  }

  /** Makes one, and gives the text that is shown once. Error: INVALID_ARGUMENT. */
  create(user: string, now: number, lifetimeMs: number | undefined): string {
    const { text, stored } = newToken(user, now, lifetimeMs);
    this.#append({ is: 'created', ...stored });
    return text;
  }

  /** Ends the token with this id, or all of this user: how many. Error: INVALID_ARGUMENT where there is none. */
  revoke(reference: string, now: number): number {
    const meant = this.#tokens().filter(
      (token) => isValid(token, now) && (token.id === reference || token.user === reference),
    );
    if (meant.length === 0)
      throw new RunspaceError(
        'INVALID_ARGUMENT',
        `no valid token has the id, or belongs to the user, "${reference}"; list them (runspaced token list)`,
        { facts: { token: reference } },
      );
    for (const { id } of meant) this.#append({ is: 'revoked', id, at: now });
    return meant.length;
  }

  #append(entry: Entry): void {
    const { log } = LineLog.open(this.#path);
    using _log = log;
    log.append(entry);
  }

  #tokens(): readonly StoredToken[] {
    const opened = LineLog.open(this.#path);
    opened.log[Symbol.dispose]();
    const entries = opened.entries as readonly Entry[];
    const revoked = new Map(
      entries.flatMap((entry) => (entry.is === 'revoked' ? [[entry.id, entry.at]] : [])),
    );
    return entries.flatMap((entry) => {
      if (entry.is !== 'created') return [];
      const revokedAt = revoked.get(entry.id);
      return [revokedAt === undefined ? entry : { ...entry, revokedAt }];
    });
  }
}
