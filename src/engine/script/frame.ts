/**
 * Frames: a kind (one byte), a length (four bytes, big-endian), then that many bytes.
 *
 * They are used twice, one inside the other. Between engine and runner a frame's kind is the *lane* its bytes
 * belong to, and a frame is any piece of that lane. In the message lane, between engine and interpreter, a frame
 * is a *part* of a message, and its kind is a set of flags. So a runner passes messages on without knowing them, and what
 * user code prints can't be taken for one.
 */
export interface Frame {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

/** Bytes before those of the frame. */
const frameHeaderLength = 5;
/** No frame is longer: whoever receives one holds it whole. */
export const maximumFrameLength = 1024 * 1024;

/** The lanes between engine and runner. */
export const lane = {
  /** Message parts, from and to the interpreter. */
  messages: 0,
  /** What the interpreter and its children wrote to their descriptor 1, as it is. */
  nativeStdout: 1,
  /** The same of descriptor 2. */
  nativeStderr: 2,
  /** Small JSON texts from and to the runner itself. */
  control: 3,
} as const;

/** Flags of a message part. A first part that comes while a message is unfinished takes its place: its sender was stopped. */
export const part = {
  first: 1,
  last: 2,
  /** A whole message that may stand between the parts of another. */
  urgent: 4,
} as const;

/** The header of a frame. */
export function frameHeader(kind: number, length: number): Uint8Array {
  const header = new Uint8Array(frameHeaderLength);
  header[0] = kind;
  new DataView(header.buffer).setUint32(1, length);
  return header;
}

/** A frame as it travels. */
export function frameBytes({ kind, bytes }: Frame): Uint8Array {
  const whole = new Uint8Array(frameHeaderLength + bytes.length);
  whole.set(frameHeader(kind, bytes.length));
  whole.set(bytes, frameHeaderLength);
  return whole;
}

/** Finds the frames in bytes that come in pieces of any size. */
export class FrameReader {
  #held: Uint8Array = new Uint8Array(0);

  /** Frames that are whole now. A frame that is longer than allowed is an Error: the peer speaks something else. */
  *receive(piece: Uint8Array): Generator<Frame> {
    const bytes = this.#held.length === 0 ? piece : joined(this.#held, piece);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let start = 0;
    while (bytes.length - start >= frameHeaderLength) {
      const length = view.getUint32(start + 1);
      if (length > maximumFrameLength) throw new Error(`a frame of ${length} bytes is announced`);
      const end = start + frameHeaderLength + length;
      if (end > bytes.length) break;
      yield { kind: view.getUint8(start), bytes: bytes.subarray(start + frameHeaderLength, end) };
      start = end;
    }
    this.#held = bytes.subarray(start);
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
