const keptCapacity = 1024 * 1024;

/** Bytes that are appended to; grows by doubling, so appending is linear and memory at most twice the content. */
export class GrowingBytes {
  #bytes = new Uint8Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(piece: Uint8Array): void {
    const needed = this.#length + piece.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = needed;
  }

  /** What was appended; valid until the next `append`. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets the content. A large buffer is given back. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > keptCapacity) this.#bytes = new Uint8Array(0);
  }
}
