import { RemoteProtocolError } from './errors';
import { GrowingBytes } from './growing-bytes';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const lessThan = 0x3c;
/** Text that is no protocol is handed on in pieces of this size when its line does not end. */
const noisePiece = 64 * 1024;

/** One line without its end, or a piece of an endless line of noise. The bytes are valid until the next call. */
export interface Line {
  readonly bytes: Uint8Array;
  readonly isNoise: boolean;
}

/** Cuts bytes in chunks of any size into lines, holding at most one unfinished line. */
export class LineReader {
  readonly #maximumLength: number;
  #chunks: Uint8Array[] = [];
  #head = 0;
  #position = 0;
  readonly #unfinished = new GrowingBytes();
  #isUnfinishedTaken = false;
  #isInNoise = false;

  constructor(maximumLength: number) {
    this.#maximumLength = maximumLength;
  }

  /** Keeps a reference: the chunk must not be changed afterwards. */
  receive(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  next(): Line | undefined {
    if (this.#isUnfinishedTaken) this.#unfinished.clear();
    this.#isUnfinishedTaken = false;
    for (let chunk = this.#chunks[this.#head]; chunk !== undefined; chunk = this.#chunks[this.#head]) {
      const end = chunk.indexOf(lineFeed, this.#position);
      const line = end < 0 ? this.#keep(chunk) : this.#end(chunk.subarray(this.#position, end));
      this.#position = end + 1;
      if (end < 0) this.#head++;
      if (line !== undefined) return line;
    }
    this.#chunks = [];
    this.#head = 0;
    return undefined;
  }

  #end(piece: Uint8Array): Line {
    const isNoise = this.#isInNoise;
    this.#isInNoise = false;
    if (this.#unfinished.length === 0) return this.#finish(piece, isNoise);
    this.#unfinished.append(piece);
    this.#isUnfinishedTaken = true;
    return this.#finish(this.#unfinished.view(), isNoise);
  }

  #finish(line: Uint8Array, isNoise: boolean): Line {
    if (line.length > this.#maximumLength && startsElement(line)) throw this.#tooLarge(line.length);
    const end = line.length > 0 && line[line.length - 1] === carriageReturn ? line.length - 1 : line.length;
    const bytes = line.subarray(0, end);
    return { bytes, isNoise: isNoise || !startsElement(bytes) };
  }

  /** Keeps what is left of a chunk in which no line ends. */
  #keep(chunk: Uint8Array): Line | undefined {
    this.#unfinished.append(chunk.subarray(this.#position));
    const line = this.#unfinished.view();
    if (this.#isInNoise || (line.length > 0 && !startsElement(line))) {
      if (line.length < noisePiece) return undefined;
      this.#isInNoise = true;
      this.#isUnfinishedTaken = true;
      return { bytes: line, isNoise: true };
    }
    if (line.length > this.#maximumLength) throw this.#tooLarge(line.length);
    return undefined;
  }

  #tooLarge(length: number): RemoteProtocolError {
    const sizes = `${String(length)} bytes or more, the limit is ${String(this.#maximumLength)}`;
    return new RemoteProtocolError('LINE_TOO_LARGE', `the peer sent a line of ${sizes}`);
  }
}

function startsElement(line: Uint8Array): boolean {
  return line[0] === lessThan;
}
