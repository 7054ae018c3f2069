import { stringValue, type Value } from '../../core/value';
import {
  bigintOf,
  entriesOf,
  isNull,
  itemsOf,
  listValue,
  propertyOf,
  textOf,
} from '../../psrp/clixml/properties';
import { credentialOf } from './credential';

/** One field that `Prompt` asks for, PowerShell's FieldDescription. */
interface Field {
  readonly name: string;
  /** Full name of its .NET type; empty: any. */
  readonly type: string;
  readonly defaultValue: Value | undefined;
}

/** The answer to `Prompt` from what a caller sent, or in words what was expected instead. */
export type PromptAnswer =
  { readonly is: 'read'; readonly value: Value } | { readonly is: 'expects'; readonly what: string };

/** Reads an answer to `Prompt`: a dictionary with a value for each field; for a single field that value alone will do. */
export function readPromptAnswer(value: Value, descriptions: Value | undefined): PromptAnswer {
  const fields = fieldsOf(descriptions);
  const given = givenFields(value, fields);
  if (given === undefined) return { is: 'expects', what: expectedFields(fields) };
  const unknown = given.find(([name]) => !fields.some((field) => isNamed(field, name)));
  if (unknown !== undefined)
    return { is: 'expects', what: `${expectedFields(fields)}, and has no ${unknown[0]}` };
  const entries: (readonly [Value, Value])[] = [];
  for (const field of fields) {
    const answer = given.find(([name]) => isNamed(field, name))?.[1] ?? field.defaultValue;
    const read = answer === undefined ? undefined : readTyped(answer, field.type);
    if (read === undefined) return { is: 'expects', what: expectedFields(fields) };
    entries.push([stringValue(field.name), read]);
  }
  return { is: 'read', value: { type: 'dictionary', entries } };
}

/** What `Prompt` answers when the person just presses Enter each time; undefined: some field has no such answer. */
export function defaultPromptAnswer(descriptions: Value | undefined): Value | undefined {
  const entries: (readonly [Value, Value])[] = [];
  for (const field of fieldsOf(descriptions)) {
    const answer = field.defaultValue ?? emptyOf(field.type);
    if (answer === undefined) return undefined;
    entries.push([stringValue(field.name), answer]);
  }
  return { type: 'dictionary', entries };
}

function fieldsOf(descriptions: Value | undefined): readonly Field[] {
  return (itemsOf(descriptions) ?? []).map((description) => {
    const defaultValue = propertyOf(description, 'defaultValue');
    return {
      name: textOf(propertyOf(description, 'name')) ?? '',
      type: textOf(propertyOf(description, 'parameterTypeFullName')) ?? '',
      defaultValue: isNull(defaultValue) ? undefined : defaultValue,
    };
  });
}

function isNamed(field: Field, name: string): boolean {
  return field.name.toLowerCase() === name.toLowerCase();
}

function givenFields(
  value: Value,
  fields: readonly Field[],
): readonly (readonly [string, Value])[] | undefined {
  const [only, ...others] = fields;
  const entries = entriesOf(value);
  if (entries !== undefined) {
    const named = entries.map(([key, each]) => [textOf(key), each] as const);
    return named.every((entry): entry is readonly [string, Value] => entry[0] !== undefined)
      ? named
      : undefined;
  }
  return only !== undefined && others.length === 0 ? [[only.name, value]] : undefined;
}

function expectedFields(fields: readonly Field[]): string {
  const shown = fields.map(({ name, type }) => `${name}: ${type === '' ? 'any value' : type}`);
  return `a dictionary with a value for each field {${shown.join(', ')}}`;
}

/** The value as that type takes it; undefined: it doesn't. What PowerShell itself can tell better is left to it. */
function readTyped(value: Value, type: string): Value | undefined {
  if (type.endsWith('[]')) return readArray(value, type.slice(0, -2));
  if (type === secureString) return value.type === 'secureString' ? value : undefined;
  if (type === credential) return credentialOf(value);
  if (value.type === 'secureString') return undefined;
  const range = integerRanges[type];
  if (range !== undefined) return isIntegerIn(value, range) ? value : undefined;
  if (fractions.has(type)) return isNumber(value) ? value : undefined;
  return value;
}

function readArray(value: Value, type: string): Value | undefined {
  const items: Value[] = [];
  for (const item of itemsOf(value) ?? [value]) {
    const read = readTyped(item, type);
    if (read === undefined) return undefined;
    items.push(read);
  }
  return listValue(items);
}

function emptyOf(type: string): Value | undefined {
  if (type.endsWith('[]')) return listValue([]);
  if (type === secureString) return { type: 'secureString', sealed: '' };
  return texts.has(type) ? stringValue('') : undefined;
}

const secureString = 'System.Security.SecureString';
const credential = 'System.Management.Automation.PSCredential';
const texts: ReadonlySet<string> = new Set([
  '',
  'System.String',
  'System.Object',
  'System.Management.Automation.PSObject',
]);
const fractions: ReadonlySet<string> = new Set(['System.Single', 'System.Double', 'System.Decimal']);

type Range = readonly [least: bigint, most: bigint];

function signed(bits: bigint): Range {
  return [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
}

function unsigned(bits: bigint): Range {
  return [0n, 2n ** bits - 1n];
}

const integerRanges: Readonly<Record<string, Range>> = {
  'System.SByte': signed(8n),
  'System.Int16': signed(16n),
  'System.Int32': signed(32n),
  'System.Int64': signed(64n),
  'System.Byte': unsigned(8n),
  'System.UInt16': unsigned(16n),
  'System.UInt32': unsigned(32n),
  'System.UInt64': unsigned(64n),
};

function isIntegerIn(value: Value, [least, most]: Range): boolean {
  const exact = bigintOf(value);
  if (exact !== undefined) return exact >= least && exact <= most;
  if (!isNumber(value)) return false;
  const text = textOf(value)?.trim();
  if (text !== undefined && /^[+-]?(\d+|0x[\da-f]+)$/i.test(text)) {
    const magnitude = BigInt(text.replace(/^[+-]/, ''));
    const number = text.startsWith('-') ? -magnitude : magnitude;
    return number >= least && number <= most;
  }
  return true; // With a fraction or an exponent: PowerShell rounds it.
}

function isNumber(value: Value): boolean {
  if (bigintOf(value) !== undefined || ['single', 'double', 'decimal'].includes(value.type)) return true;
  const text = textOf(value)?.trim();
  return text !== undefined && /^[+-]?(0x[\da-f]+|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)$/i.test(text);
}
