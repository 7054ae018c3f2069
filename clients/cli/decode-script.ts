import { UsageError } from './failure';

/** The text of a script file: UTF-8, or UTF-16 where it begins with that byte order mark. The mark is left out. */
export function decodeScript(bytes: Uint8Array, path: string): string {
  const encoding = encodingOf(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    const shown = encoding.toUpperCase();
    const message = `${path} can't be read as ${shown}: save it as UTF-8, or as UTF-16 with a byte order mark`;
    throw new UsageError(message, 'INVALID_ARGUMENT', { metadata: { path, encoding: shown }, cause });
  }
}

/** The encoding that a byte order mark names; UTF-8 without one. */
export function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return 'utf-8';
}
