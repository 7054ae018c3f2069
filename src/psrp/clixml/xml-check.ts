import { hasForbiddenCharacter, unescapeXml } from './xml-text';

const namePattern = '[A-Za-z_:\\u0080-\\uffff][-.0-9A-Za-z_:\\u0080-\\uffff]*';
const startOfTag = new RegExp(`<(${namePattern})`, 'y');
const attribute = new RegExp(
  `[ \\t\\r\\n]+(${namePattern})[ \\t\\r\\n]*=[ \\t\\r\\n]*("[^"<]*"|'[^'<]*')`,
  'y',
);
const endOfStartTag = /[ \t\r\n]*(\/?)>/y;
const endTag = new RegExp(`</(${namePattern})[ \\t\\r\\n]*>`, 'y');
const instruction = new RegExp(`<\\?(${namePattern})(?=[ \\t\\r\\n?])`, 'y');
const documentType = new RegExp(`<!DOCTYPE[ \\t\\r\\n]+${namePattern}`, 'y');

/**
 * Whether a text is a well-formed XML document: what .NET's XmlDocument loads, and all that `<XD>` may hold.
 * Entities of a document type are taken on trust, and so are name space prefixes; neither is ever expanded.
 */
export function isXmlDocument(text: string): boolean {
  return !hasForbiddenCharacter(text) && new DocumentCheck(text).passes();
}

/** One pass over a document; `open` is the stack, so that depth costs no calls. */
class DocumentCheck {
  private readonly text: string;
  private position = 0;
  private readonly open: string[] = [];
  private hasRoot = false;
  private hasDocumentType = false;

  constructor(text: string) {
    this.text = text;
  }

  passes(): boolean {
    while (this.position < this.text.length) {
      if (!this.passesText() || (this.position < this.text.length && !this.passesMarkup())) return false;
    }
    return this.hasRoot && this.open.length === 0;
  }

  private passesText(): boolean {
    const next = this.text.indexOf('<', this.position);
    const end = next === -1 ? this.text.length : next;
    const content = this.text.slice(this.position, end);
    this.position = end;
    if (this.open.length === 0) return /^[ \t\r\n]*$/.test(content);
    return !content.includes(']]>') && this.hasKnownEntities(content);
  }

  private passesMarkup(): boolean {
    const { text, position } = this;
    if (text.startsWith('<!--', position)) return this.passesComment();
    if (text.startsWith('<![CDATA[', position)) return this.open.length > 0 && this.passesTo(']]>');
    if (text.startsWith('<?', position)) return this.passesInstruction();
    if (text.startsWith('<!', position)) return this.passesDocumentType();
    return text.startsWith('</', position) ? this.passesEndTag() : this.passesStartTag();
  }

  private passesStartTag(): boolean {
    const name = this.match(startOfTag)?.[1];
    if (name === undefined || (this.open.length === 0 && this.hasRoot) || !this.passesAttributes())
      return false;
    const end = this.match(endOfStartTag);
    if (end === undefined) return false;
    this.hasRoot = true;
    if (end[1] === '') this.open.push(name);
    return true;
  }

  private passesAttributes(): boolean {
    const names = new Set<string>();
    for (let found = this.match(attribute); found !== undefined; found = this.match(attribute)) {
      const [, name = '', value = ''] = found;
      if (names.has(name) || !this.hasKnownEntities(value)) return false;
      names.add(name);
    }
    return true;
  }

  private passesEndTag(): boolean {
    const name = this.match(endTag)?.[1];
    return name !== undefined && this.open.pop() === name;
  }

  private passesComment(): boolean {
    const end = this.text.indexOf('--', this.position + 4);
    if (end === -1 || this.text.charAt(end + 2) !== '>') return false;
    this.position = end + 3;
    return true;
  }

  private passesInstruction(): boolean {
    const isFirst = this.position === 0;
    const target = this.match(instruction)?.[1];
    if (target === undefined || (target.toLowerCase() === 'xml' && !isFirst)) return false;
    return this.passesTo('?>');
  }

  /** A document type is skipped by its quotes and brackets. */
  private passesDocumentType(): boolean {
    if (this.hasRoot || this.hasDocumentType || this.match(documentType) === undefined) return false;
    this.hasDocumentType = true;
    const parts = /[[\]>"']|<!--/g;
    let isInside = false;
    for (;;) {
      parts.lastIndex = this.position;
      const part = parts.exec(this.text)?.[0];
      if (part === undefined) return false;
      this.position = parts.lastIndex;
      if (part === '>' && !isInside) return true;
      if (part === '[' || part === ']') isInside = part === '[';
      else if (part !== '>' && !this.passesTo(part === '<!--' ? '-->' : part)) return false;
    }
  }

  private passesTo(end: string): boolean {
    const found = this.text.indexOf(end, this.position);
    this.position = found + end.length;
    return found !== -1;
  }

  private hasKnownEntities(content: string): boolean {
    if (!content.includes('&')) return true;
    return this.hasDocumentType ? !/&(?![^;&]*;)/.test(content) : unescapeXml(content) !== undefined;
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text);
    if (found !== null) this.position = pattern.lastIndex;
    return found ?? undefined;
  }
}
