import type { IntegerType, Value } from '../../core/value';
import { decodeBase64, encodeBase64 } from './base64';
import { normalizeDateTime } from './date-time';
import { formatDuration, isTimeSpan, parseDuration } from './duration';
import {
  formatDouble,
  formatSingle,
  normalizeDecimal,
  parseBigInteger,
  parseFloating,
  parseInteger,
  trimXml,
  type IntegerRange,
} from './numbers';
import { isXmlDocument } from './xml-check';
import { decodeName, escapeText } from './xml-text';

type StructuredType =
  | 'null'
  | 'reference'
  | 'enum'
  | 'bigInteger'
  | 'object'
  | 'dictionary'
  | 'list'
  | 'enumerable'
  | 'set'
  | 'stack'
  | 'queue';

/** A value whose whole content is one element's text. */
export type PrimitiveValue = Exclude<Value, { type: StructuredType }>;

/** An integer kind of at most 64 bits. */
export type IntegerValue = Extract<Value, { type: IntegerType }>;

type TextualType = 'uri' | 'version' | 'xml' | 'scriptBlock' | 'guid' | 'dateTime' | 'decimal';

const ranges = {
  int8: { least: -0x80, greatest: 0x7f },
  uint8: { least: 0, greatest: 0xff },
  int16: { least: -0x8000, greatest: 0x7fff },
  uint16: { least: 0, greatest: 0xffff },
  int32: { least: -0x80000000, greatest: 0x7fffffff },
  uint32: { least: 0, greatest: 0xffffffff },
} as const satisfies Record<string, IntegerRange>;

const bigRanges = {
  int64: { least: -(2n ** 63n), greatest: 2n ** 63n - 1n },
  uint64: { least: 0n, greatest: 2n ** 64n - 1n },
} as const;

const base64Text = /^[A-Za-z0-9+/=]*$/;

/** How the text of each primitive element is read (MS-PSRP 2.2.5.1); undefined for a text that it can't hold. */
export const primitiveParsers: ReadonlyMap<string, (text: string) => PrimitiveValue | undefined> = new Map<
  string,
  (text: string) => PrimitiveValue | undefined
>([
  ['S', (text) => ({ type: 'string', value: decodeName(text) })],
  ['I32', integerParser('int32')],
  ['B', parseBool],
  ['C', parseChar],
  ['DT', (text) => textual('dateTime', normalizeDateTime(text))],
  ['TS', parseTimeSpan],
  ['By', integerParser('uint8')],
  ['SB', integerParser('int8')],
  ['U16', integerParser('uint16')],
  ['I16', integerParser('int16')],
  ['U32', integerParser('uint32')],
  ['U64', bigIntegerParser('uint64')],
  ['I64', bigIntegerParser('int64')],
  ['Sg', parseSingle],
  ['Db', parseDouble],
  ['D', (text) => textual('decimal', normalizeDecimal(text))],
  ['BA', parseBytes],
  ['G', (text) => textual('guid', normalizeGuid(text))],
  ['URI', (text) => ({ type: 'uri', text: decodeName(text) })],
  ['Version', (text) => textual('version', normalizeVersion(text))],
  ['SBK', (text) => ({ type: 'scriptBlock', text: decodeName(text) })],
  ['XD', parseXml],
  ['SS', parseSecureString],
]);

/** A primitive as its element's name and content; undefined for one that its type can't hold. */
export function formatPrimitive(value: PrimitiveValue): readonly [tag: string, content: string] | undefined {
  switch (value.type) {
    case 'string':
      return ['S', escapeText(value.value)];
    case 'bool':
      return ['B', value.value ? 'true' : 'false'];
    case 'char':
      return isWithin(value.code, ranges.uint16) ? ['C', String(value.code)] : undefined;
    case 'single':
      return ['Sg', formatSingle(value.value)];
    case 'double':
      return ['Db', formatDouble(value.value)];
    case 'bytes':
      return ['BA', encodeBase64(value.value)];
    case 'duration':
      return isTimeSpan(value.ticks) ? ['TS', formatDuration(value.ticks)] : undefined;
    case 'secureString':
      return base64Text.test(value.sealed) ? ['SS', value.sealed] : undefined;
    case 'uri':
      return ['URI', escapeText(value.text)];
    case 'scriptBlock':
      return ['SBK', escapeText(value.text)];
    case 'xml':
      return isXmlDocument(value.text) ? ['XD', escapeText(value.text)] : undefined;
    case 'decimal':
      return tagged('D', normalizeDecimal(value.text));
    case 'dateTime':
      return tagged('DT', normalizeDateTime(value.text));
    case 'guid':
      return tagged('G', normalizeGuid(value.text));
    case 'version':
      return tagged('Version', normalizeVersion(value.text));
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
    case 'int64':
    case 'uint64':
      return formatInteger(value);
  }
}

const structuredTypes: Readonly<Record<StructuredType, true>> = {
  null: true,
  reference: true,
  enum: true,
  bigInteger: true,
  object: true,
  dictionary: true,
  list: true,
  enumerable: true,
  set: true,
  stack: true,
  queue: true,
};

/** Whether one element's text says the whole value. */
export function isPrimitive(value: Value): value is PrimitiveValue {
  return !(value.type in structuredTypes);
}

/** Whether a value is an integer of at most 64 bits. */
export function isInteger(value: Value): value is IntegerValue {
  return value.type in integerTags;
}

const integerTags: Readonly<Record<IntegerType, string>> = {
  int8: 'SB',
  uint8: 'By',
  int16: 'I16',
  uint16: 'U16',
  int32: 'I32',
  uint32: 'U32',
  int64: 'I64',
  uint64: 'U64',
};

function formatInteger(value: IntegerValue): readonly [string, string] | undefined {
  const { least, greatest } =
    value.type === 'int64' || value.type === 'uint64' ? bigRanges[value.type] : ranges[value.type];
  const isWhole = typeof value.value === 'bigint' || Number.isInteger(value.value);
  const isRight = isWhole && value.value >= least && value.value <= greatest;
  return isRight ? [integerTags[value.type], String(value.value)] : undefined;
}

function isWithin(value: number, range: IntegerRange): boolean {
  return Number.isInteger(value) && value >= range.least && value <= range.greatest;
}

function tagged(tag: string, content: string | undefined): readonly [string, string] | undefined {
  return content === undefined ? undefined : [tag, content];
}

function textual(type: TextualType, text: string | undefined): PrimitiveValue | undefined {
  return text === undefined ? undefined : { type, text };
}

function integerParser(type: keyof typeof ranges): (text: string) => PrimitiveValue | undefined {
  const range = ranges[type];
  return (text) => {
    const value = parseInteger(text, range);
    return value === undefined ? undefined : { type, value };
  };
}

function bigIntegerParser(type: keyof typeof bigRanges): (text: string) => PrimitiveValue | undefined {
  const range = bigRanges[type];
  return (text) => {
    const value = parseBigInteger(text, range);
    return value === undefined ? undefined : { type, value };
  };
}

function parseBool(text: string): PrimitiveValue | undefined {
  switch (trimXml(text)) {
    case 'true':
    case '1':
      return { type: 'bool', value: true };
    case 'false':
    case '0':
      return { type: 'bool', value: false };
    default:
      return undefined;
  }
}

function parseChar(text: string): PrimitiveValue | undefined {
  const code = parseInteger(text, ranges.uint16);
  return code === undefined ? undefined : { type: 'char', code };
}

function parseTimeSpan(text: string): PrimitiveValue | undefined {
  const ticks = parseDuration(text);
  return ticks === undefined ? undefined : { type: 'duration', ticks };
}

function parseSingle(text: string): PrimitiveValue | undefined {
  const value = parseFloating(text);
  return value === undefined ? undefined : { type: 'single', value: Math.fround(value) };
}

function parseDouble(text: string): PrimitiveValue | undefined {
  const value = parseFloating(text);
  return value === undefined ? undefined : { type: 'double', value };
}

function parseBytes(text: string): PrimitiveValue | undefined {
  const value = decodeBase64(text);
  return value === undefined ? undefined : { type: 'bytes', value };
}

function parseXml(text: string): PrimitiveValue | undefined {
  const document = decodeName(text);
  return isXmlDocument(document) ? { type: 'xml', text: document } : undefined;
}

function parseSecureString(text: string): PrimitiveValue | undefined {
  const sealed = text.replace(/[\t\n\r ]+/g, '');
  return base64Text.test(sealed) ? { type: 'secureString', sealed } : undefined;
}

const guidPattern = /^(?:\{(.{36})\}|\((.{36})\)|(.{36}))$/;
const hyphenatedGuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const plainGuid = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;

/** A GUID in any of .NET's usual forms as lower case with hyphens. */
function normalizeGuid(text: string): string | undefined {
  const lower = trimXml(text).toLowerCase();
  const plain = plainGuid.exec(lower);
  if (plain !== null) return plain.slice(1).join('-');
  const wrapped = guidPattern.exec(lower);
  const guid = wrapped?.[1] ?? wrapped?.[2] ?? wrapped?.[3] ?? '';
  return hyphenatedGuid.test(guid) ? guid : undefined;
}

/** Two to four numbers of 31 bits, without leading zeros. */
function normalizeVersion(text: string): string | undefined {
  const parts = text.split('.', 5).map((part) => parseInteger(part, ranges.int32));
  const isRight =
    parts.length >= 2 && parts.length <= 4 && parts.every((part) => part !== undefined && part >= 0);
  return isRight ? parts.join('.') : undefined;
}
