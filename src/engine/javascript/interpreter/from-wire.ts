import type { TaggedWireValue, WireValue } from '../../script/wire-value';

/** A value of the engine as JavaScript has it (README.md has the table). */
export function fromWire(wire: WireValue): unknown {
  return new Conversion().convert(wire);
}

type Container = unknown[] | Set<unknown> | Map<unknown, unknown> | Record<string, unknown>;

class Conversion {
  readonly #met = new Map<number, unknown>();

  convert(wire: WireValue): unknown {
    if (typeof wire !== 'object' || wire === null) return wire;
    if (isList(wire)) return wire.map((item) => this.convert(item));
    return this.#tagged(wire);
  }

  #tagged(wire: TaggedWireValue): unknown {
    switch (wire.t) {
      case 'int64':
      case 'uint64':
        return smallest(BigInt(String(wire.v)));
      case 'bigInteger':
        return BigInt(String(wire.v));
      case 'decimal':
        return exactNumber(String(wire.v));
      case 'duration':
        return Number(wire.v) / 10_000;
      case 'char':
        return String.fromCharCode(Number(wire.v));
      case 'bytes':
        return Buffer.from(String(wire.v), 'base64');
      case 'dateTime':
        return new Date(String(wire.v));
      case 'enum':
        return wire.s;
      case 'guid':
      case 'uri':
      case 'version':
      case 'xml':
      case 'scriptBlock':
        return wire.v;
      case 'secureString':
        throw new Error('a secure string can not be passed to JavaScript');
      case 'list':
      case 'enumerable':
      case 'stack':
      case 'queue':
        return this.#fill(wire, [] as unknown[], (list) => {
          for (const item of this.#items(wire.v)) list.push(item);
        });
      case 'set':
        return this.#fill(wire, new Set<unknown>(), (set) => {
          for (const item of this.#items(wire.v)) set.add(item);
        });
      case 'dictionary':
        return this.#dictionary(wire);
      case 'object':
        return this.#object(wire);
      case 'reference':
        return this.#met.get(Number(wire.v));
      default:
        return Number(wire.v);
    }
  }

  /** An object where all keys are texts, a Map where they are not. */
  #dictionary(wire: TaggedWireValue): unknown {
    const entries = wire.v as readonly (readonly [WireValue, WireValue])[];
    if (!entries.every(hasTextKey))
      return this.#fill(wire, new Map<unknown, unknown>(), (map) => {
        for (const [key, item] of entries) map.set(this.convert(key), this.convert(item));
      });
    return this.#fill(wire, {}, (object) => {
      for (const [key, item] of entries) define(object, key, this.convert(item));
    });
  }

  /** The value that the object wraps, with the object's properties where it can have some. */
  #object(wire: TaggedWireValue): unknown {
    const base = wire.b === undefined ? {} : this.convert(wire.b);
    if (typeof base !== 'object' || base === null) return base;
    return this.#fill(wire, base as Container, (object) => {
      for (const [name, value] of [...(wire.a ?? []), ...(wire.e ?? [])])
        define(object, name, this.convert(value));
    });
  }

  /** A container can be referred to from within itself: so it is known before it is filled. */
  #fill<Kind extends Container>(wire: TaggedWireValue, empty: Kind, fill: (container: Kind) => void): Kind {
    if (wire.r !== undefined) this.#met.set(wire.r, empty);
    fill(empty);
    return empty;
  }

  #items(wire: unknown): unknown[] {
    return (wire as readonly WireValue[]).map((item) => this.convert(item));
  }
}

function hasTextKey(entry: readonly [WireValue, WireValue]): entry is readonly [string, WireValue] {
  return typeof entry[0] === 'string';
}

function isList(wire: readonly WireValue[] | TaggedWireValue): wire is readonly WireValue[] {
  return Array.isArray(wire);
}

/** Also for names that mean something to JavaScript, such as `__proto__`. */
function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

function smallest(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A number where it has all digits, else the text. */
function exactNumber(text: string): number | string {
  return text.replace(/[^\d]/g, '').replace(/^0+/, '').length <= 15 ? Number(text) : text;
}
