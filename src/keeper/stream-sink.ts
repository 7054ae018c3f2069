import type { ServerWritableStream } from '@grpc/grpc-js';
import { Doorbell } from './doorbell';
import { streamBufferBytes } from './limits';

/** Where one stream's messages go, at the pace of whoever reads them. */
export interface Sink<Message> {
  /** Resolves when there is room for more; rejects with the signal's reason when the call is over. */
  write(message: Message, bytes: number): Promise<void>;
  /** Bytes that the reader has not taken yet. */
  readonly pendingBytes: number;
}

/**
 * The sink of a gRPC call. grpc-js counts messages, not bytes, before it says that a stream is full, so the bytes are
 * counted here: the writer waits while the reader is behind by more than `streamBufferBytes`.
 */
export class CallSink<Request, Message> implements Sink<Message> {
  readonly #call: ServerWritableStream<Request, Message>;
  readonly #signal: AbortSignal;
  readonly #doorbell = new Doorbell();
  #pendingBytes = 0;

  constructor(call: ServerWritableStream<Request, Message>, signal: AbortSignal) {
    this.#call = call;
    this.#signal = signal;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  async write(message: Message, bytes: number): Promise<void> {
    this.#signal.throwIfAborted();
    this.#pendingBytes += bytes;
    this.#call.write(message, () => {
      this.#pendingBytes -= bytes;
      this.#doorbell.ring();
    });
    while (this.#pendingBytes > streamBufferBytes) await this.#doorbell.wait(this.#signal);
  }
}
