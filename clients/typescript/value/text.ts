import type { Dictionary, DictionaryEntry, ObjectValue, Property, Value } from '../gen/runspace/v1/value';
import { fromValue } from './from-value';
import { numberText, timeSpanText, type ValueStyle } from './number-text';

/**
 * The value as one line of text, as a terminal of that engine would show it inside other text: PowerShell's `True`,
 * `{1, 2}` and `@{a=1}`, a script engine's `true`, `[1, 2]` and `{a: 1}`. Null is the empty text; a secret is never shown.
 */
export function valueText(value: Value | undefined, style: ValueStyle): string {
  const kind = value?.kind;
  if (kind === undefined) return '';
  switch (kind.$case) {
    case 'null':
      return '';
    case 'bool':
      return style === 'powershell' ? (kind.value ? 'True' : 'False') : String(kind.value);
    case 'single':
    case 'double':
      return numberText(kind.value, kind.$case, style);
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
    case 'int64':
    case 'uint64':
      return kind.value.toString();
    case 'bigInteger':
    case 'decimal':
    case 'string':
    case 'guid':
    case 'uri':
    case 'version':
    case 'xml':
    case 'scriptBlock':
      return kind.value;
    case 'stringUtf16':
    case 'char':
      return String(fromValue(value));
    case 'bytes':
      return Buffer.from(kind.value).toString('base64');
    case 'dateTime':
    case 'enum':
      return kind.value.text;
    case 'durationTicks':
      return timeSpanText(kind.value);
    case 'secureString':
      return 'System.Security.SecureString';
    case 'list':
      return listText(kind.value.items, style);
    case 'dictionary':
      return dictionaryText(kind.value, style);
    case 'object':
      return objectText(kind.value, style);
    case 'reference':
      return '…'; // Met above; showing it again would never end.
  }
}

/**
 * The properties that a view of an object lists: its own and added ones, without those that say where a remote object
 * comes from. Undefined for a value that is shown as text, items or entries.
 */
export function propertiesOf(value: Value | undefined): readonly Property[] | undefined {
  const kind = value?.kind;
  if (kind?.$case !== 'object' || kind.value.base !== undefined) return undefined;
  const properties = ownProperties(kind.value);
  return properties.length === 0 && kind.value.text !== undefined ? undefined : properties;
}

/** The entries of a dictionary, also of one that an object wraps; undefined for other values. */
export function entriesOf(value: Value | undefined): readonly DictionaryEntry[] | undefined {
  const kind = value?.kind;
  if (kind?.$case === 'dictionary') return kind.value.entries;
  return kind?.$case === 'object' ? entriesOf(kind.value.base) : undefined;
}

/** The items that a view of the value shows one by one; undefined for a value that is no list. */
export function itemsOf(value: Value | undefined): readonly Value[] | undefined {
  const kind = value?.kind;
  if (kind?.$case === 'list') return kind.value.items;
  return kind?.$case === 'object' ? itemsOf(kind.value.base) : undefined;
}

const originNames: ReadonlySet<string> = new Set(['PSComputerName', 'RunspaceId', 'PSShowComputerName']);

function ownProperties({ adapted, extended }: ObjectValue): readonly Property[] {
  const hidden = new Set(extended.map(({ name }) => name.toLowerCase()));
  const all = [...adapted.filter(({ name }) => !hidden.has(name.toLowerCase())), ...extended];
  return all.filter(({ name, isMemberSet }) => !originNames.has(name) && !isMemberSet);
}

function listText(items: readonly Value[], style: ValueStyle): string {
  const texts = items.map((item) => nestedText(item, style)).join(', ');
  return style === 'powershell' ? `{${texts}}` : `[${texts}]`;
}

function dictionaryText({ entries }: Dictionary, style: ValueStyle): string {
  const pairs = entries.map(({ key, value }) => [nestedText(key, style), nestedText(value, style)] as const);
  if (style === 'powershell') return `{${pairs.map(([key, value]) => `[${key}, ${value}]`).join(', ')}}`;
  return `{${pairs.map(([key, value]) => `${key}: ${value}`).join(', ')}}`;
}

function objectText(object: ObjectValue, style: ValueStyle): string {
  if (object.base !== undefined) return valueText(object.base, style);
  const pairs = ownProperties(object).map(({ name, value }) => [name, nestedText(value, style)] as const);
  if (style === 'script' && pairs.length > 0) {
    return `{${pairs.map(([name, value]) => `${name}: ${value}`).join(', ')}}`;
  }
  return object.text ?? `@{${pairs.map(([name, value]) => `${name}=${value}`).join('; ')}}`;
}

/** Among other values a script engine names its null; PowerShell leaves its place empty. */
function nestedText(value: Value | undefined, style: ValueStyle): string {
  const isNull = value?.kind === undefined || value.kind.$case === 'null';
  return isNull && style === 'script' ? 'null' : valueText(value, style);
}
