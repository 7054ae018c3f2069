const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const invalid = 0xff;
const sextets = new Uint8Array(128).fill(invalid);
for (let sextet = 0; sextet < alphabet.length; sextet += 1) sextets[alphabet.charCodeAt(sextet)] = sextet;

const digitCodes = Uint8Array.from(alphabet, (digit) => digit.charCodeAt(0));
const padding = '='.charCodeAt(0);
const asciiDecoder = new TextDecoder('latin1');

/** The bytes of a base64 text, blanks in it ignored; undefined where it is none. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const digits = /[\t\n\r ]/.test(text) ? text.replace(/[\t\n\r ]+/g, '') : text;
  if (digits.length % 4 !== 0) return undefined;
  const count = digits.length - (digits.endsWith('==') ? 2 : digits.endsWith('=') ? 1 : 0);
  const bytes = new Uint8Array((count * 3) >> 2);
  let written = 0;
  let bits = 0;
  for (let index = 0; index < count; index += 1) {
    const code = digits.charCodeAt(index);
    const sextet = code < 128 ? (sextets[code] ?? invalid) : invalid;
    if (sextet === invalid) return undefined;
    bits = ((bits << 6) | sextet) & 0xffffff;
    const phase = index & 3;
    if (phase !== 0) {
      bytes[written] = bits >> (6 - phase * 2);
      written += 1;
    }
  }
  return bytes;
}

/** The base64 text of bytes. */
export function encodeBase64(bytes: Uint8Array): string {
  const digits = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  let written = 0;
  for (let index = 0; index < bytes.length; index += 3) {
    const bits = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    digits[written] = digitCodes[bits >> 18] ?? 0;
    digits[written + 1] = digitCodes[(bits >> 12) & 63] ?? 0;
    digits[written + 2] = digitCodes[(bits >> 6) & 63] ?? 0;
    digits[written + 3] = digitCodes[bits & 63] ?? 0;
    written += 4;
  }
  const missing = (3 - (bytes.length % 3)) % 3;
  return asciiDecoder.decode(digits.fill(padding, written - missing));
}
