import type {
  DictionaryValue,
  EnumValue,
  IntegerType,
  ListValue,
  ObjectValue,
  Property,
  Value,
} from '../../src/core/value';
import { isInteger } from '../../src/psrp/clixml/primitives';
import { bigIntegerTypeNames, defaultTypeNames } from '../../src/psrp/clixml/type-names';
import { kindOfDate, plainText, roundTripDate } from './dotnet-view';

/** A value as clixml.jsonl states it: test/corpus/README.md has the form of each `t`. */
export interface TypedValue {
  readonly t: string;
  readonly v?: string;
  readonly plain?: string;
  readonly kind?: string;
  readonly base?: string;
  readonly class?: string;
  readonly native?: boolean;
  readonly typeNames?: readonly string[];
  readonly adapted?: Readonly<Record<string, TypedValue>>;
  readonly extended?: Readonly<Record<string, TypedValue>>;
  readonly list?: readonly TypedValue[];
  readonly ie?: readonly TypedValue[];
  readonly queue?: readonly TypedValue[];
  readonly stack?: readonly TypedValue[];
  readonly dict?: readonly (readonly [TypedValue, TypedValue])[];
  readonly up?: number;
}

const integerTypes: Readonly<Record<string, IntegerType>> = {
  SByte: 'int8',
  Byte: 'uint8',
  Int16: 'int16',
  UInt16: 'uint16',
  Int32: 'int32',
  UInt32: 'uint32',
  Int64: 'int64',
  UInt64: 'uint64',
};
const integerNames = Object.fromEntries(Object.entries(integerTypes).map(([name, type]) => [type, name]));
const textTypes = {
  Uri: 'uri',
  Xml: 'xml',
  ScriptBlock: 'scriptBlock',
  Version: 'version',
  Guid: 'guid',
  Decimal: 'decimal',
} as const;
const textNames = Object.fromEntries(Object.entries(textTypes).map(([name, type]) => [type, name]));
const containers = { list: 'list', ie: 'enumerable', queue: 'queue', stack: 'stack' } as const;
const containerNames = { list: 'list', enumerable: 'ie', set: 'ie', queue: 'queue', stack: 'stack' } as const;

/** The value that is meant: what a `serialize` record has to be written from. */
export function valueOfTyped(typed: TypedValue): Value {
  return new Builder().build(typed, []);
}

/** Gives an id to each object that a cycle comes back to. */
class Builder {
  private nextId = 0;

  build(typed: TypedValue, around: readonly { id?: number }[]): Value {
    const own: { id?: number } = {};
    const inner = [own, ...around];
    if (typed.t === 'Cycle') {
      const target = around[(typed.up ?? 1) - 1];
      if (target === undefined) throw new Error('a cycle beyond the outermost object');
      target.id ??= this.nextId++;
      return { type: 'reference', referenceId: target.id };
    }
    if (typed.t === 'Enum') return this.wrapped(enumOf(typed), typed, inner);
    if (typed.t !== 'Object' && typed.t !== 'ProgressRecord')
      return this.wrapped(primitiveOf(typed), typed, inner);
    const container = this.container(typed, inner);
    const value = this.object(typed, container, inner);
    return own.id === undefined ? value : { ...value, referenceId: own.id };
  }

  /** A primitive or enum, and its notes where it has some. */
  private wrapped(value: Value, typed: TypedValue, around: readonly { id?: number }[]): Value {
    if (typed.adapted === undefined && typed.extended === undefined) return value;
    const base = value.type === 'enum' ? value.value : value;
    const names =
      value.type === 'enum' ? { typeNames: value.typeNames, text: value.text } : { typeNames: [] };
    return { type: 'object', ...names, base, ...this.properties(typed, around) };
  }

  private object(
    typed: TypedValue,
    base: Value | undefined,
    around: readonly { id?: number }[],
  ): ListValue | DictionaryValue | ObjectValue {
    const typeNames = typed.typeNames ?? [];
    const properties = this.properties(typed, around);
    const isBare = properties.adapted.length === 0 && properties.extended.length === 0;
    const isContainer = base?.type === 'list' || base?.type === 'dictionary';
    if (isContainer && isBare && String(typeNames) === String(defaultTypeNames[base.type])) return base;
    // What psrpcore calls the text of a list, dictionary, queue or stack never travels.
    const text = base === undefined ? textOf(typed) : undefined;
    return {
      type: 'object',
      typeNames,
      ...(text === undefined ? {} : { text }),
      ...(base === undefined ? {} : { base }),
      ...properties,
    };
  }

  private container(typed: TypedValue, around: readonly { id?: number }[]): Value | undefined {
    if (typed.dict !== undefined) {
      return {
        type: 'dictionary',
        entries: typed.dict.map(
          ([key, value]) => [this.build(key, around), this.build(value, around)] as const,
        ),
      };
    }
    for (const [name, type] of Object.entries(containers)) {
      const items = typed[name as keyof typeof containers];
      if (items !== undefined)
        return { type, items: items.map((item) => this.build(item, around)) } satisfies ListValue;
    }
    return undefined;
  }

  private properties(
    typed: TypedValue,
    around: readonly { id?: number }[],
  ): { adapted: Property[]; extended: Property[] } {
    const all = (members: TypedValue['adapted']): Property[] =>
      Object.entries(members ?? {}).map(([name, value]) => ({ name, value: this.build(value, around) }));
    return { adapted: all(typed.adapted), extended: all(typed.extended) };
  }
}

function textOf(typed: TypedValue): string | undefined {
  const text: unknown = Object.hasOwn(typed, 'toString') ? Reflect.get(typed, 'toString') : undefined;
  return typeof text === 'string' ? text : undefined;
}

function enumOf(typed: TypedValue): EnumValue {
  const value = integerOf(integerTypes[typed.base ?? 'Int32'] ?? 'int32', typed.v ?? '');
  return { type: 'enum', typeNames: typed.typeNames ?? [], text: textOf(typed) ?? '', value };
}

function integerOf(type: IntegerType, text: string): EnumValue['value'] {
  return type === 'int64' || type === 'uint64'
    ? { type, value: BigInt(text) }
    : { type, value: Number(text) };
}

function primitiveOf(typed: TypedValue): Value {
  const text = typed.v ?? '';
  const integer = integerTypes[typed.t];
  if (integer !== undefined) return integerOf(integer, text);
  switch (typed.t) {
    case 'Null':
      return { type: 'null' };
    case 'Boolean':
      return { type: 'bool', value: text === 'true' };
    case 'Single':
    case 'Double':
      return { type: typed.t === 'Single' ? 'single' : 'double', value: numberOf(text) };
    case 'Char':
      return { type: 'char', code: Number(text) };
    case 'String':
      return { type: 'string', value: text };
    case 'DateTime':
      return { type: 'dateTime', text: text.replace(/\.?0*(Z|[+-]\d\d:\d\d)?$/, '$1') };
    case 'TimeSpan':
      return { type: 'duration', ticks: BigInt(text) };
    case 'ByteArray':
      return { type: 'bytes', value: new Uint8Array(Buffer.from(text, 'base64')) };
    case 'SecureString':
      return { type: 'secureString', sealed: Buffer.from(typed.plain ?? '', 'utf16le').toString('base64') };
    case 'Uri':
    case 'Xml':
    case 'ScriptBlock':
    case 'Version':
    case 'Guid':
    case 'Decimal':
      return { type: textTypes[typed.t], text };
    default:
      throw new Error(`the corpus has a type ${typed.t} that this test does not know`);
  }
}

function numberOf(text: string): number {
  if (text === 'INF') return Number.POSITIVE_INFINITY;
  return text === '-INF' ? Number.NEGATIVE_INFINITY : Number(text);
}

/**
 * A value in the corpus's form, to be compared with `like`. Where psrpcore's view says more than the wire does (the
 * text of a list) or less (members of its own classes), `like` is followed.
 */
export function typedOfValue(value: Value, like: TypedValue): unknown {
  return new Describer(value).describe(value, like, []);
}

/** `like` without what only concerns psrpcore. */
export function comparable(like: TypedValue): unknown {
  return JSON.parse(
    JSON.stringify(like, (key, member: unknown) => {
      if (key === 'class' || key === 'native') return undefined;
      return key === 'typeNames' && Array.isArray(member)
        ? member.map((name) => withoutPrefix(String(name)))
        : member;
    }),
  );
}

/** Looks up references, and follows cycles as far as `like` does. */
class Describer {
  private readonly targets = new Map<number, Value>();

  constructor(root: Value) {
    this.collect(root);
  }

  describe(value: Value, like: TypedValue | undefined, around: readonly Value[]): unknown {
    if (value.type === 'reference') {
      const target = this.targets.get(value.referenceId);
      if (target === undefined) throw new Error('a reference to nothing');
      const up = around.indexOf(target) + 1;
      return up > 0 && like?.t === 'Cycle' ? { t: 'Cycle', up } : this.describe(target, like, around);
    }
    if (value.type === 'object') return this.object(value, like, [value, ...around]);
    if (value.type === 'enum') return { ...typedEnum(value), ...namesOf(value.typeNames, like) };
    if (value.type === 'bigInteger')
      return { t: 'Object', typeNames: bigIntegerTypeNames, toString: String(value.value) };
    if ('items' in value || 'entries' in value) {
      return {
        t: 'Object',
        ...this.contents(value, like, [value, ...around]),
        ...namesOf(defaultTypeNames[value.type], like),
        ...textLike(undefined, like),
      };
    }
    return typedPrimitive(value, like);
  }

  private object(
    value: Extract<Value, { type: 'object' }>,
    like: TypedValue | undefined,
    around: readonly Value[],
  ): unknown {
    const properties = {
      ...this.members('adapted', value.adapted, { like, around }),
      ...this.members('extended', value.extended, { like, around }),
    };
    const { base } = value;
    if (base === undefined) {
      return {
        t: like?.t === 'ProgressRecord' ? like.t : 'Object',
        ...namesOf(value.typeNames, like),
        ...textLike(value.text, like),
        ...properties,
      };
    }
    if ('items' in base || 'entries' in base) {
      return {
        t: 'Object',
        ...namesOf(value.typeNames, like),
        ...textLike(value.text, like),
        ...this.contents(base, like, around),
        ...properties,
      };
    }
    if (like?.t === 'Enum' && isInteger(base)) {
      return {
        t: 'Enum',
        base: integerNames[base.type],
        v: String(base.value),
        ...namesOf(value.typeNames, like),
        ...textLike(value.text, like),
        ...properties,
      };
    }
    return { ...(this.describe(base, like, around) as object), ...properties };
  }

  private members(
    kind: 'adapted' | 'extended',
    members: readonly Property[],
    { like, around }: { like: TypedValue | undefined; around: readonly Value[] },
  ): object {
    const wanted = like?.[kind];
    const isRehydrated = like?.class !== undefined;
    if (like?.t === 'Boolean' && wanted === undefined) return {}; // Python's bool can't carry notes
    const seen = members.filter(({ name }) => !isRehydrated || wanted === undefined || name in wanted);
    if (seen.length === 0)
      return wanted === undefined || Object.keys(wanted).length > 0 ? {} : { [kind]: {} };
    return {
      [kind]: Object.fromEntries(
        seen.map(({ name, value }) => [name, this.describe(value, wanted?.[name], around)]),
      ),
    };
  }

  private contents(container: Value, like: TypedValue | undefined, around: readonly Value[]): object {
    if ('entries' in container) {
      return {
        dict: container.entries.map((entry, index) =>
          entry.map((part, side) => this.describe(part, like?.dict?.[index]?.[side], around)),
        ),
      };
    }
    if (!('items' in container)) return {};
    const name = containerNames[container.type];
    return {
      [name]: container.items.map((item, index) => this.describe(item, like?.[name]?.[index], around)),
    };
  }

  private collect(value: Value): void {
    const id = value.type !== 'reference' && 'referenceId' in value ? value.referenceId : undefined;
    if (id !== undefined) this.targets.set(id, value);
    if ('items' in value) value.items.forEach((item) => this.collect(item));
    if ('entries' in value) value.entries.forEach((entry) => entry.forEach((part) => this.collect(part)));
    if (value.type !== 'object') return;
    if (value.base !== undefined) this.collect(value.base);
    [...value.adapted, ...value.extended].forEach((property) => this.collect(property.value));
  }
}

function typedEnum(value: EnumValue): object {
  return {
    t: 'Enum',
    base: integerNames[value.value.type],
    v: String(value.value.value),
    toString: value.text,
  };
}

/** Without type names on the wire psrpcore shows its own. */
function namesOf(names: readonly string[], like: TypedValue | undefined): object {
  if (names.length === 0)
    return like?.typeNames === undefined ? {} : { typeNames: like.typeNames.map(withoutPrefix) };
  return { typeNames: names.map(withoutPrefix) };
}

function textLike(text: string | undefined, like: TypedValue | undefined): object {
  const wanted = like && textOf(like);
  return wanted === undefined ? {} : { toString: text ?? wanted };
}

function withoutPrefix(name: string): string {
  return name.replace(/^Deserialized\./, '');
}

function typedPrimitive(value: Value, like: TypedValue | undefined): unknown {
  if (isInteger(value)) return { t: integerNames[value.type], v: String(value.value) };
  const textual = textNames[value.type];
  if (textual !== undefined && 'text' in value) return { t: textual, v: value.text };
  if (value.type === 'null') return { t: 'Null' };
  if (value.type === 'bool') return { t: 'Boolean', v: String(value.value) };
  if (value.type === 'string') return { t: 'String', v: value.value };
  if (value.type === 'char') return { t: 'Char', v: String(value.code) };
  if (value.type === 'duration') return { t: 'TimeSpan', v: String(value.ticks) };
  if (value.type === 'bytes') return { t: 'ByteArray', v: Buffer.from(value.value).toString('base64') };
  if (value.type === 'secureString') return { t: 'SecureString', plain: plainText(value.sealed) };
  if (value.type === 'dateTime') {
    const kind = kindOfDate(value.text);
    return { t: 'DateTime', v: roundTripDate(value.text), kind: kind === 'Local' ? 'Offset' : kind };
  }
  if (value.type === 'single' || value.type === 'double') {
    const wanted = numberOf(like?.v ?? '');
    const isSame = Object.is(value.type === 'single' ? Math.fround(wanted) : wanted, value.value);
    return { t: value.type === 'single' ? 'Single' : 'Double', v: isSame ? like?.v : String(value.value) };
  }
  throw new Error(`no typed form for ${value.type}`);
}
