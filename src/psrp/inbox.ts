import type { Codec } from './codec';
import { Reassembler, type Reassembled } from './fragment';
import { decodeMessage, type Message } from './message';
import { ElementReader, type DataStream, type Incoming, type SignalName } from './out-of-proc';

/** One thing that arrived. `pipelineId` is that of the element (PSGuid): the empty GUID for the session. */
export type Arrival =
  | { readonly is: 'noise'; readonly text: string }
  | { readonly is: 'signal'; readonly name: SignalName; readonly pipelineId: string }
  | { readonly is: 'message'; readonly pipelineId: string; readonly message: Message }
  | { readonly is: 'tooLarge'; readonly pipelineId: string; readonly size: number }
  /** Everything in one Data has been handed out. */
  | { readonly is: 'dataEnd'; readonly pipelineId: string };

interface InboxOptions {
  readonly codec: Codec;
  readonly maximumObjectSize: number;
  /** Whether Data of this pipeline is wanted; false drops it, an unknown pipeline should throw. */
  readonly accepts: (pipelineId: string) => boolean;
}

/** From bytes to messages, one at a time and only when asked. Memory is bounded by one object per known stream. */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #reader: ElementReader;
  readonly #reassemblers = new Map<string, Record<DataStream, Reassembler>>();
  /** Of the Data in hand: what is not handed out yet, the next item last. */
  #data: { readonly pipelineId: string; readonly items: Reassembled[] } | undefined;

  constructor(options: InboxOptions) {
    this.#options = options;
    // A peer may send a whole object, and more than one, in one Data; base64 takes 4/3 of its size.
    const maximumLineLength = 2 * options.maximumObjectSize + 64 * 1024;
    this.#reader = new ElementReader({ codec: options.codec, maximumLineLength });
  }

  receive(bytes: Uint8Array): void {
    this.#reader.receive(bytes);
  }

  /** The next arrival; undefined when more bytes are needed. Throws RemoteProtocolError. */
  next(): Arrival | undefined {
    for (;;) {
      if (this.#data !== undefined) return this.#nextOf(this.#data);
      const incoming = this.#reader.next();
      if (incoming === undefined) return undefined;
      if (incoming.name === 'noise') return { is: 'noise', text: incoming.text };
      if (incoming.name !== 'Data') return { is: 'signal', ...incoming };
      this.#open(incoming);
    }
  }

  /** Drops what has come of a pipeline that is no more. */
  forget(pipelineId: string): void {
    this.#reassemblers.delete(pipelineId);
  }

  #nextOf({ pipelineId, items }: { pipelineId: string; items: Reassembled[] }): Arrival {
    const item = items.pop();
    if (item === undefined) {
      this.#data = undefined;
      return { is: 'dataEnd', pipelineId };
    }
    if (item.is === 'tooLarge') return { is: 'tooLarge', pipelineId, size: item.size };
    return { is: 'message', pipelineId, message: decodeMessage(item.bytes, this.#options.codec) };
  }

  #open({ pipelineId, stream, bytes }: Extract<Incoming, { name: 'Data' }>): void {
    const isWanted = this.#options.accepts(pipelineId);
    const items = isWanted ? this.#reassemblerOf(pipelineId, stream).receive(bytes).reverse() : [];
    this.#data = { pipelineId, items };
  }

  #reassemblerOf(pipelineId: string, stream: DataStream): Reassembler {
    const known = this.#reassemblers.get(pipelineId);
    if (known !== undefined) return known[stream];
    const { maximumObjectSize } = this.#options;
    const made = {
      Default: new Reassembler(maximumObjectSize),
      PromptResponse: new Reassembler(maximumObjectSize),
    };
    this.#reassemblers.set(pipelineId, made);
    return made[stream];
  }
}
