import { joinBytes, type Codec } from './codec';
import { fragmentsOf } from './fragment';
import { encodeElement, type OutOfProcElement } from './out-of-proc';

/** What one half is going to send: it numbers the messages and holds the lines until they are taken. */
export class Outbox {
  readonly codec: Codec;
  #lines: Uint8Array[] = [];
  #lastObjectId = 0;

  constructor(codec: Codec) {
    this.codec = codec;
  }

  /** Cuts a message and gives it the next object id. */
  fragmentsOf(message: Uint8Array): Uint8Array[] {
    return fragmentsOf(message, ++this.#lastObjectId);
  }

  send(element: OutOfProcElement): void {
    this.#lines.push(encodeElement(element, this.codec));
  }

  /** Sends a message without waiting for anything, each fragment in a Data of its own, as servers do. */
  sendMessage(pipelineId: string, message: Uint8Array): void {
    for (const bytes of this.fragmentsOf(message)) {
      this.send({ name: 'Data', stream: 'Default', pipelineId, bytes });
    }
  }

  /** Everything that waits, once; undefined when nothing does. */
  take(): Uint8Array | undefined {
    if (this.#lines.length === 0) return undefined;
    const bytes = joinBytes(this.#lines);
    this.#lines = [];
    return bytes;
  }
}
