/**
 * Finds a mark in bytes that come in pieces of any size, and takes it out.
 * The mark must not begin with a byte that stands in it again, so that no search need go back.
 */
export class MarkScanner {
  #mark: Uint8Array | undefined;
  /** How many bytes of the mark the last piece ended with. */
  #matched = 0;

  /** From now on looks for this one. */
  expect(mark: Uint8Array): void {
    this.#mark = mark;
    this.#matched = 0;
  }

  /** The pieces before and after the mark, where it is whole now; else all that certainly is no part of it. */
  receive(piece: Uint8Array): { readonly before: Uint8Array; readonly after: Uint8Array | undefined } {
    const mark = this.#mark;
    if (mark === undefined) return { before: piece, after: undefined };
    const bytes = this.#matched === 0 ? piece : withPrefix(mark.subarray(0, this.#matched), piece);
    this.#matched = 0;
    for (let at = bytes.indexOf(mark[0] ?? 0); at >= 0; at = bytes.indexOf(mark[0] ?? 0, at + 1)) {
      const length = matchingLength(bytes.subarray(at), mark);
      if (length === mark.length) {
        this.#mark = undefined;
        return { before: bytes.subarray(0, at), after: bytes.subarray(at + length) };
      }
      if (at + length === bytes.length) {
        this.#matched = length;
        return { before: bytes.subarray(0, at), after: undefined };
      }
    }
    return { before: bytes, after: undefined };
  }
}

function matchingLength(bytes: Uint8Array, mark: Uint8Array): number {
  let length = 0;
  while (length < mark.length && length < bytes.length && bytes[length] === mark[length]) length += 1;
  return length;
}

function withPrefix(prefix: Uint8Array, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(prefix.length + bytes.length);
  whole.set(prefix);
  whole.set(bytes, prefix.length);
  return whole;
}
