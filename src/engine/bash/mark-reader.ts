import { RunspaceError } from '../../core/error';

/** What one of the interpreter's descriptors brought: bytes, or a message that stood between them. */
export type Read =
  | { readonly is: 'bytes'; readonly bytes: Uint8Array }
  | { readonly is: 'message'; readonly bytes: Uint8Array };

/** Messages are one write into a pipe each, and so never torn apart by other writers. */
const longest = 4096;
const lineEnd = 10;

/**
 * Finds messages in what the interpreter and others write to one descriptor: NUL, a secret, a space, a JSON text and a line end.
 * No variable of bash can hold a NUL, so nothing that user code shows of our own is taken for one.
 */
export class MarkReader {
  readonly #prefix: Uint8Array;
  #held: Uint8Array = new Uint8Array(0);

  constructor(secret: string) {
    this.#prefix = Buffer.from(`\0${secret} `, 'latin1');
  }

  /** Holds back the end of the piece, where that may be the beginning of a message. */
  *receive(piece: Uint8Array): Generator<Read> {
    const bytes = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    this.#held = new Uint8Array(0);
    for (let start = 0; ;) {
      const at = this.#find(bytes, start);
      if (at > start) yield { is: 'bytes', bytes: bytes.subarray(start, at) };
      if (at === bytes.length) return;
      const end = bytes.indexOf(lineEnd, at);
      if (end < 0) {
        this.#hold(bytes.subarray(at));
        return;
      }
      yield { is: 'message', bytes: bytes.subarray(at + this.#prefix.length, end) };
      start = end + 1;
    }
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length > longest)
      throw new RunspaceError('ENGINE_PROTOCOL_ERROR', 'the interpreter sent a message without an end');
    this.#held = new Uint8Array(bytes);
  }

  /** Where the prefix begins, also one that the bytes end in the middle of; their length: nowhere. */
  #find(bytes: Uint8Array, from: number): number {
    for (let at = bytes.indexOf(0, from); at >= 0; at = bytes.indexOf(0, at + 1)) {
      const length = Math.min(this.#prefix.length, bytes.length - at);
      if (Buffer.compare(bytes.subarray(at, at + length), this.#prefix.subarray(0, length)) === 0) return at;
    }
    return bytes.length;
  }
}
