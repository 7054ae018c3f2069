import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const cipherName = 'aes-256-gcm';
const keyLength = 32;
/** Tells what is an id of ours from what never was one. */
const mark = Buffer.from('sec1');
const nameLength = mark.length + 8;
const nonceLength = 12;
const tagLength = 16;

/** What a sealed text turned out to be. `foreign`: sealed with another key. `invalid`: it was never sealed, or for another owner. */
export type Opened =
  | { readonly is: 'text'; readonly text: Uint8Array }
  | { readonly is: 'foreign' }
  | { readonly is: 'invalid' };

/**
 * The key of one keeper, made at its start and never outside its memory. What it has sealed may lie on disk and travel;
 * once the keeper is gone nobody can read it.
 *
 * A sealed text is base64url of: `sec1` and the key's name (8 bytes), a nonce that never repeats (12), the AES-256-GCM ciphertext,
 * its tag (16). The owner is authenticated with it, so that it means nothing in another session.
 */
export class SealingKey {
  readonly #key = randomBytes(keyLength);
  readonly #name = Buffer.concat([mark, randomBytes(nameLength - mark.length)]);
  #sealedTexts = 0n;

  /** Seals a text for its owner. */
  seal(text: Uint8Array, owner: string): string {
    const nonce = this.#nextNonce();
    const cipher = createCipheriv(cipherName, this.#key, nonce, { authTagLength: tagLength });
    cipher.setAAD(Buffer.from(owner));
    const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
    return Buffer.concat([this.#name, nonce, sealed, cipher.getAuthTag()]).toString('base64url');
  }

  /** Opens what was sealed for this owner. */
  open(sealed: string, owner: string): Opened {
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length < nameLength + nonceLength + tagLength || bytes.toString('base64url') !== sealed)
      return { is: 'invalid' };
    if (!bytes.subarray(0, mark.length).equals(mark)) return { is: 'invalid' };
    if (!bytes.subarray(0, nameLength).equals(this.#name)) return { is: 'foreign' };
    const nonce = bytes.subarray(nameLength, nameLength + nonceLength);
    const decipher = createDecipheriv(cipherName, this.#key, nonce, { authTagLength: tagLength });
    decipher.setAAD(Buffer.from(owner));
    decipher.setAuthTag(bytes.subarray(-tagLength));
    try {
      const text = decipher.update(bytes.subarray(nameLength + nonceLength, -tagLength));
      decipher.final();
      return { is: 'text', text };
    } catch {
      // All that it says is that the tag is another one.
      return { is: 'invalid' };
    }
  }

  /** A key lives no longer than its process, so counting is enough. */
  #nextNonce(): Buffer {
    const nonce = Buffer.alloc(nonceLength);
    nonce.writeBigUInt64BE(++this.#sealedTexts, nonceLength - 8);
    return nonce;
  }
}
