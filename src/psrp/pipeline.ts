import type { Value } from '../core/value';
import { LocalProtocolError } from './errors';
import { Gate } from './gate';
import { hostResponseValue, type HostAnswer, type HostCall } from './host-call';
import type { MessageType } from './message';
import type { SignalName } from './out-of-proc';
import type { Outbox } from './outbox';
import {
  nextPeerState,
  nextState,
  pipelineTransitions,
  type ClientPipelineState,
  type ClientPipelineTransition,
} from './states';

/** What a pipeline needs of its pool. */
export interface PipelineOwner {
  readonly outbox: Outbox;
  /** Whether this pipeline may start: the pool is open and every earlier pipeline has been created. */
  mayStart(pipeline: Pipeline): boolean;
  /** A value as a payload, its secure strings as they travel. */
  write(value: Value): string;
  encode(type: MessageType, pipelineId: string, payload: string): Uint8Array;
  /** Something changed that may let others go on. */
  advance(): void;
}

/**
 * The client half of one pipeline. It sends whatever its state and the acknowledgements allow: Command and
 * CREATE_PIPELINE, then input, a Signal when it is to stop, and Close once its final state has come.
 */
export class Pipeline {
  readonly id: string;
  readonly #createMessage: Uint8Array;
  readonly #owner: PipelineOwner;
  readonly #gate: Gate;
  #state: ClientPipelineState = 'queued';
  /** Input that came before CREATE_PIPELINE was acknowledged. */
  #early: Uint8Array[] = [];
  #isInputOpen: boolean;

  /** `createMessage` is CREATE_PIPELINE, encoded. */
  constructor(id: string, options: { createMessage: Uint8Array; hasInput: boolean; owner: PipelineOwner }) {
    this.id = id;
    this.#createMessage = options.createMessage;
    this.#owner = options.owner;
    this.#gate = new Gate(id, options.owner.outbox);
    this.#isInputOpen = options.hasInput;
  }

  get state(): ClientPipelineState {
    return this.#state;
  }

  /** Whether the server has it: pipelines that were made later may start. */
  get isCreated(): boolean {
    return !['queued', 'creating', 'stopPending'].includes(this.#state);
  }

  /** Whether its final state has come, so that nothing more that comes of it counts. */
  get isOver(): boolean {
    return this.#state === 'finished' || this.#state === 'closing' || this.#state === 'closed';
  }

  /** About how many bytes of input wait to be sent: what a producer of input should wait for. */
  get unsentInputBytes(): number {
    return this.#early.reduce((total, message) => total + message.length, this.#gate.unsentBytes);
  }

  /** Queues one input object (MS-PSRP 2.2.2.17). Dropped when the pipeline has finished or is to stop. */
  sendInput(value: Value): void {
    this.#requireOpenInput();
    // `<Nil />` is silently lost by PowerShell; an empty payload is its null.
    this.#queueInput('PIPELINE_INPUT', value.type === 'null' ? '' : this.#owner.write(value));
  }

  /** Says that no input follows (MS-PSRP 2.2.2.18). */
  endInput(): void {
    this.#requireOpenInput();
    this.#isInputOpen = false;
    this.#queueInput('END_OF_PIPELINE_INPUT', '');
  }

  /**
   * Asks the server to stop the pipeline. Its final state will come; nothing happens when it has come already.
   * PowerShell leaks a runspace when it is asked before it has begun to run the pipeline, which only its user can tell.
   */
  stop(): void {
    this.#apply('stop');
    this.#early = [];
    if (this.#state === 'stopping') this.#gate.dropQueued();
    this.#owner.advance();
  }

  /** Closes the pipeline at once, running or not. */
  abandon(): void {
    this.#apply('abandon');
    this.#drop();
    this.#owner.advance();
  }

  /** Answers a host call of this pipeline. Nothing is sent when the pipeline has finished meanwhile. */
  respond(call: HostCall, answer: HostAnswer): void {
    if (!call.needsResponse)
      throw new LocalProtocolError('RESPONSE_UNWANTED', `${call.method} takes no response`);
    if (!this.#takesAnswers()) return;
    const payload = this.#owner.write(hostResponseValue(call, answer));
    this.#gate.respond(this.#owner.encode('PIPELINE_HOST_RESPONSE', this.id, payload));
  }

  /** For the pool: an acknowledgement came. */
  acknowledge(name: Extract<SignalName, `${string}Ack`>): void {
    this.#gate.acknowledge(name);
    if (name === 'CloseAck') this.#applyPeer('closeAcknowledged');
  }

  /** For the pool: the final state came. */
  finish(): void {
    this.#applyPeer('peerFinished');
    this.#drop();
  }

  /** For the pool: there will be no more acknowledgements. */
  end(): void {
    this.#apply('poolEnded');
    this.#drop();
  }

  /** For the pool: sends what can be sent now. */
  advance(): void {
    if (this.#gate.isIdle) this.#advanceState();
    this.#gate.sendQueued();
  }

  #advanceState(): void {
    switch (this.#state) {
      case 'queued':
        if (this.#owner.mayStart(this)) this.#start();
        return;
      case 'creating':
      case 'stopPending':
        if (this.#gate.unsentBytes === 0) this.#created();
        return;
      case 'stopping':
        this.#apply('signalSent');
        this.#gate.send('Signal');
        return;
      case 'finished':
      case 'abandoned':
        this.#apply('closeSent');
        this.#gate.send('Close');
        return;
      case 'running':
      case 'signalled':
      case 'closing':
      case 'closingEarly':
      case 'closed':
        return;
    }
  }

  #start(): void {
    this.#apply('commandSent');
    this.#gate.send('Command');
    this.#gate.queue(this.#createMessage);
  }

  #created(): void {
    this.#apply('created');
    for (const message of this.#early) this.#gate.queue(message);
    this.#early = [];
    this.#advanceState();
  }

  #queueInput(type: MessageType, payload: string): void {
    if (!this.#takesInput()) return;
    const message = this.#owner.encode(type, this.id, payload);
    if (this.#state === 'running') this.#gate.queue(message);
    else this.#early.push(message);
    this.#owner.advance();
  }

  #requireOpenInput(): void {
    if (!this.#isInputOpen) throw new LocalProtocolError('INPUT_CLOSED', 'the pipeline takes no more input');
  }

  #takesInput(): boolean {
    return this.#state === 'queued' || this.#state === 'creating' || this.#state === 'running';
  }

  /** A pipeline that is being stopped may be waiting for an answer. */
  #takesAnswers(): boolean {
    return this.#takesInput() || this.#state.startsWith('stop') || this.#state === 'signalled';
  }

  #drop(): void {
    this.#early = [];
    this.#gate.dropQueued();
  }

  #apply(transition: ClientPipelineTransition): void {
    this.#state = nextState(pipelineTransitions, this.#state, transition);
  }

  #applyPeer(transition: ClientPipelineTransition): void {
    this.#state = nextPeerState(pipelineTransitions, this.#state, transition);
  }
}
