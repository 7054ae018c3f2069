import { RunspaceError } from '../core/error';
import type { Value } from '../core/value';
import type { SecureString as ProtoSecureString } from '../gen/runspace/v1/value';
import type { SealingKey } from './sealing-key';

/** What .NET's SecureString holds at most. */
const longestSecretUnits = 65_536;

type SecureStringValue = Extract<Value, { type: 'secureString' }>;

/** Whose secrets they are. */
export interface SecretsParts {
  readonly key: SealingKey;
  readonly sessionId: string;
  /** Empty for a session without an engine. */
  readonly engine: string;
}

/**
 * One session's secrets. On disk and to callers a secret is an id: its text, sealed with the key of this keeper, for
 * this session. So there is nothing to keep, however many there are, and nothing to read once the keeper is gone.
 */
export class Secrets {
  readonly #key: SealingKey;
  readonly #sessionId: string;
  readonly #engine: string;

  constructor({ key, sessionId, engine }: SecretsParts) {
    this.#key = key;
    this.#sessionId = sessionId;
    this.#engine = engine;
  }

  /** The id that stands for a secure string. */
  seal({ sealed }: SecureStringValue): string {
    return this.#key.seal(Buffer.from(sealed, 'base64'), this.#sessionId);
  }

  /** The same for whoever asks a person in place of the engine: a password has no need of the engine's types. */
  forQuestions(): Secrets {
    return new Secrets({ key: this.#key, sessionId: this.#sessionId, engine: 'powershell' });
  }

  /**
   * A caller's secure string for the engine: a new one with its text, or the id of one of this session. Errors, all of
   * them naming `path`: INVALID_ARGUMENT, SECRET_LOST, UNSUPPORTED for an engine that has no such thing.
   */
  take({ secretId, textUtf16 }: ProtoSecureString, path: string): SecureStringValue {
    if (this.#engine !== 'powershell') throw unsupported(this.#engine, path);
    if (secretId === '') return secureString(checked(textUtf16, path));
    if (textUtf16.length > 0) throw refused(path, 'send either secret_id or text_utf16, not both');
    return secureString(this.reveal(secretId, path));
  }

  /** The text behind an id, as UTF-16LE. Errors: INVALID_ARGUMENT, SECRET_LOST; both name `path`. */
  reveal(secretId: string, path: string): Uint8Array {
    const opened = this.#key.open(secretId, this.#sessionId);
    switch (opened.is) {
      case 'text':
        return opened.text;
      case 'foreign':
        throw new RunspaceError(
          'SECRET_LOST',
          `${path}: this secret can't be read any more: the keeper that sealed it is gone; get or send it anew`,
          { facts: { path } },
        );
      case 'invalid':
        throw refused(path, "this is no secret of this session; another session's is to be revealed there");
    }
  }
}

function unsupported(engine: string, path: string): RunspaceError {
  const message = `${path}: the ${engine} engine has no secure strings; send a string`;
  return new RunspaceError('UNSUPPORTED', message, { facts: { path, engine } });
}

function checked(text: Uint8Array, path: string): Uint8Array {
  if (text.length % 2 !== 0) throw refused(path, 'text_utf16 is not UTF-16LE: it has an odd number of bytes');
  if (text.length <= 2 * longestSecretUnits) return text;
  throw refused(path, `a secure string holds at most ${longestSecretUnits} UTF-16 code units`);
}

function secureString(text: Uint8Array): SecureStringValue {
  return { type: 'secureString', sealed: Buffer.from(text).toString('base64') };
}

/** Says nothing of the secret but where it stands. */
function refused(path: string, why: string): RunspaceError {
  return new RunspaceError('INVALID_ARGUMENT', `${path}: ${why}`, { facts: { path } });
}
