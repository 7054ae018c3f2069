import { LocalProtocolError } from './errors';

/** The id of the session itself where a pipeline's id may stand, and of nobody where a pool's id may. */
export const emptyGuid = '00000000-0000-0000-0000-000000000000';

/** .NET's byte order: the first three fields are little-endian, so byte N of the text is found at this place. */
const placeOfTextByte = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;
const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const guidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The text of the 16 bytes at `offset`, lower-case with hyphens (MS-PSRP 2.2.1: RPID and PID). */
export function guidFromBytes(bytes: Uint8Array, offset: number): string {
  let text = '';
  for (let index = 0; index < 16; index++) {
    text += hexOfByte[bytes[offset + (placeOfTextByte[index] ?? 0)] ?? 0] ?? '';
    if (index === 3 || index === 5 || index === 7 || index === 9) text += '-';
  }
  return text;
}

/** Writes a GUID's 16 bytes at `offset`. */
export function writeGuid(guid: string, bytes: Uint8Array, offset: number): void {
  if (!guidForm.test(guid)) throw new LocalProtocolError('GUID_MALFORMED', `"${guid}" is no lower-case GUID`);
  const digits = guid.replaceAll('-', '');
  placeOfTextByte.forEach((place, index) => {
    bytes[offset + place] = Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16);
  });
}
