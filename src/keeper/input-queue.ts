import { RunspaceError } from '../core/error';
import type { Value } from '../core/value';
import { Doorbell } from './doorbell';
import { inputLimit } from './limits';

/** One item as the client numbers it; most have one value. */
export interface InputQueueItem {
  readonly number: bigint;
  readonly values: readonly Value[];
}

/** Items of one SendPipelineInput, read and counted. */
export interface InputBatch {
  readonly items: readonly InputQueueItem[];
  /** Their size on the wire. */
  readonly bytes: number;
  readonly isLast: boolean;
}

/**
 * Input of one pipeline, between the client that numbers it and the engine that pulls it. Bounded: `accept` waits
 * for room. Items are accepted once, in order: a number that was accepted before is passed over.
 */
export class InputQueue {
  readonly #chunks: { readonly values: readonly Value[]; next: number; readonly bytes: number }[] = [];
  readonly #doorbell = new Doorbell();
  #waitingItems = 0;
  #waitingBytes = 0;
  #accepted = 0n;
  #hasEnded = false;
  #isPulled = false;
  #discarded = false;

  readonly #changed: () => void;

  /** @param changed Called when `isStarved` may have changed. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Number of the last accepted item. */
  get lastAccepted(): bigint {
    return this.#accepted;
  }

  /** Whether the engine waits for an item that the client has not sent. */
  get isStarved(): boolean {
    return this.#isPulled && this.#waitingItems === 0 && !this.#hasEnded;
  }

  /** Whether the client said that nothing more comes. */
  get isComplete(): boolean {
    return this.#hasEnded;
  }

  /**
   * Takes items when there is room for them, and answers when there is room for more. Throws INPUT_OUT_OF_ORDER for
   * a hole, or for an item after the end; nothing of the batch is accepted then.
   */
  async accept(batch: InputBatch, signal: AbortSignal): Promise<bigint> {
    this.#check(batch);
    await this.#room(signal);
    this.#push(this.#check(batch), batch);
    await this.#room(signal);
    return this.#accepted;
  }

  /** No more input: as if the client had said so. */
  end(): void {
    this.#hasEnded = true;
    this.#ring();
  }

  /** Lets go of everything: the pipeline needs no input any more. */
  discard(): void {
    this.#discarded = true;
    this.#chunks.length = 0;
    this.#waitingItems = 0;
    this.#waitingBytes = 0;
    this.end();
  }

  /** The values, at the engine's pace. One consumer. */
  async *values(): AsyncGenerator<Value> {
    for (;;) {
      const value = this.#take();
      if (value !== undefined) yield value;
      else if (this.#hasEnded) return;
      else await this.#starve();
    }
  }

  async #starve(): Promise<void> {
    this.#isPulled = true;
    this.#changed();
    try {
      await this.#doorbell.wait();
    } finally {
      this.#isPulled = false;
      this.#changed();
    }
  }

  /** The items that are new. */
  #check({ items }: InputBatch): readonly InputQueueItem[] {
    const fresh = items.filter(({ number }) => number > this.#accepted);
    if (this.#hasEnded && !this.#discarded && fresh.length > 0)
      throw outOfOrder(fresh[0]?.number ?? 0n, 'the input has ended');
    fresh.forEach(({ number }, index) => {
      const expected = this.#accepted + 1n + BigInt(index);
      if (number !== expected) throw outOfOrder(number, `item ${expected.toString()} comes next`);
    });
    if (items.some(({ number }) => number < 1n)) throw outOfOrder(0n, 'items are numbered from 1');
    return fresh;
  }

  #push(fresh: readonly InputQueueItem[], { bytes, isLast, items }: InputBatch): void {
    const values = fresh.flatMap((item) => item.values);
    if (values.length > 0 && !this.#discarded) {
      const share = Math.ceil((bytes * fresh.length) / items.length);
      this.#chunks.push({ values, next: 0, bytes: share });
      this.#waitingItems += values.length;
      this.#waitingBytes += share;
    }
    this.#accepted += BigInt(fresh.length);
    this.#hasEnded ||= isLast;
    this.#ring();
  }

  #take(): Value | undefined {
    const chunk = this.#chunks[0];
    const value = chunk?.values[chunk.next];
    if (chunk === undefined || value === undefined) return undefined;
    chunk.next += 1;
    this.#waitingItems -= 1;
    if (chunk.next === chunk.values.length) {
      this.#chunks.shift();
      this.#waitingBytes -= chunk.bytes;
    }
    if (!this.#isFull()) this.#doorbell.ring();
    return value;
  }

  async #room(signal: AbortSignal): Promise<void> {
    while (this.#isFull()) await this.#doorbell.wait(signal);
  }

  #isFull(): boolean {
    return this.#waitingItems >= inputLimit.items || this.#waitingBytes >= inputLimit.bytes;
  }

  #ring(): void {
    this.#doorbell.ring();
    this.#changed();
  }
}

function outOfOrder(number: bigint, why: string): RunspaceError {
  return new RunspaceError('INPUT_OUT_OF_ORDER', `input item ${number.toString()} cannot be taken: ${why}`, {
    facts: { number: number.toString() },
  });
}
