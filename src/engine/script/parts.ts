import { part, type Frame } from './frame';

/** Small beside the rings and pipes on the way: what is in them has to be read before a stop shows. */
const partLength = 32 * 1024;

/** Cuts a message, as JSON text in UTF-8, into its parts. */
export function* toParts(message: Uint8Array): Generator<Frame> {
  for (let start = 0; start === 0 || start < message.length; start += partLength) {
    const end = start + partLength;
    const flags = (start === 0 ? part.first : 0) | (end >= message.length ? part.last : 0);
    yield { kind: flags, bytes: message.subarray(start, end) };
  }
}

/** A message that is whole, or word of one that was too large and has been thrown away. */
export type Assembled =
  | { readonly is: 'message'; readonly bytes: Uint8Array; readonly isUrgent: boolean }
  | { readonly is: 'oversized'; readonly length: number };

/** Puts messages together from their parts; never holds more than `limit` bytes and a frame. */
export class MessageAssembler {
  readonly #limit: number;
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a part, whose bytes must not be used again for others. */
  receive({ kind, bytes }: Frame): Assembled | undefined {
    if ((kind & part.urgent) !== 0) return { is: 'message', bytes, isUrgent: true };
    if ((kind & part.first) !== 0) this.#forget();
    this.#length += bytes.length;
    const isTooLong = this.#length > this.#limit;
    if (isTooLong) this.#parts = [];
    else this.#parts.push(bytes);
    return (kind & part.last) !== 0 ? this.#finish(isTooLong) : undefined;
  }

  #finish(isTooLong: boolean): Assembled {
    const length = this.#length;
    const [only] = this.#parts;
    const bytes = this.#parts.length === 1 && only !== undefined ? only : joinedParts(this.#parts, length);
    this.#forget();
    return isTooLong ? { is: 'oversized', length } : { is: 'message', bytes, isUrgent: false };
  }

  #forget(): void {
    this.#parts = [];
    this.#length = 0;
  }
}

function joinedParts(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(parts.length === 0 ? 0 : length);
  let at = 0;
  for (const bytes of parts) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}
