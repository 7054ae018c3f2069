import { randomNumbers } from '../support/chunks';

/** Dice that fall the same for the same seed. */
export class Dice {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = randomNumbers(seed);
  }

  /** A whole number from 0 up to but not `end`. */
  below(end: number): number {
    return Math.floor(this.#next() * end);
  }

  one<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.below(items.length)] ?? items[0];
  }
}

/** Something that is done to a sample; another one is there to take pieces from. */
export type Mutation = (bytes: Uint8Array, dice: Dice, other: Uint8Array) => Uint8Array;

/** What texts and protocols of ours take to be special. */
const tokens = [
  '<',
  '>',
  '/>',
  '</Obj>',
  '<Obj RefId="0">',
  '<MS>',
  '<LST>',
  '<DCT>',
  '<En>',
  '<Ref RefId="0" />',
  '<TNRef RefId="0" />',
  '&amp;',
  '&#0;',
  '&#xD800;',
  '&x;',
  '<![CDATA[',
  ']]>',
  '<!--',
  '<!DOCTYPE a [<!ENTITY b "bb">]>',
  '<?xml version="1.0"?>',
  '_xD83D_',
  '_x0000_',
  'N="',
  'RefId="4294967296"',
  '\u{feff}',
  '\0',
  'NaN',
  '-0',
  '1e309',
  '99999999999999999999',
  '{"t":',
  '[',
  ']',
] as const;

const mutations: readonly [Mutation, ...Mutation[]] = [
  // One bit.
  (bytes, dice) => changed(bytes, dice, (byte) => byte ^ (1 << dice.below(8))),
  // One byte, often one that lengths and flags are sensitive to.
  (bytes, dice) => changed(bytes, dice, () => dice.one([0, 1, 0x7f, 0x80, 0xff, dice.below(256)])),
  // A number of four bytes, as lengths are written, either way round.
  (bytes, dice) => {
    const number = Buffer.alloc(4);
    const value = dice.one([0, 1, 0xffffffff, 0x7fffffff, bytes.length, dice.below(70_000)]);
    if (dice.below(2) === 0) number.writeUInt32BE(value);
    else number.writeUInt32LE(value);
    return overwritten(bytes, dice, number);
  },
  // A piece is lost, comes twice, or comes from another sample.
  (bytes, dice) => {
    const { start, end } = piece(bytes, dice);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
  },
  (bytes, dice) => {
    const { start, end } = piece(bytes, dice);
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
  },
  (bytes, dice, other) => {
    const { start, end } = piece(other, dice);
    const at = dice.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), other.subarray(start, end), bytes.subarray(at)]);
  },
  // The end is missing, or another sample's.
  (bytes, dice) => bytes.subarray(0, dice.below(bytes.length + 1)),
  (bytes, dice, other) =>
    Buffer.concat([
      bytes.subarray(0, dice.below(bytes.length + 1)),
      other.subarray(dice.below(other.length + 1)),
    ]),
  // A token, once or so often that what nests it goes deep.
  (bytes, dice) => {
    const token = Buffer.from(dice.one(tokens));
    const times = dice.one([1, 1, 1, 3, 200, 20_000]);
    const at = dice.below(bytes.length + 1);
    return Buffer.concat([
      bytes.subarray(0, at),
      ...Array<Uint8Array>(times).fill(token),
      bytes.subarray(at),
    ]);
  },
];

/** The sample with a few things about it changed: half of them in a way of its own, where it has one. */
export function mutated(
  sample: Uint8Array,
  other: Uint8Array,
  { dice, own = mutations }: { readonly dice: Dice; readonly own?: typeof mutations | undefined },
): Uint8Array {
  let bytes = sample;
  for (let count = 1 + dice.below(4); count > 0; count--)
    bytes = dice.one(dice.below(2) === 0 ? own : mutations)(bytes, dice, other);
  return bytes;
}

const leaf = /<([A-Za-z0-9]+)( [^<>]*)?>([^<>]*)<\/\1>/g;

/** Changes of a CLIXML text that leave it well-formed, so that what breaks is deeper. */
export const clixmlMutations: readonly [Mutation, ...Mutation[]] = [
  // A leaf becomes one of another sample, comes twice, gets another name or another text, or is nested.
  (bytes, dice, other) => leafChanged(bytes, dice, (found) => anyLeaf(other, dice) ?? found),
  (bytes, dice) => leafChanged(bytes, dice, (found) => found + found),
  (bytes, dice) =>
    leafChanged(bytes, dice, (found) => {
      const tag = dice.one([
        'S',
        'I32',
        'U64',
        'Db',
        'D',
        'DT',
        'TS',
        'G',
        'C',
        'BA',
        'SS',
        'Version',
        'XD',
        'By',
        'B',
        'LST',
        'Obj',
        'T',
      ]);
      return found.replace(/^<\w+/, `<${tag}`).replace(/\w+>$/, `${tag}>`);
    }),
  (bytes, dice) =>
    leafChanged(bytes, dice, (found) => found.replace(/>[^<>]*</, `>${dice.one([...texts])}<`)),
  (bytes, dice) =>
    leafChanged(bytes, dice, (found) => {
      const times = dice.one([1, 2, 30, 60, 5_000]);
      return `${'<LST>'.repeat(times)}${found}${'</LST>'.repeat(times)}`;
    }),
];

const texts = [
  '',
  ' ',
  '0',
  '-1',
  '1e400',
  'NaN',
  '-INF',
  '-0',
  '0.10',
  '256',
  '65536',
  '18446744073709551616',
  'true',
  'TRUE',
  'AAEC',
  'A',
  '_xD83D_',
  '_x005F_',
  '&lt;',
  '&#x1F511;',
  '2026-02-30T00:00:00Z',
  '0001-01-01T00:00:00',
  'P1D',
  '-P10675199DT2H48M5.4775808S',
  '1.2',
  '1.2.3.4.5',
] as const;

function leafChanged(bytes: Uint8Array, dice: Dice, change: (leaf: string) => string): Uint8Array {
  const text = Buffer.from(bytes).toString('utf8');
  const leaves = [...text.matchAll(leaf)];
  const chosen = leaves[dice.below(leaves.length)];
  if (chosen === undefined) return bytes;
  const [found] = chosen;
  return Buffer.from(text.slice(0, chosen.index) + change(found) + text.slice(chosen.index + found.length));
}

function anyLeaf(bytes: Uint8Array, dice: Dice): string | undefined {
  const leaves = [...Buffer.from(bytes).toString('utf8').matchAll(leaf)];
  return leaves[dice.below(leaves.length)]?.[0];
}

/** A change inside the base64 of a line: fragments and messages break, the lines stay. */
export const lineMutations: readonly [Mutation, ...Mutation[]] = [
  (bytes, dice, other) => {
    const text = Buffer.from(bytes).toString('latin1');
    const data = [...text.matchAll(/>([A-Za-z0-9+/=]+)</g)];
    const chosen = data[dice.below(data.length)];
    const base64 = chosen?.[1];
    if (chosen === undefined || base64 === undefined) return bytes;
    const inner = dice.one(mutations)(Buffer.from(base64, 'base64'), dice, other);
    const [before, after] = [text.slice(0, chosen.index + 1), text.slice(chosen.index + 1 + base64.length)];
    return Buffer.from(before + Buffer.from(inner).toString('base64') + after, 'latin1');
  },
];

function changed(bytes: Uint8Array, dice: Dice, change: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const result = Uint8Array.from(bytes);
  const at = dice.below(bytes.length);
  result[at] = change(result[at] ?? 0);
  return result;
}

function overwritten(bytes: Uint8Array, dice: Dice, by: Uint8Array): Uint8Array {
  if (bytes.length < by.length) return by;
  const result = Uint8Array.from(bytes);
  result.set(by, dice.below(bytes.length - by.length + 1));
  return result;
}

function piece(bytes: Uint8Array, dice: Dice): { readonly start: number; readonly end: number } {
  const start = dice.below(bytes.length + 1);
  return {
    start,
    end: Math.min(bytes.length, start + dice.one([1, 8, 60, 2_000])),
  };
}
