import type { ObjectValue, Property, Value } from '../../src/core/value';
import { formatSingle } from '../../src/psrp/clixml/numbers';
import { isInteger } from '../../src/psrp/clixml/primitives';
import { bigIntegerTypeNames, defaultTypeNames } from '../../src/psrp/clixml/type-names';
import { deserializedTypeNames, dotnetTypeOf, kindOfDate, plainText, roundTripDate } from './dotnet-view';

/*
 * The checks of live-objects.jsonl: a path into an object, then what to ask of what is there (`@type`), or nothing for
 * its value as ConvertTo-Json prints it. test/corpus/README.md has the language. Numbers are compared by their digits,
 * as `{ number }`, since JavaScript's lose some of 64 bits.
 */

/** What a check's JSON text says, numbers as `{ number }`. */
export function exactJson(json: string): unknown {
  const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  const quoted = json.replace(tokens, (token) =>
    token.startsWith('"') ? token : `{"number":"${exactNumber(token)}"}`,
  );
  return JSON.parse(quoted);
}

/** What a value answers to a check; a path that leads nowhere throws. */
export function answerTo(root: Value, path: string): unknown {
  return new LiveObject(root).answer(path);
}

/** Whether the order of what a path asks for means nothing. */
export function isUnordered(path: string): boolean {
  return path.endsWith('@keys') || path.endsWith('@properties');
}

const step =
  /\.(?:"((?:[^"\\]|\\.)*)"|([^.[{@"]+))|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\{(\w+):([^}]*)\}|@(\w+)$/y;
const jsonDepth = 2;

class LiveObject {
  private readonly root: Value;
  private readonly targets = new Map<number, Value>();

  constructor(root: Value) {
    this.root = root;
    this.collect(root);
  }

  answer(path: string): unknown {
    let here = this.root;
    step.lastIndex = 0;
    while (step.lastIndex < path.length) {
      const at = path.slice(step.lastIndex);
      const found = step.exec(path);
      if (found === null) throw new Error(`no such path: ${at}`);
      const meta = found[7];
      if (meta !== undefined) return this.meta(here, meta);
      here = this.follow(this.next(here, found, at));
    }
    return this.plain(here);
  }

  private next(here: Value, found: readonly (string | undefined)[], at: string): Value {
    const [, quotedName, name, index, key, keyType, keyText] = found;
    const property = quotedName === undefined ? name : unquoted(quotedName);
    const value =
      property !== undefined
        ? propertiesOf(here).findLast((candidate) => candidate.name === property)?.value
        : index !== undefined
          ? itemsOf(here)?.[Number(index)]
          : entriesOf(here)?.find(([candidate]) => {
              if (key !== undefined) return candidate.type === 'string' && candidate.value === unquoted(key);
              return (
                dotnetTypeOf(candidate) === `System.${keyType ?? ''}` && this.text(candidate) === keyText
              );
            })?.[1];
    if (value === undefined) throw new Error(`nothing at ${at}`);
    return value;
  }

  private meta(here: Value, meta: string): unknown {
    switch (meta) {
      case 'type':
        return isRebuilt(here) ? 'System.Management.Automation.PSObject' : dotnetTypeOf(here);
      case 'typeNames':
        return typeNamesOf(here);
      case 'toString':
        return this.text(here, 'nested');
      case 'properties':
        return [...new Set(propertiesOf(here).map((property) => property.name))];
      case 'count':
        return { number: String((itemsOf(here) ?? entriesOf(here) ?? []).length) };
      case 'keys':
        return (entriesOf(here) ?? []).map(([key]) => this.text(key));
      case 'json':
        return this.json(here, 0);
      default:
        return primitiveMeta(innermost(here), meta);
    }
  }

  /** The value alone, without notes. */
  private plain(here: Value): unknown {
    const value = innermost(here);
    return value.type === 'enum' ? { number: String(value.value.value) } : this.json(value, 0);
  }

  /** ConvertTo-Json -Depth 2: what lies deeper is its text. */
  private json(given: Value, depth: number): unknown {
    const value = this.follow(given);
    const bare = innermost(value);
    if (value.type === 'enum') return { value: this.json(value.value, depth), Value: value.text };
    if (!isComplex(bare)) {
      const notes = propertiesOf(value);
      const content = primitiveJson(bare);
      return notes.length === 0 ? content : { value: content, ...this.members(notes, depth) };
    }
    if (depth > jsonDepth) return this.text(value);
    const entries = entriesOf(value);
    if (entries !== undefined) {
      return Object.fromEntries(entries.map(([key, entry]) => [this.text(key), this.json(entry, depth + 1)]));
    }
    const items = itemsOf(value);
    if (items !== undefined) return items.map((item) => this.json(item, depth + 1));
    return this.members(propertiesOf(value), depth);
  }

  private members(properties: readonly Property[], depth: number): object {
    return Object.fromEntries(properties.map(({ name, value }) => [name, this.json(value, depth + 1)]));
  }

  /** ToString() as PowerShell gives it: a bag's own is empty, but within text it lists its properties. */
  private text(given: Value, place: 'alone' | 'nested' = 'alone'): string {
    const value = this.follow(given);
    if (value.type === 'enum' || (value.type === 'object' && value.text !== undefined))
      return value.text ?? '';
    const entries = entriesOf(value);
    if (entries !== undefined) return dotnetTypeOf(value);
    const items = itemsOf(value);
    if (items !== undefined) return items.map((item) => this.text(item, 'nested')).join(' ');
    const bare = innermost(value);
    if (bare.type !== 'object') return invariantText(bare);
    if (place === 'nested') return '';
    const members = propertiesOf(value).map(
      ({ name, value: member }) => `${name}=${this.text(member, 'nested')}`,
    );
    return members.length === 0 ? '' : `@{${members.join('; ')}}`;
  }

  private follow(value: Value): Value {
    if (value.type !== 'reference') return value;
    const target = this.targets.get(value.referenceId);
    if (target === undefined) throw new Error('a reference to nothing');
    return target;
  }

  private collect(value: Value): void {
    const id = value.type !== 'reference' && 'referenceId' in value ? value.referenceId : undefined;
    if (id !== undefined) this.targets.set(id, value);
    if ('items' in value) for (const item of value.items) this.collect(item);
    if ('entries' in value) for (const entry of value.entries) for (const part of entry) this.collect(part);
    if (value.type !== 'object') return;
    if (value.base !== undefined) this.collect(value.base);
    for (const property of [...value.adapted, ...value.extended]) this.collect(property.value);
  }
}

function innermost(value: Value): Value {
  return value.type === 'object' && value.base !== undefined ? innermost(value.base) : value;
}

/** An enumerable with properties of its own is a PSObject that enumerates; without, it is an ArrayList. */
function isRebuilt(value: Value): boolean {
  return value.type === 'object' && value.base?.type === 'enumerable' && value.adapted.length > 0;
}

function isComplex(value: Value): boolean {
  return value.type === 'object' || 'items' in value || 'entries' in value;
}

function propertiesOf(value: Value): readonly Property[] {
  if (value.type !== 'object') return [];
  const inner: readonly Property[] = value.base?.type === 'object' ? propertiesOf(value.base) : [];
  return [...inner, ...value.adapted, ...value.extended];
}

function itemsOf(value: Value): readonly Value[] | undefined {
  const bare = innermost(value);
  return 'items' in bare ? bare.items : undefined;
}

function entriesOf(value: Value): readonly (readonly [Value, Value])[] | undefined {
  const bare = innermost(value);
  return 'entries' in bare ? bare.entries : undefined;
}

function typeNamesOf(value: Value): readonly string[] {
  if (value.type === 'enum') return deserializedTypeNames(value.typeNames);
  if (value.type === 'bigInteger') return deserializedTypeNames(bigIntegerTypeNames);
  if ('items' in value || 'entries' in value) return deserializedTypeNames(defaultTypeNames[value.type]);
  if (value.type === 'object' && value.typeNames.length > 0) return objectTypeNames(value);
  return [dotnetTypeOf(value), 'System.Object'];
}

/** A progress record is read as itself, all other objects as what is left of them. */
function objectTypeNames(value: ObjectValue): readonly string[] {
  const isProgress = value.typeNames[0] === 'System.Management.Automation.ProgressRecord';
  return isProgress ? value.typeNames : deserializedTypeNames(value.typeNames);
}

function primitiveMeta(value: Value, meta: string): unknown {
  switch (`${meta} ${value.type}`) {
    case 'code char':
      return value.type === 'char' ? { number: String(value.code) } : undefined;
    case 'ticks duration':
      return value.type === 'duration' ? String(value.ticks) : undefined;
    case 'ticks dateTime':
      return value.type === 'dateTime' ? ticksOf(value.text) : undefined;
    case 'kind dateTime':
      return value.type === 'dateTime' ? kindOfDate(value.text) : undefined;
    case 'roundtrip dateTime':
      return value.type === 'dateTime' ? roundTripDate(value.text) : undefined;
    case 'base64 bytes':
      return value.type === 'bytes' ? Buffer.from(value.value).toString('base64') : undefined;
    case 'plain secureString':
      return value.type === 'secureString' ? plainText(value.sealed) : undefined;
    case 'outerXml xml':
      return value.type === 'xml' ? value.text : undefined;
    default:
      if (meta === 'invariant') return invariantText(value);
      throw new Error(`no meta ${meta} of ${value.type}`);
  }
}

function ticksOf(text: string): string {
  const [, seconds = '', fraction = ''] = /^(.{19})(?:\.(\d+))?/.exec(text) ?? [];
  const sinceYearOne = BigInt(Date.parse(`${seconds}Z`)) - BigInt(Date.parse('0001-01-01T00:00:00Z'));
  return String(sinceYearOne * 10_000n + BigInt(fraction.padEnd(7, '0')));
}

/** A primitive's text in the invariant culture. */
function invariantText(value: Value): string {
  if (isInteger(value)) return String(value.value);
  if (value.type === 'single' || value.type === 'double') return floatText(value);
  if (value.type === 'bool') return value.value ? 'True' : 'False';
  if (value.type === 'string') return value.value;
  if (value.type === 'char') return String.fromCharCode(value.code);
  return 'text' in value ? (value.text ?? '') : '';
}

function floatText(value: Extract<Value, { type: 'single' | 'double' }>): string {
  if (!Number.isFinite(value.value)) return String(value.value);
  const text = value.type === 'single' ? formatSingle(value.value) : String(value.value);
  return text.replace(
    /e([+-])(\d+)$/,
    (_, sign: string, digits: string) => `E${sign}${digits.padStart(2, '0')}`,
  );
}

function primitiveJson(value: Value): unknown {
  if (isInteger(value)) return { number: String(value.value) };
  if (value.type === 'single' || value.type === 'double') {
    const text = floatText(value);
    return Number.isFinite(value.value) ? { number: exactNumber(text) } : text;
  }
  if (value.type === 'decimal') return { number: exactNumber(value.text) };
  if (value.type === 'null') return null;
  if (value.type === 'bool') return value.value;
  if (value.type === 'bytes') return [...value.value].map((byte) => ({ number: String(byte) }));
  if (value.type === 'duration') return timeSpanJson(value.ticks);
  if (value.type === 'version') return versionJson(value.text);
  if (value.type === 'secureString') return { Length: { number: String(plainText(value.sealed).length) } };
  return invariantText(value);
}

function timeSpanJson(ticks: bigint): object {
  const part = (unit: bigint, modulo: bigint): bigint => (ticks / unit) % modulo;
  const whole = {
    Ticks: ticks,
    Days: ticks / 864_000_000_000n,
    Hours: part(36_000_000_000n, 24n),
    Milliseconds: part(10_000n, 1000n),
    Microseconds: part(10n, 1000n),
    Nanoseconds: (ticks % 10n) * 100n,
    Minutes: part(600_000_000n, 60n),
    Seconds: part(10_000_000n, 60n),
  };
  const total = {
    TotalDays: Number(ticks) / 864_000_000_000,
    TotalHours: Number(ticks) / 36_000_000_000,
    TotalMilliseconds: Number(ticks) / 10_000,
    TotalMicroseconds: Number(ticks) / 10,
    TotalNanoseconds: Number(ticks) * 100,
    TotalMinutes: Number(ticks) / 600_000_000,
    TotalSeconds: Number(ticks) / 10_000_000,
  };
  return numbered({ ...whole, ...total });
}

function versionJson(text: string): object {
  const [Major = -1, Minor = -1, Build = -1, Revision = -1] = text.split('.').map(Number);
  const low = Revision & 0xffff;
  const MinorRevision = low > 0x7fff ? low - 0x10000 : low;
  return numbered({ Major, Minor, Build, Revision, MajorRevision: Revision >> 16, MinorRevision });
}

function numbered(members: Readonly<Record<string, number | bigint>>): object {
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [name, { number: exactNumber(String(member)) }]),
  );
}

/** One spelling for each number: 3.0 and 3 are the same. */
function exactNumber(text: string): string {
  return /^-?\d+$/.test(text) ? text : String(Number(text));
}

function unquoted(text: string): string {
  return JSON.parse(`"${text}"`) as string;
}
