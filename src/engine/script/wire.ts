import type { Value } from '../../core/value';
import type { Invocation } from '../engine';
import type { Incoming } from './incoming';
import type { SignalChildren } from './message';

/** How an engine and a runner speak: frames of JSON messages (frame-wire.ts), or what else a runner can read. */
export interface Wire {
  /** Takes a piece apart that came from the runner's descriptor. Bytes that are none of a runner's are ENGINE_PROTOCOL_ERROR. */
  receive(descriptor: 1 | 2, piece: Uint8Array): Iterable<Incoming>;
  /** Tells a runner that was just started what the runspace is to have. */
  open(environment: Readonly<Record<string, string>>): void;
  /** The interpreter has answered, with this id. */
  opened(runspaceId: string): void;
  /** Starts a run. Throws a RunspaceError for what the engine can't take; any other error means that it is too large. */
  run(run: number, invocation: Invocation): void;
  /** One more item of the run's input; throws as `run` does. */
  input(run: number, value: Value): void;
  /** The run's input has ended. */
  endInput(run: number): Promise<void>;
  /** The run's input broke. False: the interpreter can't be told, so the command is to be failed. */
  failInput(run: number, why: string): boolean;
  /** Asks what may stand at the end of a line; the answer is a CompletionsReport with this id. Throws INVALID_ARGUMENT. */
  complete(id: number, line: string): void;
  /** Asks the interpreter to end the run. */
  stop(run: number): void;
  /** Asks again, in the hardest way that keeps the runspace, where there is one. */
  abort(run: number): void;
  /** Asks the runner to signal what the interpreter started. */
  signalChildren(message: SignalChildren): void;
}

/** What happens after a stop, after so many milliseconds, as long as the command still runs. */
export type Escalation = readonly (readonly [step: SignalChildren['signal'] | 'abort', afterMs: number])[];
