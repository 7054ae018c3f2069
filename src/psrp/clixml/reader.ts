import { nullValue, type Property, type Value } from '../../core/value';
import type { RemoteProtocolError } from '../errors';
import { parseInteger } from './numbers';
import { primitiveParsers } from './primitives';
import { progressRecordType, progressValue, type ProgressRecord } from './progress-record';
import { ReferenceTable, type ReferenceTarget } from './references';
import { canonicalObject, type ObjectParts } from './shapes';
import { XmlCursor } from './xml-cursor';
import { decodeName } from './xml-text';

/** What one text may ask of us. */
export interface ClixmlLimits {
  /** Levels of values within values, as PowerShell counts them: the default, 50, is one more than it reads. */
  readonly maxDepth?: number;
  /**
   * How many characters of type names may be repeated by reference (`<TNRef>`). It bounds what a value grows to when
   * it is written in another form.
   */
  readonly maxRepeatedTypeNames?: number;
}

/** How a reader is set up: limits, and what it does with elements that only a later version of CLIXML can know. */
export interface ReaderOptions extends ClixmlLimits {
  readonly unknownElements: 'refused' | 'skipped';
}

const defaultMaxDepth = 50;
const defaultMaxRepeatedTypeNames = 64 * 1024 * 1024;
const int32 = { least: -0x80000000, greatest: 0x7fffffff } as const;

/**
 * Reads the payload of one PSRP message (MS-PSRP 2.2.5): one value, no `<Objs>` root; an empty text is null. One
 * leading byte order mark is let pass. Anything malformed throws RemoteProtocolError; time and memory stay in
 * proportion to the text.
 */
export function readClixml(text: string, limits: ClixmlLimits = {}): Value {
  if (text === '' || text === '\ufeff') return nullValue;
  const cursor = new XmlCursor(text);
  cursor.skipDeclaration();
  if (!cursor.enterElement()) throw cursor.malformed('an end tag at the start');
  const value = new ValueReader(cursor, { ...limits, unknownElements: 'refused' }).readValue();
  if (!cursor.isAtEnd()) throw cursor.malformed('more than one value');
  return value;
}

interface TypeNames {
  readonly names: readonly string[];
  readonly characters: number;
}

const noTypeNames: readonly string[] = [];
const containerTags: ReadonlyMap<string, 'list' | 'enumerable' | 'stack' | 'queue'> = new Map([
  ['LST', 'list'],
  ['IE', 'enumerable'],
  ['STK', 'stack'],
  ['QUE', 'queue'],
] as const);

/** Reads values at a cursor; object and type-name references are shared by all values that one reader reads. */
export class ValueReader {
  private readonly cursor: XmlCursor;
  private readonly maxDepth: number;
  private repeatableCharacters: number;
  private readonly unknownElements: ReaderOptions['unknownElements'];
  /** Most messages have none; their objects' ids then need not be kept. */
  private readonly hasReferences: boolean;
  private readonly references = new ReferenceTable();
  private readonly typeNames = new Map<string, TypeNames>();
  private readonly decodedNames = new Map<string, string>();
  private depth = 0;

  constructor(cursor: XmlCursor, options: ReaderOptions) {
    this.cursor = cursor;
    this.maxDepth = options.maxDepth ?? defaultMaxDepth;
    this.repeatableCharacters = options.maxRepeatedTypeNames ?? defaultMaxRepeatedTypeNames;
    this.unknownElements = options.unknownElements;
    this.hasReferences = cursor.mentions('<Ref');
  }

  /** The value of the element that the cursor has just entered, which is left. */
  readValue(): Value {
    this.goDeeper();
    const value = this.readValueHere();
    this.depth -= 1;
    return value;
  }

  private goDeeper(): void {
    this.depth += 1;
    if (this.depth < this.maxDepth) return;
    const most = String(this.maxDepth - 1);
    throw this.cursor.error('CLIXML_TOO_DEEP', `CLIXML is nested more than ${most} levels deep`);
  }

  private readValueHere(): Value {
    const tag = this.cursor.name;
    switch (tag) {
      case 'Obj':
        return this.readObject('anywhere');
      case 'Nil':
        this.readNothing();
        return nullValue;
      case 'Ref':
        return this.readReference();
      default:
        return this.readPrimitive(tag);
    }
  }

  private readPrimitive(tag: string): Value {
    const parse = primitiveParsers.get(tag);
    if (parse === undefined) return this.readUnusual(tag);
    const value = parse(this.cursor.readText());
    if (value === undefined) throw this.invalid(tag);
    return value;
  }

  private readUnusual(tag: string): Value {
    if (tag === 'PR') return this.readProgressRecord();
    if (tag === 'SemanticVersion') return this.readSemanticVersion();
    throw this.unknownElement(tag);
  }

  /** `<Nil>` and `<Ref>` hold nothing. */
  private readNothing(): void {
    const { name, isEmpty } = this.cursor;
    if (isEmpty) return;
    if (this.cursor.enterElement()) throw this.cursor.malformed(`an element inside of <${name}>`);
    this.cursor.leaveElement(name);
  }

  private readReference(): Value {
    const id = this.cursor.referenceAttribute;
    if (id === undefined) throw this.cursor.malformed('a <Ref> without RefId');
    const referenceId = this.references.refer(id);
    if (referenceId === undefined) {
      throw this.cursor.error(
        'CLIXML_REFERENCE_UNKNOWN',
        'a CLIXML <Ref> names an object that was not seen before',
      );
    }
    this.readNothing();
    return { type: 'reference', referenceId };
  }

  /** An object whose start tag was entered; `place` says whether it is the base of another one. */
  private readObject(place: 'anywhere' | 'base'): Value {
    const { cursor } = this;
    const target = this.hasReferences ? this.references.declare(cursor.referenceAttribute) : undefined;
    const parts: ObjectParts = {
      typeNames: noTypeNames,
      text: undefined,
      base: undefined,
      adapted: [],
      extended: [],
    };
    if (!cursor.isEmpty) {
      while (cursor.enterElement()) this.readObjectPart(parts);
      cursor.leaveElement('Obj');
    }
    return this.finishObject(parts, target, place);
  }

  private finishObject(
    parts: ObjectParts,
    target: ReferenceTarget | undefined,
    place: 'anywhere' | 'base',
  ): Value {
    const value = canonicalObject(parts, { place, referenceId: target?.referenceId });
    if (target !== undefined) target.value = value;
    return value;
  }

  /** Parts come in any order; of what can be there once only, the last counts, as in PowerShell. */
  private readObjectPart(parts: ObjectParts): void {
    const tag = this.cursor.name;
    switch (tag) {
      case 'TN':
        parts.typeNames = this.readTypeNames();
        return;
      case 'TNRef':
        parts.typeNames = this.readTypeNamesReference();
        return;
      case 'ToString':
        parts.text = decodeName(this.cursor.readText());
        return;
      case 'Props':
        parts.adapted = this.readProperties();
        return;
      case 'MS':
        this.readMembers(parts.extended);
        return;
      case 'Obj':
        this.goDeeper();
        parts.base = this.readObject('base');
        this.depth -= 1;
        return;
      default:
        this.readBase(tag, parts);
    }
  }

  private readBase(tag: string, parts: ObjectParts): void {
    const type = containerTags.get(tag);
    if (type !== undefined) parts.base = { type, items: this.readItems(tag) };
    else if (tag === 'DCT') parts.base = { type: 'dictionary', entries: this.readEntries() };
    else if (this.unknownElements === 'refused' || isPrimitive(tag)) parts.base = this.readPrimitive(tag);
    else this.cursor.skipElement();
  }

  private readTypeNames(): readonly string[] {
    const { cursor } = this;
    const id = cursor.referenceAttribute;
    const names: string[] = [];
    let characters = 0;
    if (!cursor.isEmpty) {
      while (cursor.enterElement()) {
        if (cursor.name !== 'T') throw this.unknownElement(cursor.name);
        const name = decodeName(cursor.readText());
        characters += name.length;
        if (name !== '') names.push(name);
      }
      cursor.leaveElement('TN');
    }
    if (id !== undefined) this.typeNames.set(id, { names, characters });
    return names;
  }

  private readTypeNamesReference(): readonly string[] {
    const id = this.cursor.referenceAttribute;
    if (id === undefined) throw this.cursor.malformed('a <TNRef> without RefId');
    const found = this.typeNames.get(id);
    if (found === undefined) {
      throw this.cursor.error(
        'CLIXML_REFERENCE_UNKNOWN',
        'a CLIXML <TNRef> names type names that were not seen before',
      );
    }
    this.repeatableCharacters -= found.characters;
    if (this.repeatableCharacters < 0) {
      throw this.cursor.error('CLIXML_TOO_LARGE', 'CLIXML repeats more type names by <TNRef> than the limit');
    }
    this.readNothing();
    return found.names;
  }

  private readProperties(): Property[] {
    const { cursor } = this;
    const properties: Property[] = [];
    if (cursor.isEmpty) return properties;
    while (cursor.enterElement()) {
      const name = this.readName();
      properties.push({ name, value: this.readValue() });
    }
    cursor.leaveElement('Props');
    return properties;
  }

  private readMembers(members: Property[]): void {
    const { cursor } = this;
    if (cursor.isEmpty) return;
    while (cursor.enterElement()) {
      const name = this.readName();
      members.push(cursor.name === 'MS' ? this.readMemberSet(name) : { name, value: this.readValue() });
    }
    cursor.leaveElement('MS');
  }

  private readMemberSet(name: string): Property {
    const extended: Property[] = [];
    this.goDeeper();
    this.readMembers(extended);
    this.depth -= 1;
    return {
      name,
      value: { type: 'object', typeNames: noTypeNames, adapted: [], extended },
      isMemberSet: true,
    };
  }

  private readName(): string {
    const encoded = this.cursor.nameAttribute;
    if (encoded === undefined) throw this.cursor.malformed('a property without N');
    if (encoded === '') throw this.cursor.malformed('a property with an empty name');
    const known = this.decodedNames.get(encoded);
    if (known !== undefined) return known;
    const name = decodeName(encoded);
    this.decodedNames.set(encoded, name);
    return name;
  }

  private readItems(tag: string): Value[] {
    const { cursor } = this;
    const items: Value[] = [];
    if (cursor.isEmpty) return items;
    while (cursor.enterElement()) items.push(this.readValue());
    cursor.leaveElement(tag);
    return items;
  }

  private readEntries(): (readonly [Value, Value])[] {
    const { cursor } = this;
    const entries: (readonly [Value, Value])[] = [];
    if (cursor.isEmpty) return entries;
    while (cursor.enterElement()) entries.push(this.readEntry());
    cursor.leaveElement('DCT');
    return entries;
  }

  private readEntry(): readonly [Value, Value] {
    const { cursor } = this;
    if (cursor.name !== 'En') throw this.unknownElement(cursor.name);
    if (cursor.isEmpty) throw cursor.malformed('an empty dictionary entry');
    const key = this.readEntryPart('key');
    if (key.type === 'null') throw cursor.malformed('null as a dictionary key');
    const value = this.readEntryPart('value');
    cursor.leaveElement('En');
    return [key, value];
  }

  private readEntryPart(part: 'key' | 'value'): Value {
    const { cursor } = this;
    if (!cursor.enterElement() || cursor.nameAttribute?.toLowerCase() !== part) {
      throw cursor.malformed(`a dictionary entry without its ${part}`);
    }
    return this.readValue();
  }

  /** A progress record's fields come in one order only (MS-PSRP 2.2.5.1.25). */
  private readProgressRecord(): Value {
    const { cursor } = this;
    if (cursor.isEmpty) throw this.invalid('PR');
    const record: ProgressRecord = {
      activity: this.readField('AV'),
      activityId: this.readNumberField('AI'),
      currentOperation: this.readCurrentOperation(),
      parentActivityId: this.readNumberField('PI'),
      percentComplete: this.readNumberField('PC'),
      recordType: this.readRecordType(),
      secondsRemaining: this.readNumberField('SR'),
      statusDescription: this.readField('SD'),
    };
    cursor.leaveElement('PR');
    const value = progressValue(record);
    if (value === undefined) throw this.invalid('PR');
    return value;
  }

  private readField(tag: string): string {
    const { cursor } = this;
    if (!cursor.enterElement() || cursor.name !== tag)
      throw cursor.malformed(`a progress record without <${tag}>`);
    return decodeName(cursor.readText());
  }

  private readNumberField(tag: string): number {
    const number = parseInteger(this.readField(tag), int32);
    if (number === undefined) throw this.invalid(tag);
    return number;
  }

  private readRecordType(): ProgressRecord['recordType'] {
    const type = progressRecordType(this.readField('T'));
    if (type === undefined) throw this.invalid('T');
    return type;
  }

  private readCurrentOperation(): string | undefined {
    if (!this.cursor.enterElement()) throw this.cursor.malformed('a progress record without its operation');
    const operation = this.readValue();
    if (operation.type === 'null') return undefined;
    if (operation.type !== 'string') throw this.invalid('PR');
    return operation.value === '' ? undefined : operation.value;
  }

  /** No PowerShell writes this element, but PowerShell reads it. */
  private readSemanticVersion(): Value {
    const text = this.cursor.readText();
    if (!/^[0-9]+(?:\.[0-9]+){0,2}(?:-[-.0-9A-Za-z]+)?(?:\+[-.0-9A-Za-z]+)?$/.test(text)) {
      throw this.invalid('SemanticVersion');
    }
    const typeNames = ['System.Management.Automation.SemanticVersion', 'System.Object'];
    return { type: 'object', typeNames, text, adapted: [], extended: [] };
  }

  private invalid(tag: string): RemoteProtocolError {
    return this.cursor.error('CLIXML_INVALID_VALUE', `the content of a CLIXML <${tag}> is not of that type`);
  }

  private unknownElement(tag: string): RemoteProtocolError {
    return this.cursor.error('CLIXML_UNKNOWN_ELEMENT', `CLIXML has no element <${tag.slice(0, 40)}> here`);
  }
}

function isPrimitive(tag: string): boolean {
  return primitiveParsers.has(tag) || tag === 'PR' || tag === 'SemanticVersion';
}
