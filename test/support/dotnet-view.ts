import type { Value } from '../../src/core/value';

/** How .NET names the types that a value is read to, as PowerShell without a type table reads CLIXML. */
const typeOf = {
  null: 'null',
  bool: 'System.Boolean',
  int8: 'System.SByte',
  uint8: 'System.Byte',
  int16: 'System.Int16',
  uint16: 'System.UInt16',
  int32: 'System.Int32',
  uint32: 'System.UInt32',
  int64: 'System.Int64',
  uint64: 'System.UInt64',
  single: 'System.Single',
  double: 'System.Double',
  bigInteger: 'System.Management.Automation.PSCustomObject',
  decimal: 'System.Decimal',
  string: 'System.String',
  char: 'System.Char',
  bytes: 'System.Byte[]',
  dateTime: 'System.DateTime',
  duration: 'System.TimeSpan',
  guid: 'System.Guid',
  uri: 'System.Uri',
  version: 'System.Version',
  xml: 'System.Xml.XmlDocument',
  scriptBlock: 'System.String',
  secureString: 'System.Security.SecureString',
  list: 'System.Collections.ArrayList',
  enumerable: 'System.Collections.ArrayList',
  set: 'System.Collections.ArrayList',
  stack: 'System.Collections.Stack',
  queue: 'System.Collections.Queue',
  dictionary: 'System.Collections.Hashtable',
  object: 'System.Management.Automation.PSCustomObject',
  reference: 'null',
} as const satisfies Record<Exclude<Value['type'], 'enum'>, string>;

const orderedDictionary = 'System.Collections.Specialized.OrderedDictionary';

/** The .NET type of the object that PowerShell makes of a value. */
export function dotnetTypeOf(value: Value): string {
  if (value.type === 'enum') return typeOf[value.value.type];
  if (value.type !== 'object') return typeOf[value.type];
  if (value.base?.type === 'dictionary' && value.typeNames[0] === orderedDictionary) return orderedDictionary;
  if (value.base !== undefined) return dotnetTypeOf(value.base);
  const isProgress = value.typeNames[0] === 'System.Management.Automation.ProgressRecord';
  return isProgress ? (value.typeNames[0] ?? '') : typeOf.object;
}

/** Type names as PowerShell shows what it has read. */
export function deserializedTypeNames(names: readonly string[]): readonly string[] {
  return names.map((name) => (name.startsWith('Deserialized.') ? name : `Deserialized.${name}`));
}

/** The text of a SecureString that travelled in the form of PSRP 2.4. */
export function plainText(sealed: string): string {
  return Buffer.from(sealed, 'base64').toString('utf16le');
}

/** A date's text with all seven digits of its fraction. */
export function roundTripDate(text: string): string {
  const [, seconds = '', fraction = '', zone = ''] = /^(.{19})(?:\.(\d+))?(.*)$/.exec(text) ?? [];
  return `${seconds}.${fraction.padEnd(7, '0')}${zone}`;
}

/** DateTimeKind by name. */
export function kindOfDate(text: string): 'Utc' | 'Local' | 'Unspecified' {
  if (text.endsWith('Z')) return 'Utc';
  return /[+-]\d\d:\d\d$/.test(text) ? 'Local' : 'Unspecified';
}
