import type { Value } from '../core/value';

/** The text of a value where a text is all that can stand: a key, what contains itself. */
export function displayText(value: Value): string {
  switch (value.type) {
    case 'string':
      return value.value;
    case 'char':
      return String.fromCharCode(value.code);
    case 'duration':
      return timeSpanText(value.ticks);
    case 'enum':
    case 'decimal':
    case 'dateTime':
    case 'guid':
    case 'uri':
    case 'version':
    case 'xml':
    case 'scriptBlock':
      return value.text;
    case 'bool':
      return value.value ? 'True' : 'False';
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
    case 'int64':
    case 'uint64':
    case 'bigInteger':
    case 'single':
    case 'double':
      return String(value.value);
    case 'object':
      return value.text ?? (value.base === undefined ? (value.typeNames[0] ?? '') : displayText(value.base));
    case 'secureString':
      return 'System.Security.SecureString';
    case 'bytes':
      return 'System.Byte[]';
    case 'list':
    case 'enumerable':
    case 'set':
    case 'stack':
    case 'queue':
      return 'System.Object[]';
    case 'dictionary':
      return 'System.Collections.Hashtable';
    case 'null':
    case 'reference':
      return '';
  }
}

/** .NET's constant form of a time span: `[-][d.]hh:mm:ss[.fffffff]`. */
function timeSpanText(ticks: bigint): string {
  const size = ticks < 0n ? -ticks : ticks;
  const two = (part: bigint): string => part.toString().padStart(2, '0');
  const seconds = size / 10_000_000n;
  const fraction = size % 10_000_000n;
  const days = seconds / 86_400n;
  const clock = [(seconds / 3_600n) % 24n, (seconds / 60n) % 60n, seconds % 60n].map(two).join(':');
  return [
    ticks < 0n ? '-' : '',
    days === 0n ? '' : `${days.toString()}.`,
    clock,
    fraction === 0n ? '' : `.${fraction.toString().padStart(7, '0')}`,
  ].join('');
}
