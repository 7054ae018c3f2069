import { inspect, types } from 'node:util';
import type { WireValue } from '../../script/wire-value';

/** A value has more in it than may be sent. */
export class TooLarge extends Error {}

/** Deeper objects are shown as text. */
const maximumDepth = 48;
const maximumTextLength = 64 * 1024;
const maximumTypeNames = 20;

/** What travels for an object, while it is being made: it gets its number when it is met again. */
interface Node {
  readonly t: string;
  v?: unknown;
  n?: readonly string[];
  s?: string;
  b?: WireValue;
  e?: (readonly [string, WireValue])[];
  r?: number;
}

/**
 * A JavaScript value as it travels to the engine. What can't be read (getters that throw, revoked proxies) is left out or shown as text.
 * Throws TooLarge for one that would certainly be longer than `maximumLength`.
 */
export function toWire(value: unknown, maximumLength: number): WireValue {
  return new Conversion(maximumLength).convert(value, 0);
}

class Conversion {
  readonly #maximumLength: number;
  readonly #nodes = new Map<object, Node>();
  #length = 0;
  #references = 0;

  constructor(maximumLength: number) {
    this.#maximumLength = maximumLength;
  }

  convert(value: unknown, depth: number): WireValue {
    this.#count(4);
    switch (typeof value) {
      case 'undefined':
        return null;
      case 'boolean':
        return value;
      case 'string':
        this.#count(value.length);
        return value;
      case 'number':
        return numberToWire(value);
      case 'bigint':
        return { t: value === BigInt.asIntN(64, value) ? 'int64' : 'bigInteger', v: value.toString() };
      case 'symbol':
        return { t: 'object', n: ['Symbol'], s: String(value) };
      case 'function':
        return { t: 'object', n: ['Function', 'Object'], s: shown(value) };
      case 'object':
        return value === null ? null : this.#object(value, depth);
    }
  }

  #object(value: object, depth: number): WireValue {
    const known = this.#nodes.get(value);
    if (known !== undefined) {
      if (known.r === undefined) known.r = this.#references += 1;
      return { t: 'reference', v: known.r };
    }
    try {
      return this.#scalarObject(value) ?? this.#container(value, depth);
    } catch (thrown) {
      if (thrown instanceof TooLarge) throw thrown;
      return { t: 'object', n: ['Object'], s: shown(value) };
    }
  }

  /** Objects that are one thing, such as a date; undefined for all others. */
  #scalarObject(value: object): WireValue | undefined {
    if (types.isProxy(value)) return undefined;
    if (types.isDate(value)) return dateToWire(value);
    if (types.isRegExp(value)) return { t: 'object', n: ['RegExp', 'Object'], s: String(value) };
    if (types.isBoxedPrimitive(value)) return this.convert(value.valueOf(), maximumDepth);
    if (value instanceof URL) return { t: 'uri', v: value.href };
    const bytes = bytesOf(value);
    if (bytes === undefined) return undefined;
    this.#count((bytes.length * 4) / 3);
    return { t: 'bytes', v: bytes.toString('base64') };
  }

  #container(value: object, depth: number): WireValue {
    if (depth >= maximumDepth) return shown(value);
    const node = this.#emptyNode(value);
    this.#nodes.set(value, node);
    if (Array.isArray(value)) node.v = this.#items(value, depth);
    else if (types.isTypedArray(value)) node.v = this.#items(Array.from<unknown>(value), depth);
    else if (types.isSet(value)) node.v = this.#items([...Set.prototype.values.call(value)], depth);
    else if (types.isMap(value)) node.v = this.#entries(value, depth);
    else this.#describe(value, node, depth);
    return node;
  }

  #emptyNode(value: object): Node {
    if (Array.isArray(value) || types.isTypedArray(value)) return { t: 'list' };
    if (types.isSet(value)) return { t: 'set' };
    if (types.isMap(value)) return { t: 'dictionary' };
    return { t: 'object' };
  }

  #items(items: readonly unknown[], depth: number): WireValue[] {
    const converted: WireValue[] = [];
    // Not map: that would leave holes.
    for (let at = 0; at < items.length; at += 1) converted.push(this.convert(items[at], depth + 1));
    return converted;
  }

  #entries(map: Map<unknown, unknown>, depth: number): (readonly [WireValue, WireValue])[] {
    return [...Map.prototype.entries.call(map)].map(([key, item]) => [
      this.convert(key, depth + 1),
      this.convert(item, depth + 1),
    ]);
  }

  #describe(value: object, node: Node, depth: number): void {
    node.n = typeNamesOf(value);
    const isError = types.isNativeError(value);
    const text = isError || node.n.length > 1 ? textOf(value) : undefined;
    if (text !== undefined) node.s = text;
    const names = isError
      ? ['name', 'message', 'stack', 'cause', 'errors', ...Object.keys(value)]
      : Object.keys(value);
    const properties = [...new Set(names)].flatMap((name) => this.#property(value, name, depth));
    if (properties.length > 0) node.e = properties;
    else if (text === undefined && node.n.length > 1) node.s = shown(value);
  }

  /** None for what JSON leaves out too: functions, symbols, undefined; and none where reading it throws. */
  #property(object: object, name: string, depth: number): (readonly [string, WireValue])[] {
    let value: unknown;
    try {
      value = Reflect.get(object, name);
    } catch {
      return [];
    }
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return [];
    this.#count(name.length);
    return [[name, this.convert(value, depth + 1)]];
  }

  #count(length: number): void {
    this.#length += length;
    if (this.#length > this.#maximumLength) throw new TooLarge();
  }
}

function numberToWire(value: number): WireValue {
  if (Object.is(value, -0)) return { t: 'double', v: '-0' };
  if ((value | 0) === value) return value;
  if (Number.isSafeInteger(value)) return { t: 'int64', v: String(value) };
  return { t: 'double', v: Number.isFinite(value) ? value : String(value) };
}

/** Years before 1 and after 9999 have no place in a dateTime. */
function dateToWire(date: Date): WireValue {
  const time = Date.prototype.getTime.call(date);
  const iso = Number.isNaN(time) ? 'Invalid Date' : new Date(time).toISOString();
  if (!/^\d{4}-/.test(iso) || iso.startsWith('0000')) return { t: 'object', n: ['Date', 'Object'], s: iso };
  return { t: 'dateTime', v: iso.replace(/\.?0*Z$/, 'Z') };
}

function bytesOf(value: object): Buffer | undefined {
  if (types.isAnyArrayBuffer(value)) return Buffer.from(value);
  if (types.isUint8Array(value) || types.isUint8ClampedArray(value) || types.isDataView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return undefined;
}

/** Names of its classes, the most derived first. */
function typeNamesOf(value: object): string[] {
  const names: string[] = [];
  let prototype: unknown = Object.getPrototypeOf(value);
  while (typeof prototype === 'object' && prototype !== null && names.length < maximumTypeNames) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
    const name: unknown = typeof constructor === 'function' ? constructor.name : undefined;
    // A class may have a static member called `name`.
    if (typeof name === 'string' && name !== '') names.push(name);
    prototype = Object.getPrototypeOf(prototype);
  }
  return names.length === 0 ? ['Object'] : names;
}

/** What the object's own toString gives; undefined: it has none. */
function textOf(value: object): string | undefined {
  try {
    const toString: unknown = Reflect.get(value, 'toString');
    if (typeof toString !== 'function' || toString === Object.prototype.toString) return undefined;
    const text: unknown = Reflect.apply(toString, value, []);
    return typeof text === 'string' && text.length <= maximumTextLength ? text : undefined;
  } catch {
    return undefined;
  }
}

function shown(value: object): string {
  try {
    return inspect(value, { depth: 0, breakLength: Infinity, customInspect: false }).slice(
      0,
      maximumTextLength,
    );
  } catch {
    return '[unreadable]';
  }
}
