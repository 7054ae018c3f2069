import { RunspaceError } from '../../core/error';
import type { Value } from '../../core/value';
import type { Transport } from '../../transport/transport';
import type { Invocation } from '../engine';
import { IncomingReader, type Incoming } from './incoming';
import { markOf, markPrefix } from './mark-scanner';
import type { SignalChildren } from './message';
import { Outgoing } from './outgoing';
import type { Wire } from './wire';
import { toWire } from './wire-value';

/** Frames of JSON messages, for interpreters that can read them. */
export class FrameWire implements Wire {
  readonly #incoming: IncomingReader;
  readonly #outgoing: Outgoing;
  readonly #maximumMessageLength: number;
  #runspaceId = '';

  /** `maximumMessageLength` in bytes of JSON. */
  constructor(transport: Transport, maximumMessageLength: number) {
    this.#maximumMessageLength = maximumMessageLength;
    this.#incoming = new IncomingReader(maximumMessageLength);
    this.#outgoing = new Outgoing(transport);
  }

  receive(descriptor: 1 | 2, piece: Uint8Array): Iterable<Incoming> {
    if (descriptor === 1) return this.#incoming.receive(piece);
    throw new RunspaceError('INTERNAL', 'a runner that speaks in frames has its standard error to itself');
  }

  open(environment: Readonly<Record<string, string>>): void {
    const maximumMessageLength = this.#maximumMessageLength;
    void this.#outgoing.send({ is: 'open', environment, maximumMessageLength });
  }

  opened(runspaceId: string): void {
    this.#runspaceId = runspaceId;
    this.#incoming.expectMarks(markPrefix(runspaceId));
  }

  run(run: number, { script, arguments: given, newScope, input }: Invocation): void {
    void this.#outgoing.send({
      is: 'run',
      run,
      script,
      positional: given.flatMap((one) => (one.name === undefined ? [toWire(one.value)] : [])),
      named: given.flatMap((one) => (one.name === undefined ? [] : [[one.name, toWire(one.value)] as const])),
      newScope,
      hasInput: input !== undefined,
      mark: markOf(this.#runspaceId, run),
    });
  }

  input(run: number, value: Value): void {
    // Not awaited: the command asks for no more items than it can hold.
    void this.#outgoing.send({ is: 'input', run, value: toWire(value) });
  }

  endInput(run: number): Promise<void> {
    return this.#outgoing.send({ is: 'inputEnd', run });
  }

  failInput(run: number, why: string): boolean {
    void this.#outgoing.send({ is: 'inputEnd', run, error: why });
    return true;
  }

  complete(id: number, line: string): void {
    void this.#outgoing.send({ is: 'complete', id, line });
  }

  stop(run: number): void {
    this.#outgoing.sendUrgent({ is: 'stop', run });
  }

  abort(): void {
    // The interpreter does its best at the first stop.
  }

  signalChildren(message: SignalChildren): void {
    this.#outgoing.control(message);
  }
}
