import { decodeUtf16, encodeUtf16, type Codec } from './codec';
import { LocalProtocolError, RemoteProtocolError } from './errors';

/*
 * How secure strings travel (MS-PSRP 2.2.5.1.24, 3.1.5.4.3 to 3.1.5.4.5).
 *
 * 2.4       base64 of UTF-16LE: the transport is trusted.
 * 2.2, 2.3  base64 of AES-256-CBC (no IV, PKCS#7) of UTF-16LE. The key is the server's; it sends it under the client's
 *           2048-bit RSA key when the client asks with PUBLIC_KEY. Both travel as CAPI blobs, whose numbers are
 *           little-endian, so the RSA numbers are the reverse of what cryptographic libraries take.
 */

/** The cryptography that the key exchange needs; big-endian numbers. Passed in by the platform. */
export interface Cryptography {
  /** A new 2048-bit RSA key. */
  generateRsaKey(): RsaKey;
  /** RSA without padding: block to the power of the exponent. */
  rsaPublic(key: RsaPublicKey, block: Uint8Array): Uint8Array;
  /** AES-256-CBC with an IV of 16 zero bytes and PKCS#7 padding. */
  aesEncrypt(key: Uint8Array, plain: Uint8Array): Uint8Array;
  /** Undefined where the padding is wrong. */
  aesDecrypt(key: Uint8Array, cipher: Uint8Array): Uint8Array | undefined;
  randomBytes(count: number): Uint8Array;
}

/** The public half of an RSA key. */
export interface RsaPublicKey {
  readonly modulus: Uint8Array;
  readonly exponent: number;
}

/** An RSA key whose private half stays with the platform. */
export interface RsaKey extends RsaPublicKey {
  /** RSA without padding: block to the power of the private exponent; undefined for a block that is no such number. */
  privateRaw(block: Uint8Array): Uint8Array | undefined;
}

const publicKeyHead = [0x06, 0x02, 0, 0, 0, 0xa4, 0, 0, 0x52, 0x53, 0x41, 0x31];
const sessionKeyHead = [0x01, 0x02, 0, 0, 0x10, 0x66, 0, 0, 0, 0xa4, 0, 0];
const modulusLength = 256;
const sessionKeyLength = 32;
const publicKeyBlobForm = { head: publicKeyHead, length: 20 + modulusLength };
const sessionKeyBlobForm = { head: sessionKeyHead, length: sessionKeyHead.length + modulusLength };

/** What PUBLIC_KEY carries: base64 of a CAPI PUBLICKEYBLOB. */
export function publicKeyBlob(key: RsaPublicKey, codec: Codec): string {
  const blob = new Uint8Array(20 + modulusLength);
  const view = new DataView(blob.buffer);
  blob.set(publicKeyHead);
  view.setUint32(12, modulusLength * 8, true);
  view.setUint32(16, key.exponent, true);
  blob.set([...key.modulus].reverse(), 20);
  return toBase64(blob, codec);
}

/** Reads a client's PUBLICKEYBLOB. */
export function readPublicKeyBlob(base64: string, codec: Codec): RsaPublicKey {
  const blob = readBlob(base64, publicKeyBlobForm, codec);
  const view = new DataView(blob.buffer, blob.byteOffset);
  if (view.getUint32(12, true) !== modulusLength * 8) throw malformed('it has no 2048 bits');
  return { exponent: view.getUint32(16, true), modulus: blob.slice(20).reverse() };
}

/** What ENCRYPTED_SESSION_KEY carries: base64 of a CAPI SIMPLEBLOB, the key under the client's public key. */
export function sealSessionKey(
  sessionKey: Uint8Array,
  publicKey: RsaPublicKey,
  platform: { readonly codec: Codec; readonly cryptography: Cryptography },
): string {
  const block = new Uint8Array(modulusLength);
  block[1] = 2;
  const paddingLength = modulusLength - 3 - sessionKey.length;
  block.set(nonZero(platform.cryptography.randomBytes(paddingLength)), 2);
  block.set(sessionKey, modulusLength - sessionKey.length);
  const blob = new Uint8Array(sessionKeyHead.length + modulusLength);
  blob.set(sessionKeyHead);
  blob.set(platform.cryptography.rsaPublic(publicKey, block).slice().reverse(), sessionKeyHead.length);
  return toBase64(blob, platform.codec);
}

/** The session key out of a server's SIMPLEBLOB. */
export function openSessionKey(base64: string, key: RsaKey, codec: Codec): Uint8Array {
  const blob = readBlob(base64, sessionKeyBlobForm, codec);
  const block = key.privateRaw(blob.slice(sessionKeyHead.length).reverse());
  if (block === undefined || !isPadded(block)) throw malformed('it is not sealed with our public key');
  return block.slice(modulusLength - sessionKeyLength);
}

/** Whether a block is 00 02, non-zero padding, 00 and 32 bytes of key: looked at whole, in time that tells nothing. */
function isPadded(block: Uint8Array): boolean {
  const padding = block.subarray(2, modulusLength - sessionKeyLength - 1);
  let wrong = (block[0] ?? 1) | ((block[1] ?? 0) ^ 2) | (block[modulusLength - sessionKeyLength - 1] ?? 1);
  for (const byte of padding) wrong |= ((byte - 1) >>> 8) & 1;
  return block.length === modulusLength && wrong === 0;
}

function nonZero(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => (byte === 0 ? 1 : byte));
}

/** A secure string of 2.2 and 2.3 as text. Undefined where it was not sealed with this key. */
export function openSecureString(
  sealed: string,
  sessionKey: Uint8Array,
  platform: { readonly codec: Codec; readonly cryptography: Cryptography },
): string | undefined {
  const cipher = platform.codec.decodeBase64(platform.codec.encodeUtf8(sealed));
  const plain = cipher && platform.cryptography.aesDecrypt(sessionKey, cipher);
  return plain && decodeUtf16(plain);
}

/** A secure string as 2.2 and 2.3 send it. */
export function sealSecureString(
  text: string,
  sessionKey: Uint8Array,
  platform: { readonly codec: Codec; readonly cryptography: Cryptography },
): string {
  return toBase64(platform.cryptography.aesEncrypt(sessionKey, encodeUtf16(text)), platform.codec);
}

/** A secure string of 2.4 as text; undefined where it is none. */
export function openPlainSecureString(sealed: string, codec: Codec): string | undefined {
  const bytes = codec.decodeBase64(codec.encodeUtf8(sealed));
  return bytes && decodeUtf16(bytes);
}

/** A secure string as 2.4 sends it. */
export function sealPlainSecureString(text: string, codec: Codec): string {
  return toBase64(encodeUtf16(text), codec);
}

/** A new session key, for the server half. */
export function newSessionKey(cryptography: Cryptography): Uint8Array {
  const key = cryptography.randomBytes(sessionKeyLength);
  if (key.length !== sessionKeyLength) throw new LocalProtocolError('RANDOM_SHORT', 'too few random bytes');
  return key;
}

function toBase64(bytes: Uint8Array, codec: Codec): string {
  return codec.decodeUtf8(codec.encodeBase64(bytes));
}

interface BlobForm {
  readonly head: readonly number[];
  readonly length: number;
}

function readBlob(base64: string, form: BlobForm, codec: Codec): Uint8Array {
  const blob = codec.decodeBase64(codec.encodeUtf8(base64));
  if (blob?.length === form.length && form.head.every((byte, index) => blob[index] === byte)) return blob;
  throw malformed('its head or length is wrong');
}

function malformed(reason: string): RemoteProtocolError {
  return new RemoteProtocolError('KEY_BLOB_MALFORMED', `a key of the peer can't be read: ${reason}`);
}
