/**
 * What the protocol needs of the platform to turn text into bytes and back. Passed in, so that this room
 * imports nothing. None of these may keep or change the bytes they get.
 */
export interface Codec {
  /** The bytes that base64 stands for; undefined where the text is not base64 to the last character. */
  decodeBase64(ascii: Uint8Array): Uint8Array | undefined;
  /** Base64 with padding and without line ends, as ASCII. */
  encodeBase64(bytes: Uint8Array): Uint8Array;
  /** Text of UTF-8, malformed sequences as U+FFFD; a byte order mark is kept. */
  decodeUtf8(bytes: Uint8Array): string;
  encodeUtf8(text: string): Uint8Array;
}

/** UTF-16LE, the form in which PSRP has the text of secure strings and the keys of `$using:` variables. */
export function encodeUtf16(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    bytes[2 * index] = unit & 0xff;
    bytes[2 * index + 1] = unit >>> 8;
  }
  return bytes;
}

/** The text of UTF-16LE; undefined for an odd number of bytes. */
export function decodeUtf16(bytes: Uint8Array): string | undefined {
  if (bytes.length % 2 !== 0) return undefined;
  let text = '';
  for (let index = 0; index < bytes.length; index += 2) {
    text += String.fromCharCode((bytes[index] ?? 0) | ((bytes[index + 1] ?? 0) << 8));
  }
  return text;
}

/** Several pieces as one. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  if (first !== undefined && pieces.length === 1) return first;
  const joined = new Uint8Array(pieces.reduce((total, piece) => total + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}
