import type { InputItem } from '../gen/runspace/v1/pipeline';

/** Input that waits here beyond either of these is not read from the caller yet. */
const limit = { items: 1_000, bytes: 1024 * 1024 } as const;

/** Hands items on; resolves when there is room for more. */
export type Deliver = (items: InputItem[], then: 'more' | 'end') => Promise<void>;

/**
 * Input of one InvokePipeline stream on its way to the keeper: what comes while a delivery is under way goes with the
 * next one. So a stop or an acknowledgement that stands behind input which finds no room is still read, as long as the
 * caller sends no more than the limit ahead of what is accepted.
 */
export class InputPump {
  readonly #deliver: Deliver;
  readonly #signal: AbortSignal;
  #items: InputItem[] = [];
  #bytes = 0;
  #then: 'more' | 'end' = 'more';
  #isClosed = false;
  #hasEnded = false;
  #wake: () => void = () => undefined;

  /** `signal` ends it: what waits is let go. */
  constructor(deliver: Deliver, signal: AbortSignal) {
    this.#deliver = deliver;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** Takes an item; waits while there is no room for more. */
  async add(item: InputItem, bytes: number): Promise<void> {
    // What comes after the end must not be delivered before it: the keeper refuses it then.
    while (this.#then === 'end' && !this.#signal.aborted) await this.#change();
    this.#items.push(item);
    this.#bytes += bytes;
    this.#wake();
    while (this.#isFull() && !this.#signal.aborted) await this.#change();
  }

  /** The end of the input stands behind the items. */
  end(): void {
    this.#then = 'end';
    this.#wake();
  }

  /** The caller sends nothing more, the end of its input neither. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /** Whether the end of the input was delivered. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Delivers until it is closed and empty. Rejects as a delivery does. */
  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      if (this.#items.length > 0 || this.#then === 'end') await this.#deliverNext();
      else if (this.#isClosed) return;
      else await this.#change();
    }
  }

  async #deliverNext(): Promise<void> {
    const items = this.#items;
    const then = this.#then;
    this.#items = [];
    this.#bytes = 0;
    this.#then = 'more';
    this.#wake();
    await this.#deliver(items, then);
    this.#hasEnded ||= then === 'end';
  }

  /** One side waits at a time: the adding one while it is full, the delivering one while it is empty. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #isFull(): boolean {
    return this.#items.length >= limit.items || this.#bytes >= limit.bytes;
  }
}
