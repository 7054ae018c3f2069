import { trimXml } from './numbers';

const pattern =
  /^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?)?)?)?(Z|[+-][0-9]{2}:[0-9]{2})?$/;
/** What is normal already and needs no calendar: almost every date that arrives. */
const usual =
  /^(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{0,6}[1-9])?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])?$/;
const ticksPerSecond = 10_000_000;
const secondsPerDay = 86_400;

/**
 * A date and time in the form that `Value` keeps: to 100 ns, without trailing zeros. It takes what .NET's XmlConvert
 * takes where a date is given: a date alone, a month or a year are their first moment. Undefined for anything else.
 */
export function normalizeDateTime(text: string): string | undefined {
  if (usual.test(text) && !text.endsWith('-00:00')) return text;
  const parts = pattern.exec(trimXml(text));
  if (parts === null) return undefined;
  const [, year = '', month = '01', day = '01', hour = '00', minute = '00', second = '00'] = parts;
  const zone = normalizeZone(parts[8] ?? '');
  const date = dateNumber(Number(year), Number(month), Number(day));
  if (zone === undefined || date === undefined || Number(minute) > 59 || Number(second) > 59)
    return undefined;
  const ticks = roundedTicks(parts[7] ?? '');
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  if (seconds > secondsPerDay || (seconds === secondsPerDay && ticks > 0)) return undefined;
  const carried = seconds + (ticks === ticksPerSecond ? 1 : 0);
  if (carried === secondsPerDay || ticks === ticksPerSecond)
    return withZone(momentAfter(date, carried), zone);
  const fraction = ticks === 0 ? '' : `.${String(ticks).padStart(7, '0').replace(/0+$/, '')}`;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}${zone}`;
}

/** Days as JavaScript counts them, or undefined for a day that no calendar has. */
function dateNumber(year: number, month: number, day: number): Date | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isReal = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isReal ? date : undefined;
}

/** A fraction of a second in units of 100 ns, rounded half to even; 10 000 000 where that makes a whole second. */
function roundedTicks(fraction: string): number {
  const ticks = Number(fraction.slice(0, 7).padEnd(7, '0'));
  const rest = fraction.slice(7);
  const isHalf = rest.startsWith('5') && !/[1-9]/.test(rest.slice(1));
  const isUp = isHalf ? ticks % 2 === 1 : rest >= '5';
  return isUp ? ticks + 1 : ticks;
}

/** The moment `seconds` after the start of a day, where that may be the next day; undefined beyond the year 9999. */
function momentAfter(date: Date, seconds: number): string | undefined {
  const moment = new Date(date.getTime() + seconds * 1000);
  return moment.getUTCFullYear() > 9999
    ? undefined
    : moment.toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length);
}

function withZone(moment: string | undefined, zone: string): string | undefined {
  return moment === undefined ? undefined : moment + zone;
}

function normalizeZone(zone: string): string | undefined {
  if (zone === '' || zone === 'Z') return zone;
  if (zone === '-00:00') return '+00:00';
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4));
  return minutes <= 59 && (hours <= 13 || (hours === 14 && minutes === 0)) ? zone : undefined;
}
