import { RemoteProtocolError } from '../errors';
import { hasForbiddenCharacter, normalizeLineEnds, unescapeXml } from './xml-text';

/*
 * The subset of XML that CLIXML is made of, read by going forward only: elements, attributes, text, CDATA, comments.
 * Document types and processing instructions are refused, so that nothing can be expanded. The caller enters an
 * element, looks at `name` and the attributes (they hold until the next element is entered), and then either reads
 * its text, which also leaves it, or enters its children and leaves it.
 */

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const tab = 0x09;
const space = 0x20;
const exclamationMark = 0x21;
const quotationMark = 0x22;
const apostrophe = 0x27;
const solidus = 0x2f;
const lessThan = 0x3c;
const equalsSign = 0x3d;
const greaterThan = 0x3e;
const questionMark = 0x3f;

const mostAttributes = 64;
const attributeNamePattern = /^[A-Za-z_:\u0080-\uffff][-.0-9A-Za-z_:\u0080-\uffff]*$/;

/** A place in an XML text. */
export class XmlCursor {
  /** The name of the element entered last. */
  name = '';
  /** Whether the element entered last was `<x/>`: it has no content and is left already. */
  isEmpty = false;
  /** Its attribute `N`, not yet decoded. */
  nameAttribute: string | undefined;
  /** Its attribute `RefId`. */
  referenceAttribute: string | undefined;
  /** Its attribute `S`. */
  streamAttribute: string | undefined;
  /** Its attribute `Version`. */
  versionAttribute: string | undefined;
  /** Its attribute `xmlns`. */
  namespaceAttribute: string | undefined;

  private readonly text: string;
  private position = 0;
  private readonly hasEntities: boolean;
  private readonly hasCarriageReturns: boolean;
  private readonly hasSectionEnds: boolean;
  private otherAttributes: string[] = [];

  constructor(text: string) {
    this.text = text;
    this.hasEntities = text.includes('&');
    this.hasCarriageReturns = text.includes('\r');
    this.hasSectionEnds = text.includes(']]>');
    if (hasForbiddenCharacter(text)) throw this.malformed('a control character');
  }

  /** Skips one byte order mark and the XML declaration, where they are. */
  skipDeclaration(): void {
    if (this.text.startsWith('\ufeff', this.position)) this.position += 1;
    if (!/^<\?xml[ \t\r\n]/.test(this.text.slice(this.position, this.position + 6))) return;
    const end = this.text.indexOf('?>', this.position);
    if (end === -1) throw this.malformed('an XML declaration without an end');
    this.position = end + 2;
  }

  /** Skips `prefix` and the rest of its line, if it comes next, blanks before it included. */
  skipLine(prefix: string): boolean {
    this.skipBlanks();
    if (!this.text.startsWith(prefix, this.position)) return false;
    const end = this.text.indexOf('\n', this.position);
    const element = this.text.indexOf('<', this.position);
    this.position = end === -1 || (element !== -1 && element < end) ? this.position + prefix.length : end + 1;
    return true;
  }

  /** Whether the text has this piece of markup at all. */
  mentions(markup: string): boolean {
    return this.text.includes(markup);
  }

  /** Whether only blanks and comments are left. */
  isAtEnd(): boolean {
    this.skipBlanksAndComments();
    return this.position >= this.text.length;
  }

  /** Enters the next child element; false at the end tag of the one around it. */
  enterElement(): boolean {
    this.skipBlanksAndComments();
    const { text, position } = this;
    if (text.charCodeAt(position) !== lessThan) {
      throw this.malformed(position >= text.length ? 'the end of the text' : 'text between elements');
    }
    const next = text.charCodeAt(position + 1);
    if (next === solidus) return false;
    if (next === questionMark) throw this.malformed('a processing instruction');
    if (next === exclamationMark) throw this.malformed('a CDATA section or document type between elements');
    this.readStartTag();
    return true;
  }

  /** Passes the end tag of an element that is not empty. */
  leaveElement(name: string): void {
    const { text } = this;
    let position = this.position + 2;
    if (!text.startsWith('</', this.position) || !text.startsWith(name, position)) {
      throw this.malformed(`something else than </${name}>`);
    }
    position += name.length;
    while (isBlank(text.charCodeAt(position))) position += 1;
    if (text.charCodeAt(position) !== greaterThan) throw this.malformed(`something else than </${name}>`);
    this.position = position + 1;
  }

  /** The text of the element entered last, which it also leaves; a child element is malformed. */
  readText(): string {
    if (this.isEmpty) return '';
    const { text, name, position } = this;
    const end = text.indexOf('<', position);
    if (end === -1) throw this.malformed(`no end of <${name}>`);
    if (text.charCodeAt(end + 1) !== solidus) return this.readTextInParts(name);
    this.position = end;
    const content = this.resolve(text.slice(position, end));
    this.leaveElement(name);
    return content;
  }

  /** Skips the content of the element entered last, whatever it is, and leaves it. */
  skipElement(): void {
    const open = this.isEmpty ? [] : [this.name];
    for (let name = open.at(-1); name !== undefined; name = open.at(-1)) {
      this.skipText();
      if (!this.enterElement()) {
        this.leaveElement(name);
        open.pop();
      } else if (!this.isEmpty) {
        open.push(this.name);
      }
    }
  }

  /** The error for what was found here. Its message never holds content. */
  malformed(found: string): RemoteProtocolError {
    return this.error('CLIXML_MALFORMED', `malformed CLIXML: found ${found}`);
  }

  /** An error of another kind, with the position in its message. */
  error(code: string, message: string): RemoteProtocolError {
    return new RemoteProtocolError(code, `${message}, at character ${String(this.position)}`);
  }

  private readTextInParts(name: string): string {
    const { text } = this;
    let content = '';
    for (;;) {
      const end = text.indexOf('<', this.position);
      if (end === -1) throw this.malformed(`no end of <${name}>`);
      content += this.resolve(text.slice(this.position, end));
      this.position = end;
      if (text.charCodeAt(end + 1) === solidus) break;
      if (text.startsWith('<![CDATA[', end)) content += this.readSection();
      else if (text.startsWith('<!--', end)) this.skipComment();
      else throw this.malformed(`markup inside of <${name}>`);
    }
    this.leaveElement(name);
    return content;
  }

  private readSection(): string {
    const start = this.position + '<![CDATA['.length;
    const end = this.text.indexOf(']]>', start);
    if (end === -1) throw this.malformed('no end of a CDATA section');
    this.position = end + 3;
    return normalizeLineEnds(this.text.slice(start, end));
  }

  /** Raw text as it is meant. */
  private resolve(raw: string): string {
    if (this.hasSectionEnds && raw.includes(']]>')) throw this.malformed(']]> in text');
    const lines = this.hasCarriageReturns ? normalizeLineEnds(raw) : raw;
    if (!this.hasEntities) return lines;
    const content = unescapeXml(lines);
    if (content === undefined) throw this.malformed('an unknown entity');
    return content;
  }

  private skipText(): void {
    for (;;) {
      const end = this.text.indexOf('<', this.position);
      if (end === -1) throw this.malformed('the end of the text');
      this.resolve(this.text.slice(this.position, end));
      this.position = end;
      if (this.text.startsWith('<![CDATA[', end)) this.readSection();
      else if (this.text.startsWith('<!--', end)) this.skipComment();
      else return;
    }
  }

  private skipBlanks(): void {
    const { text } = this;
    let { position } = this;
    while (isBlank(text.charCodeAt(position))) position += 1;
    this.position = position;
  }

  private skipBlanksAndComments(): void {
    for (;;) {
      this.skipBlanks();
      const isMarkup =
        this.text.charCodeAt(this.position) === lessThan &&
        this.text.charCodeAt(this.position + 1) === exclamationMark;
      if (!isMarkup || !this.text.startsWith('<!--', this.position)) return;
      this.skipComment();
    }
  }

  private skipComment(): void {
    const end = this.text.indexOf('--', this.position + 4);
    if (end === -1 || this.text.charCodeAt(end + 2) !== greaterThan) {
      throw this.malformed('a comment without a proper end');
    }
    this.position = end + 3;
  }

  private readStartTag(): void {
    const { text } = this;
    const start = this.position + 1;
    let position = start;
    while (!endsName(text.charCodeAt(position))) position += 1;
    if (position === start) throw this.malformed('a tag without a name');
    this.name = text.slice(start, position);
    this.nameAttribute = undefined;
    this.referenceAttribute = undefined;
    this.streamAttribute = undefined;
    this.versionAttribute = undefined;
    this.namespaceAttribute = undefined;
    this.isEmpty = false;
    if (text.charCodeAt(position) === greaterThan) {
      this.position = position + 1;
      return;
    }
    this.position = position;
    this.readAttributes();
  }

  private readAttributes(): void {
    const { text } = this;
    this.otherAttributes = [];
    for (;;) {
      const before = this.position;
      this.skipBlanks();
      const next = text.charCodeAt(this.position);
      if (next === greaterThan) break;
      if (next === solidus) {
        this.isEmpty = true;
        this.position += 1;
        break;
      }
      if (this.position === before) throw this.malformed('attributes that touch');
      this.readAttribute();
    }
    if (text.charCodeAt(this.position) !== greaterThan) throw this.malformed('a tag without an end');
    this.position += 1;
  }

  private readAttribute(): void {
    const { text } = this;
    const start = this.position;
    let position = start;
    while (!endsName(text.charCodeAt(position))) position += 1;
    const name = text.slice(start, position);
    while (isBlank(text.charCodeAt(position))) position += 1;
    if (text.charCodeAt(position) !== equalsSign) throw this.malformed('an attribute without a value');
    position += 1;
    while (isBlank(text.charCodeAt(position))) position += 1;
    const quote = text.charCodeAt(position);
    if (quote !== quotationMark && quote !== apostrophe) throw this.malformed('a value without quotes');
    const end = text.indexOf(quote === quotationMark ? '"' : "'", position + 1);
    if (end === -1) throw this.malformed('an attribute without an end');
    const raw = text.slice(position + 1, end);
    if (raw.includes('<')) throw this.malformed('< in an attribute');
    this.setAttribute(name, this.resolveAttribute(raw));
    this.position = end + 1;
  }

  private resolveAttribute(raw: string): string {
    const content = unescapeXml(/[\t\r\n]/.test(raw) ? raw.replace(/\r\n|[\t\r\n]/g, ' ') : raw);
    if (content === undefined) throw this.malformed('an unknown entity');
    return content;
  }

  private setAttribute(name: string, value: string): void {
    if (this.attribute(name) !== undefined) throw this.malformed('an attribute given twice');
    switch (name) {
      case 'N':
        this.nameAttribute = value;
        return;
      case 'RefId':
        this.referenceAttribute = value;
        return;
      case 'S':
        this.streamAttribute = value;
        return;
      case 'Version':
        this.versionAttribute = value;
        return;
      case 'xmlns':
        this.namespaceAttribute = value;
        return;
      default:
        this.noteOtherAttribute(name);
    }
  }

  private attribute(name: string): string | undefined {
    switch (name) {
      case 'N':
        return this.nameAttribute;
      case 'RefId':
        return this.referenceAttribute;
      case 'S':
        return this.streamAttribute;
      case 'Version':
        return this.versionAttribute;
      case 'xmlns':
        return this.namespaceAttribute;
      default:
        return undefined;
    }
  }

  /** Attributes that mean nothing to us are only held to XML's rules, and to a number. */
  private noteOtherAttribute(name: string): void {
    if (!attributeNamePattern.test(name)) throw this.malformed('an attribute with an impossible name');
    if (this.otherAttributes.includes(name)) throw this.malformed('an attribute given twice');
    if (this.otherAttributes.length >= mostAttributes) throw this.malformed('too many attributes');
    this.otherAttributes.push(name);
  }
}

function isBlank(code: number): boolean {
  return code === space || code === lineFeed || code === carriageReturn || code === tab;
}

/** NaN, the code beyond the text's end, ends a name too. */
function endsName(code: number): boolean {
  return (
    isBlank(code) ||
    code === greaterThan ||
    code === solidus ||
    code === equalsSign ||
    code === lessThan ||
    Number.isNaN(code)
  );
}
