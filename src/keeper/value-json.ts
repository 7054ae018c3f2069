import type { Value } from '../core/value';
import { displayText } from './display-text';

/** How many values references may repeat in one text: where one object is met again and again it would grow for ever. */
const mostRepeated = 10_000;

/**
 * A value as JSON text, the way ConvertTo-Json has it: numbers of any size exact, enums as numbers, dates in ISO 8601,
 * bytes as a list of numbers, objects by their properties (a property added to an object hides one of its type), and
 * what wraps a primitive as that primitive. Beyond it: characters, GUIDs, URIs, versions and time spans
 * (`1.02:03:04.5`) are text, so are NaN and the infinities; keys that are no text are their text, and of two keys with
 * one text the later counts; an object within itself is its text.
 */
export function jsonOf(value: Value): string {
  return new JsonWriter().write(value);
}

class JsonWriter {
  readonly #known = new Map<number, Value>();
  readonly #around = new Set<number>();
  #repeated = 0;

  write(value: Value): string {
    const id = 'referenceId' in value && value.type !== 'reference' ? value.referenceId : undefined;
    if (this.#repeating > 0) this.#repeated += 1;
    if (id === undefined) return this.#content(value);
    this.#known.set(id, value);
    this.#around.add(id);
    const text = this.#content(value);
    this.#around.delete(id);
    return text;
  }

  #repeating = 0;

  #content(value: Value): string {
    switch (value.type) {
      case 'null':
        return 'null';
      case 'bool':
      case 'int8':
      case 'uint8':
      case 'int16':
      case 'uint16':
      case 'int32':
      case 'uint32':
      case 'int64':
      case 'uint64':
      case 'bigInteger':
        return value.value.toString();
      case 'single':
        return floating(value.value, shortestSingle(value.value));
      case 'double':
        return floating(value.value, String(value.value));
      case 'decimal':
        return value.text;
      case 'enum':
        return this.#content(value.value);
      case 'bytes':
        return `[${value.value.join(',')}]`;
      case 'list':
      case 'enumerable':
      case 'set':
      case 'stack':
      case 'queue':
        return `[${value.items.map((item) => this.write(item)).join(',')}]`;
      case 'dictionary':
        return this.#members(value.entries.map(([key, each]) => [displayText(key), each]));
      case 'object':
        return this.#object(value);
      case 'reference':
        return this.#again(value.referenceId);
      case 'string':
      case 'char':
      case 'dateTime':
      case 'duration':
      case 'guid':
      case 'uri':
      case 'version':
      case 'xml':
      case 'scriptBlock':
      case 'secureString':
        return JSON.stringify(displayText(value));
    }
  }

  #object(value: Extract<Value, { type: 'object' }>): string {
    const { base, adapted, extended, text } = value;
    const properties = withoutHidden([...adapted, ...extended].map(({ name, value: each }) => [name, each]));
    if (base?.type === 'dictionary')
      return this.#members([
        ...base.entries.map(([key, each]) => [displayText(key), each] as const),
        ...extended.map(({ name, value: each }) => [name, each] as const),
      ]);
    if (base !== undefined) return this.write(base);
    if (properties.length === 0 && text !== undefined) return JSON.stringify(text);
    return this.#members(properties);
  }

  #members(members: readonly (readonly [name: string, value: Value])[]): string {
    const written = [...new Map(members)].map(
      ([name, value]) => `${JSON.stringify(name)}:${this.write(value)}`,
    );
    return `{${written.join(',')}}`;
  }

  #again(id: number): string {
    const value = this.#known.get(id);
    const isTooMuch = this.#around.has(id) || this.#repeated >= mostRepeated;
    if (value === undefined) return 'null';
    if (isTooMuch)
      return value.type === 'object'
        ? JSON.stringify(displayText({ ...value, adapted: [], extended: [] }))
        : 'null';
    this.#repeating += 1;
    const text = this.write(value);
    this.#repeating -= 1;
    return text;
  }
}

/** The last of those whose names differ by case only, in the place of the first. */
function withoutHidden(
  members: readonly (readonly [name: string, value: Value])[],
): readonly (readonly [name: string, value: Value])[] {
  const shown = new Map<string, readonly [name: string, value: Value]>();
  for (const member of members) shown.set(member[0].toLowerCase(), member);
  return [...shown.values()];
}

/** With a point or an exponent, so that it stays a number with a fraction for who reads it. */
function floating(value: number, shortest: string): string {
  if (!Number.isFinite(value)) return JSON.stringify(String(value));
  const text = Object.is(value, -0) ? '-0' : shortest;
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** The fewest digits that name this number of 32 bits. */
function shortestSingle(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  return String(value);
}
