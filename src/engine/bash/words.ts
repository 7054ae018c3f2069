import { RunspaceError } from '../../core/error';
import type { ListValue, Value } from '../../core/value';

/** A text, or bytes where they need not be one, as bash reads it in a script. Throws INVALID_ARGUMENT for NUL. */
export function quoted(text: string | Uint8Array, what: string): string {
  const hasNul = typeof text === 'string' ? text.includes('\0') : text.includes(0);
  if (hasNul)
    throw new RunspaceError(
      'INVALID_ARGUMENT',
      `${what} holds a NUL character, which bash can't; leave it out`,
    );
  if (typeof text === 'string') return `'${text.replaceAll("'", `'\\''`)}'`;
  return `$'${Array.from(text, octal).join('')}'`;
}

/** Bytes as `printf %b` writes them again, NUL too. */
export function escaped(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');
}

function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, '0')}`;
}

/**
 * The words that a value is for a program: one, but a list is as many as its items have together. Null is an empty word.
 * Throws INVALID_ARGUMENT for what has no text: dictionaries, objects without one, secrets.
 */
export function wordsOf(value: Value, what: string): (string | Uint8Array)[] {
  return isList(value) ? value.items.flatMap((item) => wordsOf(item, what)) : [wordOf(value, what)];
}

function isList(value: Value): value is ListValue {
  return 'items' in value;
}

function wordOf(value: Value, what: string): string | Uint8Array {
  switch (value.type) {
    case 'null':
      return '';
    case 'string':
    case 'bytes':
      return value.value;
    case 'bool':
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
    case 'int64':
    case 'uint64':
    case 'bigInteger':
      return String(value.value);
    case 'single':
    case 'double':
      return Object.is(value.value, -0) ? '-0' : String(value.value);
    case 'char':
      return String.fromCharCode(value.code);
    case 'duration':
      return secondsOf(value.ticks);
    case 'decimal':
    case 'dateTime':
    case 'guid':
    case 'uri':
    case 'version':
    case 'xml':
    case 'scriptBlock':
    case 'enum':
      return value.text;
    case 'object':
      return wordOfObject(value, what);
    case 'secureString':
      throw noText(what, 'a secure string');
    case 'dictionary':
      throw noText(what, 'a dictionary');
    case 'reference':
      throw noText(what, 'a reference to an object that it is part of');
    case 'list':
    case 'enumerable':
    case 'set':
    case 'stack':
    case 'queue':
      throw noText(what, 'a list');
  }
}

function wordOfObject(
  { text, base, typeNames }: Extract<Value, { type: 'object' }>,
  what: string,
): string | Uint8Array {
  if (base !== undefined && base.type !== 'dictionary') {
    const words = wordsOf(base, what);
    const [only] = words;
    if (words.length === 1 && only !== undefined) return only;
  }
  if (text !== undefined) return text;
  throw noText(what, `an object of type ${typeNames[0] ?? 'unknown'}`);
}

/** As `sleep` takes it. */
function secondsOf(ticks: bigint): string {
  const size = ticks < 0n ? -ticks : ticks;
  const fraction = String(size % ticksPerSecond)
    .padStart(7, '0')
    .replace(/0+$/, '');
  return `${ticks < 0n ? '-' : ''}${size / ticksPerSecond}${fraction === '' ? '' : `.${fraction}`}`;
}

const ticksPerSecond = 10_000_000n;

function noText(what: string, kind: string): RunspaceError {
  return new RunspaceError(
    'INVALID_ARGUMENT',
    `${what} is ${kind}, which has no text for bash; give a text, a number or a list of them`,
  );
}
