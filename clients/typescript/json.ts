import { shortestSingle } from './value/single';

/** What JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Whether fields that have their default value (empty, zero, false) are written. */
export type JsonDefaults = 'emit' | 'omit';

/**
 * A message of the API as protobuf's JSON: lowerCamelCase names, 64-bit integers as text, enums by name, bytes in
 * base64, times as RFC 3339, durations as `7200s`, NaN and the infinities as text.
 */
export function toJson(message: object, defaults: JsonDefaults = 'omit'): { readonly [name: string]: Json } {
  const fields: [string, Json][] = [];
  for (const [name, value] of Object.entries(message) as [string, unknown][]) {
    if (value === undefined) continue;
    if (isOneof(value)) fields.push([value.$case, oneofJson(value, defaults)]);
    else if (defaults === 'emit' || hasPresence.has(name) || !isDefault(value)) {
      fields.push([name, fieldJson(value, defaults)]);
    }
  }
  return Object.fromEntries(fields);
}

/** `optional` fields that may hold a default value which was really sent. */
const hasPresence: ReadonlySet<string> = new Set([
  'exitCode',
  'foreground',
  'background',
  'text',
  'afterSequence',
]);

interface Oneof {
  readonly $case: string;
  readonly value: unknown;
}

function isOneof(value: unknown): value is Oneof {
  return typeof value === 'object' && value !== null && '$case' in value;
}

function oneofJson(oneof: Oneof, defaults: JsonDefaults): Json {
  if (oneof.$case === 'single') return numberJson(shortestSingle(Number(oneof.value)));
  return fieldJson(oneof.value, defaults);
}

function isDefault(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value === 'object' && value !== null) return isEmptyMap(value);
  return value === '' || value === false || value === 0 || value === 0n || isUnspecified(value);
}

function isEmptyMap(value: object): boolean {
  return !(value instanceof Date) && Object.keys(value).length === 0;
}

/** Every enum's zero is called that. */
function isUnspecified(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Z_]+_UNSPECIFIED$/.test(value);
}

function fieldJson(value: unknown, defaults: JsonDefaults): Json {
  switch (typeof value) {
    case 'bigint':
      return value.toString();
    case 'number':
      return numberJson(value);
    case 'string':
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : objectJson(value, defaults);
    case 'undefined':
    case 'function':
    case 'symbol':
      return null; // No message holds such a thing.
  }
}

function numberJson(value: number): Json {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : value;
  return String(value);
}

function objectJson(value: object, defaults: JsonDefaults): Json {
  if (Array.isArray(value)) return value.map((item) => fieldJson(item, defaults));
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (isDuration(value)) return durationJson(value);
  return toJson(value, defaults);
}

function isDuration(value: object): value is { seconds: bigint; nanos: number } {
  return 'seconds' in value && typeof value.seconds === 'bigint' && 'nanos' in value;
}

function durationJson({ seconds, nanos }: { seconds: bigint; nanos: number }): string {
  const sign = seconds < 0n || nanos < 0 ? '-' : '';
  const whole = (seconds < 0n ? -seconds : seconds).toString();
  const fraction = Math.abs(nanos).toString().padStart(9, '0').replace(/0+$/, '');
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}s`;
}
