/**
 * A `Value` is what a command writes and takes: typed, readable in every language, and as rich as CLIXML.
 *
 * These rules keep values canonical, so that Value → CLIXML → Value is the identity:
 * - A plain container (`list`, `dictionary` …) stands alone only when its type names are the kind's default
 *   ones (see `defaultTypeNames` in psrp/clixml); with any other type names, a text or any property it is the
 *   `base` of an `object`. A `set` travels as an enumerable with the type names of a set.
 * - An `enum` has `System.Enum` among its type names, a text, an integer and nothing else; with any property it
 *   is an `object` whose `base` is the integer. A `bigInteger` has at most 10 000 digits; as PowerShell sends
 *   `System.Numerics.BigInteger`, with adapted properties, it is an `object` whose `text` is the digits.
 * - Only containers and objects have an identity: an enum or big integer that a `reference` names is an `object`.
 * - A `base` is never `null` or a `reference`, a container that is a `base` has no `referenceId` of its own, and
 *   a dictionary's key is not `null`. Names of types and properties are not empty.
 * - Type names are kept as they arrived, without a `Deserialized.` prefix of our own.
 */
export type Value =
  | { readonly type: 'null' }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32'; readonly value: number }
  | { readonly type: 'int64' | 'uint64'; readonly value: bigint }
  | { readonly type: 'single' | 'double'; readonly value: number }
  /** Any integer that fits no 64 bits, in decimal digits; Python's `int` and `System.Numerics.BigInteger`. */
  | { readonly type: 'bigInteger'; readonly value: bigint }
  /** .NET decimal, as plain decimal digits: scale is kept (`1.10` stays `1.10`). */
  | { readonly type: 'decimal'; readonly text: string }
  /** UTF-16 text; may hold lone surrogates and NUL. */
  | { readonly type: 'string'; readonly value: string }
  /** One UTF-16 code unit, 0 … 65535. */
  | { readonly type: 'char'; readonly code: number }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  /**
   * A date and time to 100 ns: `YYYY-MM-DDTHH:MM:SS[.fffffff]`, then `Z` (kind UTC), `±HH:MM` (kind local)
   * or nothing (kind unspecified). Trailing zeros of the fraction are left out.
   */
  | { readonly type: 'dateTime'; readonly text: string }
  /** A time span in units of 100 ns. */
  | { readonly type: 'duration'; readonly ticks: bigint }
  /** Lower-case, with hyphens, without braces. */
  | { readonly type: 'guid'; readonly text: string }
  /** A version has two to four numbers, an XML document is well-formed. */
  | { readonly type: 'uri' | 'version' | 'xml' | 'scriptBlock'; readonly text: string }
  /** Opaque and never logged. `sealed` is base64 of UTF-16LE, as PSRP 2.4 has it; before that, in psrp only, of ciphertext. */
  | { readonly type: 'secureString'; readonly sealed: string }
  | EnumValue
  | ListValue
  | DictionaryValue
  | ObjectValue
  /** The same object as the one with this `referenceId` met earlier in, or around, this value. */
  | { readonly type: 'reference'; readonly referenceId: number };

/** A .NET enum member. */
export interface EnumValue {
  readonly type: 'enum';
  readonly typeNames: readonly string[];
  /** The member's name, or the names joined with `, ` for flags. */
  readonly text: string;
  /** The underlying number, an integer value. */
  readonly value: Extract<Value, { type: IntegerType }>;
}

/** The integer kinds of CLIXML. */
export type IntegerType = 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'uint64';

/** Items in the order of the wire: a stack's top first. `enumerable` is any other .NET IEnumerable. */
export interface ListValue {
  readonly type: 'list' | 'enumerable' | 'set' | 'stack' | 'queue';
  readonly items: readonly Value[];
  /** Set only where a `reference` names this container. */
  readonly referenceId?: number;
}

/** Entries in the order of the wire; keys may be any value, and may differ by case only. */
export interface DictionaryValue {
  readonly type: 'dictionary';
  readonly entries: readonly (readonly [key: Value, value: Value])[];
  /** Set only where a `reference` names this container. */
  readonly referenceId?: number;
}

/** An object as CLIXML has it: names of its types, its text, a base value and two sets of properties. */
export interface ObjectValue {
  readonly type: 'object';
  /** Most derived type first; empty when the peer named none. */
  readonly typeNames: readonly string[];
  /** What ToString() gave, where it was sent. */
  readonly text?: string;
  /** The primitive or container that the object wraps. */
  readonly base?: Value;
  /** CLIXML `Props`: properties of the type itself. */
  readonly adapted: readonly Property[];
  /** CLIXML `MS`: note properties added to this object. */
  readonly extended: readonly Property[];
  /** Set only where a `reference` names this object. */
  readonly referenceId?: number;
}

/** One named property of an object. */
export interface Property {
  readonly name: string;
  readonly value: Value;
  /** True for a nested member set (`<MS N=…>`): `value` is then an object whose `extended` are its members. */
  readonly isMemberSet?: true;
}

/** The one null. */
export const nullValue: Value = { type: 'null' };

/** A string value. */
export function stringValue(value: string): Value {
  return { type: 'string', value };
}
