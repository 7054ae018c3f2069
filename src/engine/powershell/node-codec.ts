import type { Codec } from '../../psrp/codec';

/** The protocol's view of Node's Buffer. */
export const nodeCodec: Codec = {
  decodeBase64(ascii) {
    const text = bufferOf(ascii).toString('latin1');
    if (text.length % 4 !== 0) return undefined;
    const bytes = Buffer.from(text, 'base64');
    const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
    // Buffer skips what is not base64, so a shorter result means that something was not.
    return bytes.length === (text.length / 4) * 3 - padding ? bytes : undefined;
  },
  encodeBase64: (bytes) => Buffer.from(bufferOf(bytes).toString('base64'), 'latin1'),
  decodeUtf8: (bytes) => bufferOf(bytes).toString('utf8'),
  encodeUtf8: (text) => Buffer.from(text, 'utf8'),
};

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
