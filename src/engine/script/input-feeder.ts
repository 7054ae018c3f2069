import { toError } from '../../core/error';
import type { Value } from '../../core/value';
import type { Outgoing } from './outgoing';
import type { ScriptPipeline } from './script-pipeline';
import { toWire } from './wire-value';

/** Gives a command its input, one item for each time it asks. */
export class InputFeeder {
  readonly #input: AsyncIterator<Value>;
  readonly #pipeline: ScriptPipeline;
  readonly #outgoing: Outgoing;
  #asked = 0;
  #isFeeding = false;
  #hasEnded = false;

  constructor(input: AsyncIterable<Value>, pipeline: ScriptPipeline, outgoing: Outgoing) {
    this.#input = input[Symbol.asyncIterator]();
    this.#pipeline = pipeline;
    this.#outgoing = outgoing;
    void pipeline.finished.then(() => this.#leave());
  }

  /** The command asks for one more item. */
  pull(): void {
    this.#asked += 1;
    if (!this.#isFeeding) void this.#feed();
  }

  async #feed(): Promise<void> {
    this.#isFeeding = true;
    while (this.#asked > 0 && !this.#hasEnded) {
      this.#asked -= 1;
      await this.#feedOne();
    }
    this.#isFeeding = false;
  }

  async #feedOne(): Promise<void> {
    const { run } = this.#pipeline;
    try {
      const item = await this.#input.next();
      if (this.#pipeline.isFinished) this.#hasEnded = true;
      // Not awaited: the command asks for no more items than it can hold.
      else if (item.done !== true) void this.#outgoing.send({ is: 'input', run, value: toWire(item.value) });
      else await this.#end({ is: 'inputEnd', run });
    } catch (thrown) {
      await this.#end({ is: 'inputEnd', run, error: toError(thrown).message });
    }
  }

  async #end(message: {
    readonly is: 'inputEnd';
    readonly run: number;
    readonly error?: string;
  }): Promise<void> {
    this.#hasEnded = true;
    await this.#outgoing.send(message);
  }

  async #leave(): Promise<void> {
    this.#hasEnded = true;
    try {
      await this.#input.return?.();
    } catch {
      // The command is over, and with it whatever its input still has to say.
    }
  }
}
