import type { Value } from '../../core/value';

const form =
  /^([+-]?)(?:(0x[0-9a-f]+)|(\d+)|(\d*\.\d+(?:e[+-]?\d+)?|\d+(?:\.\d*)?e[+-]?\d+|\d+\.))([ld]?)((?:[kmgtp]b)?)$/i;

/** The number that a word means to PowerShell, of the kind that it has there; undefined: it is a text. */
export function numberIn(word: string): Value | undefined {
  const [, sign, hex, whole, real, suffix = '', unit = ''] = form.exec(word) ?? [];
  const factor = 1024 ** ['', 'kb', 'mb', 'gb', 'tb', 'pb'].indexOf(unit.toLowerCase());
  if (real !== undefined) {
    if (suffix.toLowerCase() === 'd') return { type: 'decimal', text: `${sign === '-' ? '-' : ''}${real}` };
    return { type: 'double', value: Number(`${sign ?? ''}${real}`) * factor };
  }
  const digits = hex ?? whole;
  if (digits === undefined) return undefined;
  // A number with leading zeros is rather a name, an extension or a code; where a number is wanted it becomes one.
  if (whole !== undefined && /^0\d/.test(whole)) return undefined;
  const integer = BigInt(digits) * BigInt(factor) * (sign === '-' ? -1n : 1n);
  if (suffix.toLowerCase() === 'd') return { type: 'decimal', text: integer.toString() };
  return integerValue(integer, suffix.toLowerCase() === 'l' ? 'int64' : 'int32');
}

function integerValue(integer: bigint, least: 'int32' | 'int64'): Value {
  if (least === 'int32' && BigInt.asIntN(32, integer) === integer)
    return { type: 'int32', value: Number(integer) };
  if (BigInt.asIntN(64, integer) === integer) return { type: 'int64', value: integer };
  return integer.toString().length <= 28
    ? { type: 'decimal', text: integer.toString() }
    : { type: 'double', value: Number(integer) };
}
