import { stringValue, type Value } from '../core/value';
import { isAtLeast, type ProtocolVersion } from './capability';
import { propertyBag } from './clixml/properties';
import type { Codec } from './codec';
import type { ClientEvent } from './events';
import type { Cryptography } from './key-exchange';
import { SecureStrings } from './secure-strings';

/** What a pool knows of it from the start. */
export interface ChannelOptions {
  readonly codec: Codec;
  readonly cryptography?: Cryptography;
  readonly offeredVersion: ProtocolVersion;
}

/** What an event of the server comes to: what is told to the pool's user, and what PUBLIC_KEY is to carry, if it is to be sent. */
export interface Taken {
  readonly tell: ClientEvent | undefined;
  readonly publicKey?: Value;
}

/**
 * How the secure strings of a pool travel: with a server of 2.4 as they are, before that under a session key. It is
 * asked for as soon as the pool is open, and that it is open is told to its user once the key has come.
 */
export class SecureChannel {
  readonly offeredVersion: ProtocolVersion;
  readonly #options: ChannelOptions;
  #secureStrings: SecureStrings | undefined;
  /** That the pool is open, until the session key has come. */
  #opened: ClientEvent | undefined;

  constructor(options: ChannelOptions) {
    this.offeredVersion = options.offeredVersion;
    this.#options = options;
  }

  /** A value as it travels. */
  seal(value: Value): Value {
    return this.#secureStrings?.seal(value) ?? value;
  }

  /** A value that has travelled. */
  open(value: Value): Value {
    return this.#secureStrings?.open(value) ?? value;
  }

  /** Looks at what the server says of the session. */
  take(event: ClientEvent): Taken {
    if (event.type === 'negotiated') this.#negotiated(event.version);
    if (this.#secureStrings === undefined) return { tell: event };
    if (event.type === 'poolState' && event.state === 'opened') {
      this.#opened = event;
      const publicKey = propertyBag({ PublicKey: stringValue(this.#secureStrings.publicKey) });
      return { tell: undefined, publicKey };
    }
    if (event.type === 'sessionKey') {
      this.#secureStrings.takeSessionKey(event.encryptedSessionKey);
      const tell = this.#opened;
      this.#opened = undefined;
      return { tell };
    }
    // The key that it asks for is sent as the pool opens.
    return event.type === 'publicKeyRequested' ? { tell: undefined } : { tell: event };
  }

  #negotiated(version: ProtocolVersion): void {
    const { codec, cryptography } = this.#options;
    if (cryptography !== undefined && !isAtLeast(version, '2.4'))
      this.#secureStrings = new SecureStrings({ codec, cryptography });
  }
}
