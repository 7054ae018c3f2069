import { RunspaceError, toError } from '../../core/error';
import type { Value } from '../../core/value';
import { LocalProtocolError } from '../../psrp/errors';
import type { Pipeline } from '../../psrp/pipeline';
import type { Command } from './command';

/** Input that may wait to be sent before the next item is asked for. */
const windowBytes = 64 * 1024;

interface FeederOptions {
  readonly input: AsyncIterable<Value>;
  readonly command: Command;
  readonly pipeline: Pipeline;
  /** Writes what the protocol has to send. */
  readonly flush: () => void;
}

/** Gives a command its input at the pace at which PowerShell takes it. */
export class InputFeeder {
  readonly #options: FeederOptions;
  readonly #items: AsyncIterator<Value>;
  #wake: () => void = () => undefined;

  constructor(options: FeederOptions) {
    this.#options = options;
    this.#items = options.input[Symbol.asyncIterator]();
    void this.#feed();
  }

  /** PowerShell may have taken something. */
  progress(): void {
    this.#wake();
  }

  /** The command is over. A source that waits for its next item is not waited for. */
  async leave(): Promise<void> {
    this.#wake();
    try {
      await this.#items.return?.();
    } catch {
      // The command is over, and with it whatever its input still has to say.
    }
  }

  async #feed(): Promise<void> {
    const { command, pipeline, flush } = this.#options;
    try {
      for (;;) {
        const item = await this.#items.next();
        if (command.isFinished) return;
        if (item.done === true) {
          pipeline.endInput();
          flush();
          return;
        }
        pipeline.sendInput(item.value);
        flush();
        await this.#room();
      }
    } catch (thrown) {
      command.fail(inputFailed(thrown));
      flush();
    }
  }

  async #room(): Promise<void> {
    const { command, pipeline } = this.#options;
    while (pipeline.unsentInputBytes > windowBytes && !command.isFinished) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function inputFailed(thrown: unknown): RunspaceError {
  if (thrown instanceof RunspaceError) return thrown;
  const cause = toError(thrown);
  const problem =
    cause instanceof LocalProtocolError ? 'an item of input can not be sent' : 'the input broke off';
  return new RunspaceError('INVALID_ARGUMENT', `${problem}: ${cause.message}`, { cause });
}
