import type { Transport } from '../../transport/transport';
import { frameBytes, lane, part } from './frame';
import type { Command, SignalChildren } from './message';
import { toParts } from './parts';

/** Sends messages to an interpreter and its runner. After the transport's end all is silently dropped: `ended` tells. */
export class Outgoing {
  readonly #transport: Transport;
  #last: Promise<void> = Promise.resolve();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Sends in turn; resolves when the bytes are accepted. Throws where the message is too long for a JSON text. */
  send(command: Command): Promise<void> {
    const bytes = Buffer.from(JSON.stringify(command), 'utf8');
    this.#last = this.#last.then(() => this.#sendParts(bytes)).catch(dropped);
    return this.#last;
  }

  /** Sends at once, also between the parts of a long message. */
  sendUrgent(command: Command): void {
    const bytes = frameBytes({ kind: part.urgent, bytes: Buffer.from(JSON.stringify(command), 'utf8') });
    this.#transport.write(frameBytes({ kind: lane.messages, bytes })).catch(dropped);
  }

  /** Tells the runner itself. */
  control(message: SignalChildren): void {
    const bytes = Buffer.from(JSON.stringify(message), 'utf8');
    this.#transport.write(frameBytes({ kind: lane.control, bytes })).catch(dropped);
  }

  async #sendParts(message: Uint8Array): Promise<void> {
    for (const frame of toParts(message))
      await this.#transport.write(frameBytes({ kind: lane.messages, bytes: frameBytes(frame) }));
  }
}

function dropped(): void {
  // The far side is gone; the engine learns it from its transport.
}
