import { trimXml } from './numbers';

const pattern =
  /^(-?)P(?=[0-9T])(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)D)?(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]*))?S)?)?$/;
const ticksPerSecond = 10_000_000n;
const greatestPart = 0x7fffffff;
const greatestTicks = 2n ** 63n - 1n;
const leastTicks = -(2n ** 63n);

/** Ticks of 100 ns of an xsd:duration, a year being 365 days and a month 30 as in .NET; undefined if it is none. */
export function parseDuration(text: string): bigint | undefined {
  const parts = pattern.exec(trimXml(text));
  if (parts === null) return undefined;
  const numbers = parts.slice(2, 8).map((part: string | undefined) => Number(part ?? '0'));
  if (numbers.some((number) => number > greatestPart)) return undefined;
  const [years = 0, months = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = numbers;
  const allDays = (years + Math.floor(months / 12)) * 365 + (months % 12) * 30 + days;
  const allSeconds =
    ((BigInt(allDays) * 24n + BigInt(hours)) * 60n + BigInt(minutes)) * 60n + BigInt(seconds);
  const fraction = BigInt((parts[8] ?? '').slice(0, 7).padEnd(7, '0'));
  const ticks = allSeconds * ticksPerSecond + fraction;
  const signed = parts[1] === '-' ? -ticks : ticks;
  return isTimeSpan(signed) ? signed : undefined;
}

/** Whether a number of ticks fits .NET's TimeSpan: 64 bits. */
export function isTimeSpan(ticks: bigint): boolean {
  return ticks >= leastTicks && ticks <= greatestTicks;
}

/** Ticks of 100 ns as an xsd:duration of days, hours, minutes and seconds. */
export function formatDuration(ticks: bigint): string {
  if (ticks === 0n) return 'PT0S';
  const size = ticks < 0n ? -ticks : ticks;
  const seconds = size / ticksPerSecond;
  const fraction = String(size % ticksPerSecond)
    .padStart(7, '0')
    .replace(/0+$/, '');
  const secondOfMinute = String(seconds % 60n) + (fraction === '' ? '' : `.${fraction}`);
  const days = part(seconds / 86_400n, 'D');
  const time =
    part((seconds / 3600n) % 24n, 'H') +
    part((seconds / 60n) % 60n, 'M') +
    (secondOfMinute === '0' ? '' : `${secondOfMinute}S`);
  return `${ticks < 0n ? '-' : ''}P${days}${time === '' ? '' : `T${time}`}`;
}

function part(count: bigint, unit: string): string {
  return count === 0n ? '' : String(count) + unit;
}
