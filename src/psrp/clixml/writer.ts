import {
  nullValue,
  stringValue,
  type DictionaryValue,
  type EnumValue,
  type ListValue,
  type ObjectValue,
  type Property,
  type Value,
} from '../../core/value';
import { LocalProtocolError } from '../errors';
import { formatPrimitive, isPrimitive, type PrimitiveValue } from './primitives';
import { progressOf, type ProgressRecord } from './progress-record';
import { bigIntegerTypeNames, defaultTypeNames, mostBigIntegerDigits } from './type-names';
import { escapeAttribute, escapeText } from './xml-text';

const maxDepth = 50;

/**
 * Writes the payload of one PSRP message (MS-PSRP 2.2.5), with PowerShell's element order: type names, text, value,
 * adapted properties, notes. A value that CLIXML can't say (a number beyond its type, null as a key, a `reference` to
 * nothing before or around it, nesting that PowerShell would refuse to read) throws LocalProtocolError.
 */
export function writeClixml(value: Value): string {
  const writer = new ValueWriter([value]);
  writer.write(value, '');
  return writer.text;
}

/** Writes values one after the other; object and type-name references are shared by all of them. */
export class ValueWriter {
  /** What was written so far. */
  text = '';

  private readonly declared = new Set<number>();
  private readonly written = new Set<number>();
  private nextObjectId = 0;
  private readonly typeNameIds = new Map<readonly string[], number>();
  private readonly typeNameIdsByText = new Map<string, number>();
  private readonly nameAttributes = new Map<string, string>();
  private depth = 0;

  /** `values` are all that will be written: the ids that they give their objects are not given to others. */
  constructor(values: readonly Value[]) {
    for (const value of values) this.declareReferences(value, 0);
  }

  /** Writes one value, with attributes that are escaped already and begin with a blank. */
  write(value: Value, attributes: string): void {
    this.depth += 1;
    if (this.depth >= maxDepth) throw tooDeep();
    this.writeHere(value, attributes);
    this.depth -= 1;
  }

  private writeHere(value: Value, attributes: string): void {
    if (isPrimitive(value)) {
      this.writePrimitive(value, attributes);
      return;
    }
    switch (value.type) {
      case 'null':
        this.text += `<Nil${attributes} />`;
        return;
      case 'reference':
        this.writeReference(value.referenceId, attributes);
        return;
      case 'enum':
        this.writeEnum(value, attributes);
        return;
      case 'bigInteger':
        this.writeBigInteger(value.value, attributes);
        return;
      case 'list':
      case 'enumerable':
      case 'set':
      case 'stack':
      case 'queue':
      case 'dictionary':
        this.openObject(attributes, value.referenceId);
        this.writeTypeNames(defaultTypeNames[value.type]);
        this.writeContainer(value);
        this.text += '</Obj>';
        return;
      case 'object':
        this.writeObject(value, attributes);
        return;
    }
  }

  private writePrimitive(value: PrimitiveValue, attributes: string): void {
    const formatted = formatPrimitive(value);
    if (formatted === undefined)
      throw unsayable(`the content of a value of type ${value.type} is not of that type`);
    const [tag, content] = formatted;
    // PowerShell writes an empty string as <S></S>, and other empty elements as <BA />.
    const isEmpty = content === '' && tag !== 'S' && tag !== 'SS';
    this.text += isEmpty ? `<${tag}${attributes} />` : `<${tag}${attributes}>${content}</${tag}>`;
  }

  private writeToString(text: string): void {
    this.text += text === '' ? '<ToString />' : `<ToString>${escapeText(text)}</ToString>`;
  }

  private writeReference(referenceId: number, attributes: string): void {
    if (!this.written.has(referenceId)) {
      throw new LocalProtocolError(
        'CLIXML_REFERENCE_UNKNOWN',
        `a reference names the object ${String(referenceId)}, which is neither before nor around it`,
      );
    }
    this.text += `<Ref${attributes} RefId="${String(referenceId)}" />`;
  }

  private writeEnum(value: EnumValue, attributes: string): void {
    this.openObject(attributes, undefined);
    this.writeTypeNames(value.typeNames);
    this.writeToString(value.text);
    this.writePrimitive(value.value, '');
    this.text += '</Obj>';
  }

  private writeBigInteger(value: bigint, attributes: string): void {
    const digits = String(value);
    if (digits.length > mostBigIntegerDigits)
      throw unsayable(`an integer has more than ${String(mostBigIntegerDigits)} digits`);
    this.openObject(attributes, undefined);
    this.writeTypeNames(bigIntegerTypeNames);
    this.text += `<ToString>${digits}</ToString></Obj>`;
  }

  private writeObject(value: ObjectValue, attributes: string): void {
    const progress = progressOf(value);
    if (progress !== undefined) {
      this.writeProgressRecord(progress, attributes);
      return;
    }
    this.openObject(attributes, value.referenceId);
    this.writeTypeNames(value.typeNames);
    if (value.text !== undefined) this.writeToString(value.text);
    if (value.base !== undefined) this.writeBase(value.base);
    if (value.adapted.length > 0) this.writeAdapted(value.adapted);
    if (value.extended.length > 0) this.writeMembers(value.extended, '');
    this.text += '</Obj>';
  }

  private openObject(attributes: string, referenceId: number | undefined): void {
    this.text += `<Obj${attributes} RefId="${String(referenceId ?? this.newObjectId())}">`;
    if (referenceId === undefined) return;
    if (this.written.has(referenceId))
      throw unsayable(`two objects have the referenceId ${String(referenceId)}`);
    this.written.add(referenceId);
  }

  private newObjectId(): number {
    while (this.declared.has(this.nextObjectId)) this.nextObjectId += 1;
    const id = this.nextObjectId;
    this.nextObjectId += 1;
    return id;
  }

  private writeTypeNames(names: readonly string[]): void {
    if (names.length === 0) return;
    const known = this.typeNameIds.get(names) ?? this.typeNameIdsByText.get(JSON.stringify(names));
    if (known !== undefined) {
      this.typeNameIds.set(names, known);
      this.text += `<TNRef RefId="${String(known)}" />`;
      return;
    }
    const id = this.typeNameIdsByText.size;
    this.typeNameIdsByText.set(JSON.stringify(names), id);
    this.typeNameIds.set(names, id);
    this.text += `<TN RefId="${String(id)}">`;
    for (const name of names) {
      if (name === '') throw unsayable('a type name is empty');
      this.text += `<T>${escapeText(name)}</T>`;
    }
    this.text += '</TN>';
  }

  private writeBase(base: Value): void {
    if (isPrimitive(base)) {
      this.writePrimitive(base, '');
      return;
    }
    switch (base.type) {
      case 'null':
      case 'reference':
        throw unsayable(`the base of an object can't be a ${base.type}`);
      case 'list':
      case 'enumerable':
      case 'stack':
      case 'queue':
      case 'dictionary':
        if (base.referenceId !== undefined)
          throw unsayable('the container of an object has no referenceId of its own');
        this.writeContainer(base);
        return;
      case 'object':
        // As PowerShell counts them, only an <Obj> inside of another is a level of its own.
        if (progressOf(base) === undefined) this.write(base, '');
        else this.writeHere(base, '');
        return;
      case 'set':
      case 'enum':
      case 'bigInteger':
        this.write(base, '');
        return;
    }
  }

  private writeContainer(container: ListValue | DictionaryValue): void {
    const tag = containerTags[container.type];
    const { length } = container.type === 'dictionary' ? container.entries : container.items;
    if (length === 0) {
      this.text += `<${tag} />`;
      return;
    }
    this.text += `<${tag}>`;
    if (container.type === 'dictionary') this.writeEntries(container);
    else for (const item of container.items) this.write(item, '');
    this.text += `</${tag}>`;
  }

  private writeEntries(dictionary: DictionaryValue): void {
    for (const [key, value] of dictionary.entries) {
      if (key.type === 'null') throw unsayable('a dictionary has null as a key');
      this.text += '<En>';
      this.write(key, ' N="Key"');
      this.write(value, ' N="Value"');
      this.text += '</En>';
    }
  }

  private writeAdapted(properties: readonly Property[]): void {
    this.text += '<Props>';
    for (const property of properties) {
      if (property.isMemberSet === true) throw unsayable('only notes can hold a member set');
      this.write(property.value, this.nameAttribute(property.name));
    }
    this.text += '</Props>';
  }

  private writeMembers(members: readonly Property[], attributes: string): void {
    this.text += `<MS${attributes}>`;
    for (const member of members) {
      const name = this.nameAttribute(member.name);
      if (member.isMemberSet === true) this.writeMemberSet(member.value, name);
      else this.write(member.value, name);
    }
    this.text += '</MS>';
  }

  private writeMemberSet(set: Value, attributes: string): void {
    const isSet =
      set.type === 'object' &&
      set.typeNames.length === 0 &&
      set.adapted.length === 0 &&
      set.text === undefined &&
      set.base === undefined &&
      set.referenceId === undefined;
    if (!isSet) throw unsayable('a member set is an object with notes and nothing else');
    this.depth += 1;
    if (this.depth >= maxDepth) throw tooDeep();
    this.writeMembers(set.extended, attributes);
    this.depth -= 1;
  }

  private nameAttribute(name: string): string {
    const known = this.nameAttributes.get(name);
    if (known !== undefined) return known;
    if (name === '') throw unsayable('a property has an empty name');
    const attribute = ` N="${escapeAttribute(name)}"`;
    this.nameAttributes.set(name, attribute);
    return attribute;
  }

  private writeProgressRecord(record: ProgressRecord, attributes: string): void {
    this.text += `<PR${attributes}><AV>${escapeText(record.activity)}</AV><AI>${String(record.activityId)}</AI>`;
    const { currentOperation } = record;
    this.write(currentOperation === undefined ? nullValue : stringValue(currentOperation), '');
    this.text +=
      `<PI>${String(record.parentActivityId)}</PI><PC>${String(record.percentComplete)}</PC>` +
      `<T>${record.recordType}</T><SR>${String(record.secondsRemaining)}</SR>` +
      `<SD>${escapeText(record.statusDescription)}</SD></PR>`;
  }

  /** Collects every id in a value. Depth is counted roughly here, and exactly where it is written. */
  private declareReferences(value: Value, depth: number): void {
    if (depth > 2 * maxDepth) throw tooDeep();
    if ('items' in value) {
      for (const item of value.items) this.declareReferences(item, depth + 1);
    } else if ('entries' in value) {
      for (const entry of value.entries) for (const part of entry) this.declareReferences(part, depth + 1);
    } else if (value.type === 'object') {
      if (value.base !== undefined) this.declareReferences(value.base, depth + 1);
      for (const property of value.adapted) this.declareReferences(property.value, depth + 1);
      for (const property of value.extended) this.declareReferences(property.value, depth + 1);
    } else {
      return;
    }
    if (value.referenceId !== undefined) this.declared.add(value.referenceId);
  }
}

const containerTags: Readonly<Record<(ListValue | DictionaryValue)['type'], string>> = {
  list: 'LST',
  enumerable: 'IE',
  set: 'IE',
  stack: 'STK',
  queue: 'QUE',
  dictionary: 'DCT',
};

function unsayable(reason: string): LocalProtocolError {
  return new LocalProtocolError('CLIXML_UNSAYABLE', `CLIXML can't say this value: ${reason}`);
}

function tooDeep(): LocalProtocolError {
  const most = String(maxDepth - 1);
  return new LocalProtocolError(
    'CLIXML_TOO_DEEP',
    `a value is nested more than ${most} levels deep, more than PowerShell reads`,
  );
}
