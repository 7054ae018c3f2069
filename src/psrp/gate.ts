import { joinBytes } from './codec';
import { RemoteProtocolError } from './errors';
import type { SignalName } from './out-of-proc';
import type { Outbox } from './outbox';

/*
 * Why a gate: PowerShell's out-of-process server hands each line to a thread pool, so lines sent back to back can be
 * processed out of order; Command followed by Data at once loses a pipeline now and then. So for each PSGuid one thing
 * is sent, then its acknowledgement awaited, then the next. Several fragments share one Data to save round trips.
 *
 * Host responses are the exception. They may be what the unacknowledged Data waits for (the server acknowledges
 * session data only after processing it), so they pass the gate, each whole in one Data of its own.
 */

/** Fragments are put together into one Data up to this many bytes; a single one may be larger. */
const dataSize = 64 * 1024;

/** An element that is acknowledged by one of its own kind. */
type Request = 'Command' | 'Signal' | 'Close';
type Acknowledgement = Extract<SignalName, `${Request | 'Data'}Ack`>;

/** Sends what belongs to one pipeline, or to the session, one acknowledgement at a time. */
export class Gate {
  readonly pipelineId: string;
  readonly #outbox: Outbox;
  #messages: Uint8Array[] = [];
  /** What is left of the message in hand, the next fragment last. */
  #fragments: Uint8Array[] = [];
  #unsentBytes = 0;
  #awaited: Exclude<Acknowledgement, 'DataAck'> | undefined;
  #unacknowledgedData = 0;

  constructor(pipelineId: string, outbox: Outbox) {
    this.pipelineId = pipelineId;
    this.#outbox = outbox;
  }

  /** Whether nothing waits for an acknowledgement. */
  get isIdle(): boolean {
    return this.#awaited === undefined && this.#unacknowledgedData === 0;
  }

  /** About how many bytes were queued and not yet sent. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** Queues a message. */
  queue(message: Uint8Array): void {
    this.#messages.push(message);
    this.#unsentBytes += message.length;
  }

  /** Sends a host response, past whatever is queued. */
  respond(message: Uint8Array): void {
    this.#unacknowledgedData++;
    const bytes = joinBytes(this.#outbox.fragmentsOf(message));
    this.#outbox.send({ name: 'Data', stream: 'PromptResponse', pipelineId: this.pipelineId, bytes });
  }

  /** Sends a Command, Signal or Close; only while idle. */
  send(name: Request): void {
    this.#awaited = `${name}Ack`;
    this.#outbox.send({ name, pipelineId: this.pipelineId });
  }

  /** Sends the next Data, if the gate is open and anything waits. */
  sendQueued(): void {
    if (!this.isIdle || this.#unsentBytes === 0) return;
    const bytes = joinBytes(this.#takeFragments());
    this.#unacknowledgedData++;
    this.#outbox.send({ name: 'Data', stream: 'Default', pipelineId: this.pipelineId, bytes });
  }

  /** Forgets what is queued. A message that is partly sent stays so: only for pipelines that are to end. */
  dropQueued(): void {
    this.#messages = [];
    this.#fragments = [];
    this.#unsentBytes = 0;
  }

  /** Opens the gate. An acknowledgement of what was never sent is the peer's fault. */
  acknowledge(name: Acknowledgement): void {
    if (name === 'DataAck' && this.#unacknowledgedData > 0) this.#unacknowledgedData--;
    else if (name !== 'DataAck' && name === this.#awaited) this.#awaited = undefined;
    else
      throw new RemoteProtocolError(
        'ACKNOWLEDGEMENT_UNEXPECTED',
        `${name} acknowledges nothing that was sent`,
      );
  }

  /** As many whole fragments as one Data takes, at least one. */
  #takeFragments(): Uint8Array[] {
    const taken: Uint8Array[] = [];
    let size = 0;
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      if (size > 0 && size + next.length > dataSize) break;
      taken.push(next);
      size += next.length;
      this.#fragments.pop();
    }
    this.#unsentBytes -= size;
    return taken;
  }

  #peek(): Uint8Array | undefined {
    if (this.#fragments.length === 0) {
      const message = this.#messages.shift();
      if (message === undefined) return undefined;
      this.#fragments = this.#outbox.fragmentsOf(message).reverse();
      this.#unsentBytes += this.#fragments.reduce((total, { length }) => total + length, -message.length);
    }
    return this.#fragments.at(-1);
  }
}
