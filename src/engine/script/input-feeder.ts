import { toError } from '../../core/error';
import type { Value } from '../../core/value';
import type { ScriptPipeline } from './script-pipeline';
import type { Wire } from './wire';

/** What a feeder works on. */
export interface Feeding {
  readonly input: AsyncIterable<Value>;
  readonly pipeline: ScriptPipeline;
  readonly wire: Wire;
  /** The input broke, and the command can't be told. */
  readonly failed: (error: Error) => void;
}

/** Gives a command its input, one item for each time it asks. */
export class InputFeeder {
  readonly #input: AsyncIterator<Value>;
  readonly #feeding: Feeding;
  #asked = 0;
  #isFeeding = false;
  #hasEnded = false;

  constructor(feeding: Feeding) {
    this.#feeding = feeding;
    this.#input = feeding.input[Symbol.asyncIterator]();
    void feeding.pipeline.finished.then(() => this.#leave());
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
    const { pipeline, wire, failed } = this.#feeding;
    try {
      const item = await this.#input.next();
      if (pipeline.isFinished) this.#hasEnded = true;
      else if (item.done !== true) wire.input(pipeline.run, item.value);
      else {
        this.#hasEnded = true;
        await wire.endInput(pipeline.run);
      }
    } catch (thrown) {
      this.#hasEnded = true;
      const error = toError(thrown);
      if (!wire.failInput(pipeline.run, error.message) && !pipeline.isFinished) failed(error);
    }
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
