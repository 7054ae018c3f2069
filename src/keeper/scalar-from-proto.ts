import { RunspaceError } from '../core/error';
import { DateTime_Kind, type DateTime } from '../gen/runspace/v1/value';

/** Smallest and largest number of each small kind. */
const ranges = {
  int8: [-0x80, 0x7f],
  uint8: [0, 0xff],
  int16: [-0x8000, 0x7fff],
  uint16: [0, 0xffff],
  int32: [-0x80000000, 0x7fffffff],
  uint32: [0, 0xffffffff],
  char: [0, 0xffff],
} as const;

/** An integer within its kind's range. */
export function integerOf(kind: keyof typeof ranges, value: number, path: string): number {
  const [smallest, largest] = ranges[kind];
  if (Number.isInteger(value) && value >= smallest && value <= largest) return value;
  throw invalid(path, `${value} is no ${kind}: ${smallest} to ${largest}`);
}

/** More digits take quadratic time to read. */
const mostDigits = 10_000;

/** An integer of any size, in decimal digits. */
export function bigIntegerOf(text: string, path: string): bigint {
  if (text.length <= mostDigits && /^-?\d+$/.test(text)) return BigInt(text);
  throw invalid(path, `a big integer is written in at most ${mostDigits} decimal digits, with an optional -`);
}

const largestDecimal = 2n ** 96n - 1n;

/** A .NET decimal: 96 bits of digits, at most 28 of them after the point; its scale is kept. */
export function decimalOf(text: string, path: string): string {
  const match = text.length <= 64 ? /^-?(\d+)(?:\.(\d{1,28}))?$/.exec(text) : null;
  if (match !== null && BigInt(`${match[1] ?? ''}${match[2] ?? ''}`) <= largestDecimal) return text;
  throw invalid(path, 'a decimal has plain digits, at most 28 of them after the point, and 96 bits in all');
}

/** Text in UTF-16LE. */
export function utf16Of(bytes: Uint8Array, path: string): string {
  if (bytes.length % 2 === 0)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf16le');
  throw invalid(path, 'UTF-16 text has an even number of bytes');
}

/** A GUID in the one form we write: lower case, with hyphens. */
export function guidOf(text: string, path: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw invalid(path, 'a GUID is written as 00000000-0000-0000-0000-000000000000');
}

/** A .NET version: two to four numbers. */
export function versionOf(text: string, path: string): string {
  const numbers = /^\d{1,10}(\.\d{1,10}){1,3}$/.test(text) ? text.split('.') : [];
  if (numbers.length > 0 && numbers.every((number) => Number(number) <= 0x7fffffff)) return text;
  throw invalid(path, 'a version has two to four numbers, such as 7.6.9');
}

const dateForm =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?([Zz]|[+-]\d{2}:\d{2})?$/;

/** A date in the form of core/value.ts. The kind, where given, must be what the text says. */
export function dateTimeOf(date: DateTime, path: string): string {
  const match = dateForm.exec(date.text);
  if (match === null || !isRealDate(match)) {
    throw invalid(path, 'a date is written as 2026-02-28T13:45:10.1234567, then Z, +HH:MM or nothing');
  }
  const suffix = (match[8] ?? '').toUpperCase();
  if (date.kind !== DateTime_Kind.KIND_UNSPECIFIED && date.kind !== kindOfSuffix(suffix)) {
    throw invalid(
      path,
      `the date's kind and the end of its text (${suffix === '' ? 'none' : suffix}) differ`,
    );
  }
  const fraction = (match[7] ?? '').replace(/0+$/, '');
  const clock = date.text.slice(0, 19).toUpperCase();
  return `${clock}${fraction === '' ? '' : `.${fraction}`}${suffix}`;
}

function isRealDate(match: RegExpExecArray): boolean {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return false;
  return hour < 24 && minute < 60 && second < 60 && isRealOffset(match[8] ?? '');
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** .NET allows offsets up to 14 hours. */
function isRealOffset(suffix: string): boolean {
  if (suffix.length < 6) return true;
  const [hours = 0, minutes = 0] = suffix.slice(1).split(':').map(Number);
  return minutes < 60 && hours * 60 + minutes <= 14 * 60;
}

function kindOfSuffix(suffix: string): DateTime_Kind {
  if (suffix === '') return DateTime_Kind.KIND_CLOCK;
  return suffix === 'Z' ? DateTime_Kind.KIND_UTC : DateTime_Kind.KIND_LOCAL;
}

function invalid(path: string, why: string): RunspaceError {
  return new RunspaceError('INVALID_ARGUMENT', `${path}: ${why}`, { facts: { path } });
}
