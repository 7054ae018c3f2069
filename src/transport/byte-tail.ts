/** Keeps the last `limit` bytes of what it is given, and never much more. */
export class ByteTail {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds bytes; the oldest are forgotten. */
  push(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#size += bytes.length;
    if (this.#size > 2 * this.#limit || this.#chunks.length > 256) this.#chunks = [this.#last()];
    if (this.#chunks.length === 1) this.#size = this.#chunks[0]?.length ?? 0;
  }

  /** The kept bytes as text; a character cut at the start becomes U+FFFD. */
  text(): string {
    return Buffer.from(this.#last()).toString('utf8');
  }

  #last(): Uint8Array {
    const all = Buffer.concat(this.#chunks);
    return all.subarray(Math.max(0, all.length - this.#limit));
  }
}
