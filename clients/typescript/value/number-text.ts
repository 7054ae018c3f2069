import { shortestSingle } from './single';

/** Whose way of writing values: PowerShell's, or that of JavaScript and the other script engines. */
export type ValueStyle = 'powershell' | 'script';

/** A floating-point number as the engine writes it. */
export function numberText(value: number, width: 'single' | 'double', style: ValueStyle): string {
  const shortest = width === 'single' ? shortestSingle(value) : value;
  if (style === 'script') return Object.is(shortest, -0) ? '-0' : String(shortest);
  if (Math.abs(shortest) === Infinity) return shortest > 0 ? '∞' : '-∞';
  return Object.is(shortest, -0) ? '-0' : dotnetText(shortest, width);
}

/** .NET turns to exponents from 1E+15 (single: 1E+08) up and below 0.0001, and writes at least two digits of them. */
function dotnetText(value: number, width: 'single' | 'double'): string {
  const size = Math.abs(value);
  const isPlain = value === 0 || (size >= 1e-4 && size < (width === 'single' ? 1e8 : 1e15));
  if (isPlain || Number.isNaN(value)) return String(value);
  const [mantissa, exponent = '+0'] = value.toExponential().split('e');
  return `${mantissa ?? ''}E${exponent.slice(0, 1)}${exponent.slice(1).padStart(2, '0')}`;
}

const ticksPerSecond = 10_000_000n;

/** A time span as .NET writes it: `[-][d.]hh:mm:ss[.fffffff]`. */
export function timeSpanText(ticks: bigint): string {
  const size = ticks < 0n ? -ticks : ticks;
  const seconds = size / ticksPerSecond;
  const fraction = size % ticksPerSecond;
  const days = seconds / 86_400n;
  const clock = [(seconds / 3_600n) % 24n, (seconds / 60n) % 60n, seconds % 60n];
  const text = clock.map((part) => part.toString().padStart(2, '0')).join(':');
  const end = fraction === 0n ? '' : `.${fraction.toString().padStart(7, '0')}`;
  return `${ticks < 0n ? '-' : ''}${days === 0n ? '' : `${days.toString()}.`}${text}${end}`;
}
