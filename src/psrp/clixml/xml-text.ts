/** The text of an element or attribute: XML's own escaping, and PowerShell's `_xHHHH_` escaping inside it. */

/** Anything that EncodeString or XML escapes: all but plain characters, and `_` before an x. */
const mustBeEscaped = /[^ -%'-;=?-^`-~\u00a0-\ud7ff\ue000-\ufffd_]|_(?=[xX])/;
const mustBeEscapedInAttribute = /[^ !#-%'-;=?-^`-~\u00a0-\ud7ff\ue000-\ufffd_]|_(?=[xX])/;
const everyUnit = new RegExp(mustBeEscaped.source, 'g');
const everyUnitInAttribute = new RegExp(mustBeEscapedInAttribute.source, 'g');

/** Escapes text for an element, as PowerShell's EncodeString does and XML after it; lone surrogates survive. */
export function escapeText(text: string): string {
  return mustBeEscaped.test(text) ? text.replace(everyUnit, escapeUnit) : text;
}

/** Escapes text for an attribute in double quotes. */
export function escapeAttribute(text: string): string {
  return mustBeEscapedInAttribute.test(text) ? text.replace(everyUnitInAttribute, escapeUnit) : text;
}

function escapeUnit(unit: string): string {
  switch (unit) {
    case '&':
      return '&amp;';
    case '<':
      return '&lt;';
    case '>':
      return '&gt;';
    case '"':
      return '&quot;';
    case '\ufffe':
      return '&#xFFFE;';
    case '\uffff':
      return '&#xFFFF;';
    default:
      return `_x${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`;
  }
}

const encodedUnit = /_[xX](?:([0-9a-fA-F]{4})|([0-9a-fA-F]{8}))_/g;

/** Decodes `_xHHHH_` and `_xHHHHHHHH_` as XmlConvert.DecodeName does; what only looks like an escape stays. */
export function decodeName(text: string): string {
  if (!text.includes('_x') && !text.includes('_X')) return text;
  return text.replace(encodedUnit, decodeUnit);
}

function decodeUnit(whole: string, unit: string | undefined, point: string | undefined): string {
  if (unit !== undefined) return String.fromCharCode(Number.parseInt(unit, 16));
  const code = Number.parseInt(point ?? '', 16);
  if (code > 0x7fffffff) return String.fromCharCode(code & 0xffff); // .NET reads these as negative numbers
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}

const namedEntities: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);
const longestEntity = 16;

/** Resolves `&…;` in raw text; undefined where an entity is unknown or unfinished. */
export function unescapeXml(raw: string): string | undefined {
  let ampersand = raw.indexOf('&');
  if (ampersand === -1) return raw;
  let result = '';
  let done = 0;
  while (ampersand !== -1) {
    const semicolon = raw.indexOf(';', ampersand);
    if (semicolon === -1 || semicolon - ampersand > longestEntity) return undefined;
    const character = entityText(raw.slice(ampersand + 1, semicolon));
    if (character === undefined) return undefined;
    result += raw.slice(done, ampersand) + character;
    done = semicolon + 1;
    ampersand = raw.indexOf('&', done);
  }
  return result + raw.slice(done);
}

const numericEntity = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/;

function entityText(name: string): string | undefined {
  const named = namedEntities.get(name);
  if (named !== undefined) return named;
  const digits = numericEntity.exec(name);
  if (digits === null) return undefined;
  const [, hexadecimal, decimal] = digits;
  const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16);
  // Characters that XML 1.0 forbids are let through: PowerShell writes &#xFFFE; and reads it.
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

/** Every line end as XML has it: one line feed. */
export function normalizeLineEnds(raw: string): string {
  return raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw;
}

const forbiddenInXml = /[^\t\n\r\u0020-\ufffd]/;

/** Whether raw text holds a character that XML 1.0 doesn't allow outside of `&#…;`. */
export function hasForbiddenCharacter(raw: string): boolean {
  return forbiddenInXml.test(raw);
}
