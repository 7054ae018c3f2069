import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import type { Cryptography, RsaKey, RsaPublicKey } from '../../psrp/key-exchange';

const padding = constants.RSA_NO_PADDING;
const modulusLength = 2048;
const zeroIv = Buffer.alloc(16);

/** Node's cryptography for the key exchange of old peers. Node refuses PKCS#1 v1.5, so RSA is raw and psrp pads. */
export const nodeCryptography: Cryptography = {
  generateRsaKey(): RsaKey {
    return rsaKeyOf(generateKeyPairSync('rsa', { modulusLength }));
  },
  rsaPublic({ modulus, exponent }: RsaPublicKey, block) {
    const e = Buffer.alloc(4);
    e.writeUInt32BE(exponent);
    const jwk = {
      kty: 'RSA',
      n: Buffer.from(modulus).toString('base64url'),
      e: e.subarray(e.findIndex((byte) => byte !== 0)).toString('base64url'),
    };
    return publicEncrypt({ key: createPublicKey({ key: jwk, format: 'jwk' }), padding }, block);
  },
  aesEncrypt(key, plain) {
    const cipher = createCipheriv('aes-256-cbc', key, zeroIv);
    return Buffer.concat([cipher.update(plain), cipher.final()]);
  },
  aesDecrypt(key, sealed) {
    const decipher = createDecipheriv('aes-256-cbc', key, zeroIv);
    return orUndefined(() => Buffer.concat([decipher.update(sealed), decipher.final()]));
  },
  randomBytes: (count) => randomBytes(count),
};

function rsaKeyOf({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): RsaKey {
  const { n = '' } = publicKey.export({ format: 'jwk' });
  return {
    modulus: Buffer.from(n, 'base64url'),
    exponent: 65537,
    privateRaw: (block) => orUndefined(() => privateDecrypt({ key: privateKey, padding }, block)),
  };
}

let sharedKey: RsaKey | undefined;
let preparing: Promise<void> | undefined;

/** Makes the key that `sharedKeyCryptography` gives, beside everything else. */
export function prepareSharedKey(): Promise<void> {
  preparing ??= promisify(generateKeyPair)('rsa', { modulusLength }).then((pair) => {
    sharedKey ??= rsaKeyOf(pair);
  });
  return preparing;
}

/**
 * The same with one RSA key for all runspaces of this process. Where none was prepared one is made here and now: for a tenth of a
 * second all runspaces stand still.
 */
export const sharedKeyCryptography: Cryptography = {
  ...nodeCryptography,
  generateRsaKey: () => (sharedKey ??= nodeCryptography.generateRsaKey()),
};

/** Wrong padding or length is all that can be wrong here; why exactly is nobody's business. */
function orUndefined(decrypt: () => Buffer): Buffer | undefined {
  try {
    return decrypt();
  } catch {
    return undefined;
  }
}
