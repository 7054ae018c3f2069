/*
 * Numbers as XmlConvert writes and reads them. No pattern here may be able to split a run of digits in two ways: that
 * takes quadratic time.
 */

/** Text without XML's blanks around it. */
export function trimXml(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** The least and the greatest value of an integer kind; a sign is legal only where the least is below zero. */
export interface IntegerRange {
  readonly least: number;
  readonly greatest: number;
}

/** A whole number of at most 32 bits, or undefined. */
export function parseInteger(text: string, range: IntegerRange): number | undefined {
  if (text.length > 11 || !isDigits(text)) return parseUnusualInteger(text, range);
  const value = Number(text);
  return value <= range.greatest ? value : undefined;
}

function isDigits(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x30 || code > 0x39) return false;
  }
  return text.length > 0;
}

function parseUnusualInteger(text: string, range: IntegerRange): number | undefined {
  const bounds = { least: BigInt(range.least), greatest: BigInt(range.greatest) };
  const value = parseBigInteger(text, bounds);
  return value === undefined ? undefined : Number(value);
}

const integerPattern = /^([+-]?)(?:0+|0*([1-9][0-9]*))$/;
const longestInteger = 20;

/** A whole number within bounds of at most 64 bits, or undefined. */
export function parseBigInteger(
  text: string,
  bounds: { readonly least: bigint; readonly greatest: bigint },
): bigint | undefined {
  const parts = integerPattern.exec(trimXml(text));
  if (parts === null) return undefined;
  const [, sign = '', digits = '0'] = parts;
  if (digits.length > longestInteger || (sign !== '' && bounds.least === 0n)) return undefined;
  const value = BigInt(sign === '-' ? `-${digits}` : digits);
  return value >= bounds.least && value <= bounds.greatest ? value : undefined;
}

const floatingPattern = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/** A floating-point number, or undefined; what is too great becomes infinite, as in .NET. */
export function parseFloating(text: string): number | undefined {
  const trimmed = trimXml(text);
  if (floatingPattern.test(trimmed)) return Number(trimmed);
  switch (trimmed.toLowerCase()) {
    case 'nan':
      return Number.NaN;
    case 'inf':
    case 'infinity':
      return Number.POSITIVE_INFINITY;
    case '-inf':
    case '-infinity':
      return Number.NEGATIVE_INFINITY;
    default:
      return undefined;
  }
}

/** The shortest text that reads back as the same double, in .NET's form. */
export function formatDouble(value: number): string {
  if (isPlain(value, 1e15)) return String(value);
  return formatShortest(value, { digits: value.toExponential(), mostPlainDigits: 15 });
}

/** The shortest text that reads back as the same single, in .NET's form. */
export function formatSingle(value: number): string {
  const single = Math.fround(value);
  if (isPlain(single, 1e7) && String(single).length <= 8) return String(single);
  return formatShortest(single, { digits: shortestSingle(single), mostPlainDigits: 7 });
}

/** Whether .NET writes a number as JavaScript does: in plain digits. */
function isPlain(value: number, limit: number): boolean {
  const size = Math.abs(value);
  return size >= 1e-4 && size < limit;
}

function shortestSingle(single: number): string {
  for (let digits = 0; digits < 9; digits += 1) {
    const text = single.toExponential(digits);
    if (Math.fround(Number(text)) === single) return text;
  }
  return single.toExponential();
}

/** .NET's "R": plain digits, or scientific below 1E-04 and where the digits alone don't reach the point. */
function formatShortest(value: number, form: { digits: string; mostPlainDigits: number }): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'INF' : '-INF';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa = '', exponentText = ''] = form.digits.split('e');
  const sign = value < 0 ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '').replace(/0+$/, '');
  const exponent = Number(exponentText);
  const pointAt = exponent + 1;
  if (pointAt > Math.max(digits.length, form.mostPlainDigits) || pointAt < -3) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits.slice(0, 1)}${fraction}E${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (pointAt <= 0) return `${sign}0.${'0'.repeat(-pointAt)}${digits}`;
  if (digits.length <= pointAt) return sign + digits.padEnd(pointAt, '0');
  return `${sign}${digits.slice(0, pointAt)}.${digits.slice(pointAt)}`;
}

const decimalPattern = /^([+-]?)([0-9]*)(?:\.([0-9]*))?$/;
const greatestDecimal = 2n ** 96n - 1n;
const mostDecimalPlaces = 28;
const longestDecimal = 1000;

/**
 * A .NET decimal in plain digits with its scale kept: `+01.10` gives `1.10`. Digits beyond the 96 bits are rounded
 * half to even, as .NET does; undefined where the text is no decimal or too great.
 */
export function normalizeDecimal(text: string): string | undefined {
  if (text.length > longestDecimal) return undefined;
  const parts = decimalPattern.exec(trimXml(text));
  if (parts === null) return undefined;
  const [whole, sign = '', integer = '', fraction = ''] = parts;
  if (!/[0-9]/.test(whole)) return undefined;
  let scale = fraction.length;
  let coefficient = BigInt(`0${integer}${fraction}`);
  const excess = Math.max(scale - mostDecimalPlaces, excessDigits(coefficient));
  if (excess > 0) {
    const dropped = Math.min(excess, scale);
    scale -= dropped;
    coefficient = roundedQuotient(coefficient, 10n ** BigInt(dropped));
    if (coefficient > greatestDecimal && scale > 0) {
      scale -= 1;
      coefficient = roundedQuotient(coefficient, 10n);
    }
  }
  if (coefficient > greatestDecimal) return undefined;
  const digits = String(coefficient).padStart(scale + 1, '0');
  const point = digits.length - scale;
  const plain = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return sign === '-' && coefficient !== 0n ? `-${plain}` : plain;
}

/** How many digits must go before the coefficient can fit 96 bits. */
function excessDigits(coefficient: bigint): number {
  if (coefficient <= greatestDecimal) return 0;
  const excess = String(coefficient).length - String(greatestDecimal).length;
  return roundedQuotient(coefficient, 10n ** BigInt(excess)) > greatestDecimal ? excess + 1 : excess;
}

function roundedQuotient(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const twice = (dividend % divisor) * 2n;
  const isUp = twice > divisor || (twice === divisor && quotient % 2n === 1n);
  return isUp ? quotient + 1n : quotient;
}
