import { RunspaceError, toError } from '../../core/error';
import { FrameReader, lane, type Frame } from './frame';
import { MarkScanner } from './mark-scanner';
import type { InterpreterExited } from './message';
import { MessageAssembler, type Assembled } from './parts';
import { ReceivedMessage, toInterpreterExited } from './report';

/** What can come from a runner. */
export type Incoming =
  | { readonly is: 'report'; readonly message: ReceivedMessage }
  /** A message that was too large, and is lost. */
  | { readonly is: 'oversized'; readonly length: number }
  | { readonly is: 'nativeText'; readonly descriptor: 1 | 2; readonly text: string }
  /** All that the run has written to the descriptor came before this. */
  | { readonly is: 'mark'; readonly descriptor: 1 | 2; readonly run: number }
  | InterpreterExited;

/** Takes a runner's bytes apart. Bytes that are none of a runner's are ENGINE_PROTOCOL_ERROR. */
export class IncomingReader {
  readonly #frames = new FrameReader();
  readonly #parts = new FrameReader();
  readonly #assembler: MessageAssembler;
  readonly #native = { 1: new NativeText(1), 2: new NativeText(2) };

  /** `maximumMessageLength` in bytes of JSON. */
  constructor(maximumMessageLength: number) {
    this.#assembler = new MessageAssembler(maximumMessageLength);
  }

  /** From now on looks for marks with this prefix on both descriptors. */
  expectMarks(prefix: string): void {
    this.#native[1].scanner.expect(prefix);
    this.#native[2].scanner.expect(prefix);
  }

  *receive(piece: Uint8Array): Generator<Incoming> {
    for (const frame of this.#readFrames(this.#frames, piece)) yield* this.#frame(frame);
  }

  *#frame({ kind, bytes }: Frame): Generator<Incoming> {
    switch (kind) {
      case lane.messages:
        for (const frame of this.#readFrames(this.#parts, bytes))
          yield* toReports(this.#assembler.receive(frame));
        return;
      case lane.nativeStdout:
        yield* this.#native[1].receive(bytes);
        return;
      case lane.nativeStderr:
        yield* this.#native[2].receive(bytes);
        return;
      case lane.control:
        yield toInterpreterExited(new ReceivedMessage(bytes));
        return;
      default:
        throw new RunspaceError('ENGINE_PROTOCOL_ERROR', `the runner used an unknown lane, ${kind}`);
    }
  }

  *#readFrames(reader: FrameReader, bytes: Uint8Array): Generator<Frame> {
    try {
      yield* reader.receive(bytes);
    } catch (thrown) {
      if (thrown instanceof RunspaceError) throw thrown;
      const cause = toError(thrown);
      throw new RunspaceError('ENGINE_PROTOCOL_ERROR', `the runner sent what is no frame: ${cause.message}`, {
        cause,
      });
    }
  }
}

function* toReports(assembled: Assembled | undefined): Generator<Incoming> {
  if (assembled === undefined) return;
  if (assembled.is === 'oversized') yield assembled;
  else yield { is: 'report', message: new ReceivedMessage(assembled.bytes) };
}

/** One descriptor of the interpreter: bytes that are text in UTF-8, as far as they are. */
class NativeText {
  readonly scanner = new MarkScanner();
  readonly #descriptor: 1 | 2;
  #decoder = newDecoder();

  constructor(descriptor: 1 | 2) {
    this.#descriptor = descriptor;
  }

  *receive(bytes: Uint8Array): Generator<Incoming> {
    for (const scanned of this.scanner.receive(bytes)) {
      if (scanned.is === 'bytes') yield* this.#text(this.#decoder.decode(scanned.bytes, { stream: true }));
      else {
        yield* this.#text(this.#decoder.decode());
        this.#decoder = newDecoder();
        yield { is: 'mark', descriptor: this.#descriptor, run: scanned.run };
      }
    }
  }

  *#text(text: string): Generator<Incoming> {
    if (text !== '') yield { is: 'nativeText', descriptor: this.#descriptor, text };
  }
}

function newDecoder(): InstanceType<typeof TextDecoder> {
  return new TextDecoder('utf-8', { ignoreBOM: true });
}
