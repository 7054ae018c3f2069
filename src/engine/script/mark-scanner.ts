/**
 * Marks are what an interpreter writes to its descriptors 1 and 2 when a run is over: all that comes before
 * one belongs to that run. Each is the engine's secret prefix, then the run's number and a line end.
 */
const numberLength = 10;

/** What stands before the number; `secret` is something that user code does not know. */
export function markPrefix(secret: string): string {
  // Begins with a byte that does not come again in it, so that no search need go back.
  return `\0done ${secret} `;
}

/** The whole mark of a run. */
export function markOf(secret: string, run: number): string {
  return `${markPrefix(secret)}${String(run).padStart(numberLength, '0')}\n`;
}

/** What a descriptor brought: bytes, or the mark of a run. */
export type Scanned =
  { readonly is: 'bytes'; readonly bytes: Uint8Array } | { readonly is: 'mark'; readonly run: number };

/** Finds marks in bytes that come in pieces of any size, and takes them out. */
export class MarkScanner {
  #prefix: Uint8Array | undefined;
  #held: Uint8Array = new Uint8Array(0);

  /** From now on looks for marks with this prefix; before, all is bytes. */
  expect(prefix: string): void {
    this.#prefix = Buffer.from(prefix, 'latin1');
  }

  /** Holds back the end of the piece, where that may be the beginning of a mark. */
  *receive(piece: Uint8Array): Generator<Scanned> {
    const prefix = this.#prefix;
    if (prefix === undefined) {
      yield { is: 'bytes', bytes: piece };
      return;
    }
    const bytes = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    this.#held = bytes.subarray(bytes.length);
    const markLength = prefix.length + numberLength + 1;
    let start = 0;
    let at = indexOfStart(bytes, prefix, 0);
    while (at >= 0 && at + markLength <= bytes.length) {
      if (at > start) yield { is: 'bytes', bytes: bytes.subarray(start, at) };
      yield { is: 'mark', run: Number(asText(bytes.subarray(at + prefix.length, at + markLength))) };
      start = at + markLength;
      at = indexOfStart(bytes, prefix, start);
    }
    const end = at < 0 ? bytes.length : at;
    if (end > start) yield { is: 'bytes', bytes: bytes.subarray(start, end) };
    this.#held = new Uint8Array(bytes.subarray(end));
  }
}

/** Where the prefix begins, also one that the bytes end in the middle of; -1: nowhere. */
function indexOfStart(bytes: Uint8Array, prefix: Uint8Array, from: number): number {
  const first = prefix[0] ?? 0;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    const length = Math.min(prefix.length, bytes.length - at);
    if (isEqual(bytes.subarray(at, at + length), prefix.subarray(0, length))) return at;
  }
  return -1;
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

function asText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
