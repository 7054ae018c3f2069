import { RunspaceError, toError } from './error';
import { InvokePipelineRequest, type InputItem } from './gen/runspace/v1/pipeline';
import type { Call } from './transport/call';
import { Clixml } from './value/clixml';
import { toValue } from './value/to-value';

/** The call over which a command is invoked. */
export type InvokeCall<Response> = Call<InvokePipelineRequest, Response>;

/** What a command gets as pipeline input: each item is one object, but for a `Clixml`, which has as many as it holds. */
export type InputSource = Iterable<unknown> | AsyncIterable<unknown>;

interface Item {
  readonly number: bigint;
  readonly encoded: Uint8Array;
}

const mostUnconfirmedItems = 256;
const mostUnconfirmedBytes = 1 << 20;

/**
 * A command's input on its way to the keeper: numbered from 1, sent in order, kept until the keeper has confirmed it,
 * and sent again over the next call when one was lost. Pulls no further ahead of the keeper than its window.
 */
export class InputSender {
  readonly #source: AsyncIterator<unknown> | Iterator<unknown>;
  #unconfirmed: Item[] = [];
  #unconfirmedBytes = 0;
  #confirmed = 0n;
  #last = 0n;
  #isAtEnd = false;
  #pulling: Promise<void> | undefined;
  #failure: RunspaceError | undefined;
  #wake: () => void = () => undefined;
  #changed: Promise<void>;

  constructor(source: InputSource) {
    this.#source =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    this.#changed = this.#nextChange();
  }

  /** Items up to this number are safe with the keeper. */
  confirm(number: bigint): void {
    if (number <= this.#confirmed) return;
    this.#confirmed = number;
    this.#unconfirmed = this.#unconfirmed.filter((item) => item.number > number);
    this.#unconfirmedBytes = this.#unconfirmed.reduce((sum, item) => sum + item.encoded.length, 0);
    this.#wake();
    this.#changed = this.#nextChange();
  }

  /**
   * Sends everything that is not confirmed, then what the source gives, then the end. Settles when the call is over or
   * has got all; throws INPUT_FAILED when the source does.
   */
  async feed<Response>(call: InvokeCall<Response>): Promise<void> {
    let next = this.#confirmed + 1n;
    while (!call.isOver()) {
      await this.#reach(next);
      if (next > this.#last) {
        await call.send({ action: { $case: 'endOfInput', value: {} } });
        return;
      }
      const item = this.#unconfirmed.find(({ number }) => number >= next);
      if (item !== undefined) await call.sendEncoded(item.encoded);
      next = (item?.number ?? this.#last) + 1n;
      while (this.#isFull() && !call.isOver()) await Promise.race([this.#changed, call.closed]);
    }
  }

  /** Throws INPUT_FAILED where the source has failed. */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Lets the source know that no more is wanted. Does not wait: it may be waiting for its own next item. */
  close(): void {
    this.#isAtEnd = true;
    const returned = Promise.resolve(this.#source.return?.());
    returned.catch(() => undefined); // A source that fails to close changes nothing for the command.
  }

  #isFull(): boolean {
    return this.#unconfirmed.length >= mostUnconfirmedItems || this.#unconfirmedBytes >= mostUnconfirmedBytes;
  }

  /** Settles when the item with this number was pulled, or there are no more. */
  async #reach(number: bigint): Promise<void> {
    while (this.#last < number && !this.#isAtEnd) {
      this.#pulling ??= this.#pull().finally(() => (this.#pulling = undefined));
      await this.#pulling;
    }
  }

  async #pull(): Promise<void> {
    this.throwIfFailed();
    try {
      const result = await this.#source.next();
      if (result.done === true) this.#isAtEnd = true;
      else this.#add(contentOf(result.value));
    } catch (error) {
      const message = `the input of the command failed: ${toError(error).message}`;
      this.#failure = new RunspaceError('INPUT_FAILED', message, { grpcCode: 'CANCELLED', cause: error });
      throw this.#failure;
    }
  }

  #add(content: Omit<InputItem, 'number'>): void {
    const number = (this.#last += 1n);
    const encoded = InvokePipelineRequest.encode({
      action: { $case: 'input', value: { number, ...content } },
    }).finish();
    this.#unconfirmed.push({ number, encoded });
    this.#unconfirmedBytes += encoded.length;
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

function contentOf(item: unknown): Omit<InputItem, 'number'> {
  return item instanceof Clixml ? { value: undefined, clixml: item.text } : { value: toValue(item) };
}

/** All items of a source, numbered from 1: for what takes its input whole. */
export async function allItems(source: InputSource): Promise<InputItem[]> {
  const items: InputItem[] = [];
  for await (const item of source) items.push({ number: BigInt(items.length + 1), ...contentOf(item) });
  return items;
}
