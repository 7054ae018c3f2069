import { createHmac } from 'node:crypto';

/** Makes digests that tell two requests apart and give nothing away to who reads them without the key. */
export class Fingerprints {
  readonly #key: Uint8Array;

  /** `key`: 32 random bytes, the same for the life of a state folder. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** The digest of a method and the bytes of its request, in hex. */
  of(method: string, request: Uint8Array): string {
    return createHmac('sha256', this.#key).update(method).update('\0').update(request).digest('hex');
  }
}
