import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { RunspaceError } from '../core/error';

/** A token as it is remembered: whoever reads this can't use it. */
export interface StoredToken {
  readonly id: string;
  /** Who shows it: the principal is `user:NAME`. */
  readonly user: string;
  /** SHA-256 of its secret half, in hexadecimal digits. The secret is random and long: nothing slower is needed. */
  readonly digest: string;
  /** Wall-clock times in ms since 1970. */
  readonly createdAt: number;
  /** undefined: it has no end. */
  readonly expiresAt?: number;
  readonly revokedAt?: number;
}

/** A new token: `text` is shown once, `stored` is kept. */
export interface NewToken {
  readonly text: string;
  readonly stored: StoredToken;
}

/** The tokens of a daemon, as they are now. */
export interface Tokens {
  all(): readonly StoredToken[];
  /** Makes one, and gives the text that is shown once. Error: INVALID_ARGUMENT. */
  create(user: string, now: number, lifetimeMs: number | undefined): string;
  /** Ends the token with this id, or all of this user: how many. Error: INVALID_ARGUMENT where there is none. */
  revoke(reference: string, now: number): number;
}

const form = /^rsd_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

/** Makes a token for a user. Error: INVALID_ARGUMENT for a name that none can have. */
export function newToken(user: string, createdAt: number, lifetimeMs: number | undefined): NewToken {
  if (!/^[A-Za-z0-9._@\\-]{1,128}$/.test(user))
    throw new RunspaceError('INVALID_ARGUMENT', `"${user}" is no name for a user of this daemon`, {
      facts: { user },
    });
  const id = randomBytes(6).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  const stored = { id, user, digest: digestOf(secret).toString('hex'), createdAt };
  return {
    text: `rsd_${id}_${secret}`,
    stored: lifetimeMs === undefined ? stored : { ...stored, expiresAt: createdAt + lifetimeMs },
  };
}

/** Whose token this is; undefined: nobody's, or it is valid no longer. */
export function userOfToken(tokens: readonly StoredToken[], text: string, now: number): string | undefined {
  const [, id, secret = ''] = form.exec(text) ?? [];
  const found = tokens.find((token) => token.id === id);
  if (found === undefined || !isValid(found, now)) return undefined;
  return timingSafeEqual(digestOf(secret), Buffer.from(found.digest, 'hex')) ? found.user : undefined;
}

/** Whether a token counts now. */
export function isValid({ expiresAt, revokedAt }: StoredToken, now: number): boolean {
  return revokedAt === undefined && (expiresAt === undefined || now < expiresAt);
}

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest();
}
