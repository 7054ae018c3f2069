import type { Property, Value } from '../core/value';
import type { Codec } from './codec';
import { LocalProtocolError, RemoteProtocolError } from './errors';
import {
  openPlainSecureString,
  openSecureString,
  openSessionKey,
  publicKeyBlob,
  sealPlainSecureString,
  sealSecureString,
  type Cryptography,
  type RsaKey,
} from './key-exchange';

/** What the exchange works with. */
export interface SecurePlatform {
  readonly codec: Codec;
  readonly cryptography: Cryptography;
}

/** The secure strings of one pool of 2.2 or 2.3: outside it in the form of 2.4, on the wire under the session key (key-exchange.ts). */
export class SecureStrings {
  readonly #platform: SecurePlatform;
  #rsaKey: RsaKey | undefined;
  #sessionKey: Uint8Array | undefined;

  constructor(platform: SecurePlatform) {
    this.#platform = platform;
  }

  /** What PUBLIC_KEY carries. */
  get publicKey(): string {
    return publicKeyBlob(this.#key, this.#platform.codec);
  }

  /** ENCRYPTED_SESSION_KEY has come. */
  takeSessionKey(encrypted: string): void {
    this.#sessionKey = openSessionKey(encrypted, this.#key, this.#platform.codec);
  }

  /** Made once it is to be sent: until then the platform may have prepared one. */
  get #key(): RsaKey {
    return (this.#rsaKey ??= this.#platform.cryptography.generateRsaKey());
  }

  /** A value as it travels. */
  seal(value: Value): Value {
    return withSecureStrings(value, (plain) => {
      const text = openPlainSecureString(plain, this.#platform.codec);
      if (text === undefined)
        throw new LocalProtocolError('SECURE_STRING_MALFORMED', 'a secure string is no base64');
      if (this.#sessionKey === undefined)
        throw new LocalProtocolError('SESSION_KEY_MISSING', 'the server has not sent its session key');
      return sealSecureString(text, this.#sessionKey, this.#platform);
    });
  }

  /** A value as it travelled, in the form of 2.4. */
  open(value: Value): Value {
    return withSecureStrings(value, (sealed) => {
      const text = this.#sessionKey && openSecureString(sealed, this.#sessionKey, this.#platform);
      if (text !== undefined) return sealPlainSecureString(text, this.#platform.codec);
      throw new RemoteProtocolError(
        'SECURE_STRING_UNREADABLE',
        'a secure string is not sealed with the session key',
      );
    });
  }
}

/** The value with every secure string in it changed; the very same where there is none. */
function withSecureStrings(value: Value, change: (sealed: string) => string): Value {
  return holdsSecureString(value) ? changed(value, change) : value;
}

function changed(value: Value, change: (sealed: string) => string): Value {
  const inner = (each: Value): Value => changed(each, change);
  const property = (each: Property): Property => ({ ...each, value: inner(each.value) });
  switch (value.type) {
    case 'secureString':
      return { type: 'secureString', sealed: change(value.sealed) };
    case 'object':
      return {
        ...value,
        ...(value.base === undefined ? {} : { base: inner(value.base) }),
        adapted: value.adapted.map(property),
        extended: value.extended.map(property),
      };
    case 'list':
    case 'enumerable':
    case 'set':
    case 'stack':
    case 'queue':
      return { ...value, items: value.items.map(inner) };
    case 'dictionary':
      return { ...value, entries: value.entries.map(([key, item]) => [inner(key), inner(item)] as const) };
    case 'null':
    case 'bool':
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
    case 'int64':
    case 'uint64':
    case 'single':
    case 'double':
    case 'bigInteger':
    case 'decimal':
    case 'string':
    case 'char':
    case 'bytes':
    case 'dateTime':
    case 'duration':
    case 'guid':
    case 'uri':
    case 'version':
    case 'xml':
    case 'scriptBlock':
    case 'enum':
    case 'reference':
      return value;
  }
}

/** Whether a secure string is anywhere in a value. */
export function holdsSecureString(value: Value): boolean {
  return value.type === 'secureString' || innerValues(value).some(holdsSecureString);
}

/** The values that a value is made of. */
function innerValues(value: Value): readonly Value[] {
  if (value.type === 'object') {
    const properties = [...value.adapted, ...value.extended].map((property) => property.value);
    return value.base === undefined ? properties : [value.base, ...properties];
  }
  if ('items' in value) return value.items;
  return 'entries' in value ? value.entries.flat() : [];
}
