const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const invalid = 0xff;
const sextets = new Uint8Array(128).fill(invalid);
for (let sextet = 0; sextet < alphabet.length; sextet += 1) sextets[alphabet.charCodeAt(sextet)] = sextet;

/** Two base64 digits for each number of twelve bits: half the work of one digit at a time. */
const pairs: readonly string[] = Array.from(
  { length: 4096 },
  (_, bits) => alphabet.charAt(bits >> 6) + alphabet.charAt(bits & 63),
);

/** The bytes of a base64 text, blanks in it ignored; undefined where it is none. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const digits = /[\t\n\r ]/.test(text) ? text.replace(/[\t\n\r ]+/g, '') : text;
  if (digits.length % 4 !== 0) return undefined;
  const padding = digits.endsWith('==') ? 2 : digits.endsWith('=') ? 1 : 0;
  const count = digits.length - padding;
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
  const whole = bytes.length - (bytes.length % 3);
  let text = '';
  for (let index = 0; index < whole; index += 3) {
    const bits = (byteAt(bytes, index) << 16) | (byteAt(bytes, index + 1) << 8) | byteAt(bytes, index + 2);
    text += pairAt(bits >> 12) + pairAt(bits & 0xfff);
  }
  if (bytes.length - whole === 1) text += `${pairAt(byteAt(bytes, whole) << 4)}==`;
  if (bytes.length - whole === 2) {
    const bits = (byteAt(bytes, whole) << 10) | (byteAt(bytes, whole + 1) << 2);
    text += `${pairAt(bits >> 6)}${alphabet.charAt(bits & 63)}=`;
  }
  return text;
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

function pairAt(bits: number): string {
  return pairs[bits] ?? '';
}
