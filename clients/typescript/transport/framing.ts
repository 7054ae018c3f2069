import { protocolError, RunspaceError } from '../error';

const headerLength = 5;

/** A message as gRPC frames it: a flag byte (not compressed), four bytes of length, the message. */
export function frameMessage(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headerLength + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, headerLength);
  return frame;
}

/** Puts gRPC messages together from chunks of any size. Holds at most one unfinished message. */
export class MessageReader {
  readonly #maximumBytes: number;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes;
  }

  /** The messages that the chunk completes, in order. */
  *receive(chunk: Buffer): Iterable<Buffer> {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    for (let message = this.#next(); message !== undefined; message = this.#next()) yield message;
  }

  /** True between messages: the only place where a stream may end. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  #next(): Buffer | undefined {
    if (this.#length < headerLength) return undefined;
    const header = this.#peekHeader();
    if (header.readUInt8(0) !== 0)
      throw protocolError('the daemon sent a compressed message, which was not asked for');
    const length = header.readUInt32BE(1);
    if (length > this.#maximumBytes) throw tooLarge(length, this.#maximumBytes);
    if (this.#length < headerLength + length) return undefined;
    const all = this.#chunks.length === 1 && this.#chunks[0] ? this.#chunks[0] : Buffer.concat(this.#chunks);
    const rest = all.subarray(headerLength + length);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    return all.subarray(headerLength, headerLength + length);
  }

  /** The chunks stay as they are while a long message comes in: joining them at each would be quadratic. */
  #peekHeader(): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= headerLength) return first;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}

function tooLarge(length: number, limit: number): RunspaceError {
  const message = `a message of ${String(length)} bytes is over this client's limit of ${String(limit)}: raise maximumMessageBytes`;
  const metadata = { limit: 'maximumMessageBytes', value: String(limit) };
  return new RunspaceError('MESSAGE_TOO_LARGE', message, { grpcCode: 'RESOURCE_EXHAUSTED', metadata });
}
