import type { WireValue } from '../../script/wire-value';
import { fromWire } from './from-wire';

/** Items that are asked for before they are wanted. */
const readAhead = 16;

/** A command's input as the command sees it: an async iterable that can be gone through once, at the command's pace. */
export class PipelineInput implements AsyncIterableIterator<unknown> {
  readonly #pull: () => void;
  readonly #items: unknown[] = [];
  #asked = 0;
  #isAtEnd: boolean;
  #error: Error | undefined;
  #wake: () => void = () => undefined;

  /** `pull` asks for one more item. Without it there is no input. */
  constructor(pull: (() => void) | undefined) {
    this.#isAtEnd = pull === undefined;
    this.#pull = pull ?? (() => undefined);
  }

  /** An item has come. */
  item(wire: WireValue): void {
    this.#asked -= 1;
    this.#items.push(fromWire(wire));
    this.#wake();
  }

  /** No more items come; `error` says why, if it is not the end. */
  end(error: string | undefined): void {
    this.#isAtEnd = true;
    if (error !== undefined) this.#error = new Error(`the input broke: ${error}`);
    this.#wake();
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    while (this.#items.length === 0 && !this.#isAtEnd) {
      this.#askForMore();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#items.length > 0) {
      const value = this.#items.shift();
      this.#askForMore();
      return { done: false, value };
    }
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) throw error;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #askForMore(): void {
    while (!this.#isAtEnd && this.#asked + this.#items.length < readAhead) {
      this.#asked += 1;
      this.#pull();
    }
  }
}
