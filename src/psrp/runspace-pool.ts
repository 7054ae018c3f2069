import type { Value } from '../core/value';
import { capabilityValue, isAtLeast, type ProtocolVersion } from './capability';
import { readClientEvent } from './client-messages';
import { int32Value } from './clixml/properties';
import { writeClixml } from './clixml/writer';
import type { Codec } from './codec';
import { createPipelineValue, type PipelineSpec } from './create-pipeline';
import { LocalProtocolError, RemoteProtocolError } from './errors';
import type { ClientEvent } from './events';
import { Gate } from './gate';
import { emptyGuid } from './guid';
import { hostResponseValue, type HostAnswer, type HostCall } from './host-call';
import { Inbox, type Arrival } from './inbox';
import type { Cryptography } from './key-exchange';
import { encodeMessage, type Message, type MessageType } from './message';
import type { SignalName } from './out-of-proc';
import { Outbox } from './outbox';
import { Pipeline, type PipelineOwner } from './pipeline';
import { initValue, requestValue, type PoolSpec } from './pool-messages';
import { SecureChannel } from './secure-channel';
import {
  isFinalState,
  nextPeerState,
  nextState,
  peerStates,
  poolTransitions,
  type PoolState,
  type PoolTransition,
  type RunspaceState,
} from './states';

/*
 * The client half of PSRP over the out-of-process transport. Sans-IO: bytes go in by `receiveData`, events come out
 * of `nextEvent`, and what has to be sent waits in `dataToSend`. The loop of a user is
 *
 *   pool.receiveData(chunk);
 *   for (let event = pool.nextEvent(); event; event = pool.nextEvent()) { … }     may call methods of the pool
 *   const bytes = pool.dataToSend();  if (bytes) write(bytes);
 *
 * Nothing is parsed before it is asked for, so a user that stops asking holds the peer back by not reading. After
 * `stop` and `close` there may be events without any bytes: ask then too.
 *
 * Glossary
 * - pool      a runspace pool: the server's session. One PSRP transport carries one at a time
 * - pipeline  one invocation in a pool, named by its id (PID, PSGuid)
 * - element   one XML element of the transport (out-of-proc.ts)
 * - message   one thing that is said, with a type and a CLIXML payload (message.ts); it travels in
 * - fragments (fragment.ts), one or more to a Data element
 * - gate      what makes everything of one pipeline wait for its acknowledgement (gate.ts)
 *
 * Opening: SESSION_CAPABILITY and INIT_RUNSPACEPOOL go out together; back come SESSION_CAPABILITY (the version is
 * agreed), APPLICATION_PRIVATE_DATA, RUNSPACEPOOL_STATE Opened. With a server of 2.2 or 2.3 PUBLIC_KEY follows, and the
 * pool is open to its user once the session key is back (secure-channel.ts). Closing: every pipeline is closed first, since the
 * server waits for that; then Close, and its CloseAck is the end.
 */

/** What a pool is made with. */
export interface PoolOptions extends PoolSpec {
  readonly codec: Codec;
  /** The pool's id (RPID), a lower-case GUID, chosen by the client. */
  readonly id: string;
  /** The newest version to offer. A server that is older answers with its own. */
  readonly offeredVersion: ProtocolVersion;
  /** For the key exchange with servers of 2.2 and 2.3. Without it secure strings go as they are, which these can't read. */
  readonly cryptography?: Cryptography;
  /** Largest message of a pipeline in bytes; larger ones are skipped with an event. */
  readonly maximumObjectSize: number;
}

/** Ids of closed pipelines for which a late word of the server is no error. */
const rememberedPipelines = 64;

/** The client half of a runspace pool. Methods throw LocalProtocolError when out of turn, `nextEvent` RemoteProtocolError. */
export class RunspacePool {
  readonly id: string;
  readonly #options: PoolOptions;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #gate: Gate;
  readonly #owner: PipelineOwner;
  #state: PoolState = 'beforeOpen';
  #version: ProtocolVersion | undefined;
  #failure: RemoteProtocolError | undefined;
  #isCloseSent = false;
  #lastCallId = 0n;
  /** In the order in which they were made. */
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #closedPipelines: string[] = [];
  readonly #secureChannel: SecureChannel;
  /** Events that no message tells. */
  readonly #ownEvents: ClientEvent[] = [];

  constructor(options: PoolOptions) {
    this.id = options.id;
    this.#options = options;
    const { codec, maximumObjectSize } = options;
    this.#inbox = new Inbox({ codec, maximumObjectSize, accepts: (id) => this.#acceptsData(id) });
    this.#outbox = new Outbox(codec);
    this.#gate = new Gate(emptyGuid, this.#outbox);
    this.#secureChannel = new SecureChannel(options);
    this.#owner = {
      outbox: this.#outbox,
      mayStart: (pipeline) => this.#mayStart(pipeline),
      write: (value) => this.#write(value),
      encode: (type, pipelineId, payload) => this.#encode(type, pipelineId, payload),
      advance: () => {
        this.#advance();
      },
    };
  }

  get state(): PoolState {
    return this.#state;
  }

  /** The version that both sides agreed on; undefined before the server has answered. */
  get version(): ProtocolVersion | undefined {
    return this.#version;
  }

  /** Opens the pool; the answer is the event `poolState`. */
  open(): void {
    const capability = writeClixml(capabilityValue(this.#options.offeredVersion));
    const init = writeClixml(initValue(this.#options));
    this.#apply('open');
    this.#gate.queue(this.#encode('SESSION_CAPABILITY', emptyGuid, capability));
    this.#gate.queue(this.#encode('INIT_RUNSPACEPOOL', emptyGuid, init));
    this.#advance();
  }

  /** Queues a pipeline; it starts as soon as the ones before it have. `id` is a lower-case GUID, new to this pool. */
  createPipeline(id: string, spec: PipelineSpec): Pipeline {
    const version = this.#requireOpened();
    if (this.#pipelines.has(id))
      throw new LocalProtocolError('PIPELINE_ID_TAKEN', `there is a pipeline ${id}`);
    const payload = this.#write(createPipelineValue(spec, version));
    const createMessage = this.#encode('CREATE_PIPELINE', id, payload);
    const pipeline = new Pipeline(id, { createMessage, hasInput: spec.hasInput, owner: this.#owner });
    this.#pipelines.set(id, pipeline);
    this.#advance();
    return pipeline;
  }

  /** Gives the runspace its first state back (2.3 and later). Returns the id that the event `availability` will name. */
  reset(): bigint {
    const version = this.#requireOpened();
    if (!isAtLeast(version, '2.3')) {
      throw new LocalProtocolError('VERSION_TOO_OLD', `reset needs protocol version 2.3, this is ${version}`);
    }
    return this.#request('RESET_RUNSPACE_STATE');
  }

  /** Asks how many runspaces are free. Returns the id that the event `availability` will name. */
  getAvailableRunspaces(): bigint {
    this.#requireOpened();
    return this.#request('GET_AVAILABLE_RUNSPACES');
  }

  /** Asks for another number of runspaces. Returns the id that the event `availability` will name. */
  setRunspaces(limit: 'minimum' | 'maximum', count: number): bigint {
    this.#requireOpened();
    return limit === 'minimum'
      ? this.#request('SET_MIN_RUNSPACES', { MinRunspaces: int32Value(count) })
      : this.#request('SET_MAX_RUNSPACES', { MaxRunspaces: int32Value(count) });
  }

  /** Answers a host call of the pool. */
  respond(call: HostCall, answer: HostAnswer): void {
    if (!call.needsResponse)
      throw new LocalProtocolError('RESPONSE_UNWANTED', `${call.method} takes no response`);
    if (this.#state !== 'opening' && this.#state !== 'opened') return;
    const payload = this.#write(hostResponseValue(call, answer));
    this.#gate.respond(this.#encode('RUNSPACEPOOL_HOST_RESPONSE', emptyGuid, payload));
  }

  /** Closes all pipelines, then the pool; the answer is the event `poolClosed`. Does nothing when closed or broken. */
  close(): void {
    this.#apply('close');
    for (const pipeline of [...this.#pipelines.values()]) pipeline.abandon();
    this.#gate.dropQueued();
    this.#advance();
  }

  /** Takes bytes of the server. Keeps a reference: the chunk must not be changed afterwards. */
  receiveData(bytes: Uint8Array): void {
    this.#inbox.receive(bytes);
  }

  /**
   * The next event; undefined when more bytes are needed. After a RemoteProtocolError the pool is broken and every
   * further call throws the same error.
   */
  nextEvent(): ClientEvent | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return this.#nextEvent();
    } catch (error) {
      if (error instanceof RemoteProtocolError) {
        this.#failure = error;
        this.#apply('fail');
        this.#endPipelines();
      }
      throw error;
    }
  }

  /** What is to be sent now, once; undefined when nothing is. */
  dataToSend(): Uint8Array | undefined {
    return this.#outbox.take();
  }

  #nextEvent(): ClientEvent | undefined {
    for (;;) {
      const own = this.#ownEvents.shift();
      if (own !== undefined) return own;
      const arrival = this.#inbox.next();
      if (arrival === undefined) return undefined;
      const event = this.#take(arrival);
      if (mayOpenGate(arrival, event)) this.#advance();
      if (event !== undefined) return event;
    }
  }

  #take(arrival: Arrival): ClientEvent | undefined {
    switch (arrival.is) {
      case 'noise':
        return { type: 'noise', text: arrival.text };
      case 'signal':
        return this.#takeSignal(arrival.name, arrival.pipelineId);
      case 'message':
        return this.#takeMessage(arrival.message, arrival.pipelineId);
      case 'tooLarge':
        return this.#takeTooLarge(arrival.pipelineId, arrival.size);
      case 'dataEnd':
        return undefined;
    }
  }

  #takeSignal(name: SignalName, pipelineId: string): ClientEvent | undefined {
    if (name === 'Command' || name === 'Signal' || name === 'Close') {
      throw new RemoteProtocolError('ELEMENT_MISDIRECTED', `the server sent ${name}`);
    }
    if (pipelineId === emptyGuid) {
      this.#gate.acknowledge(name);
      return name === 'CloseAck' ? this.#closed() : undefined;
    }
    const pipeline = this.#pipelines.get(pipelineId);
    if (pipeline === undefined) throw unknownPipeline(pipelineId);
    pipeline.acknowledge(name);
    if (name !== 'CloseAck') return undefined;
    this.#forget(pipelineId);
    return { type: 'pipelineClosed', pipelineId };
  }

  #closed(): ClientEvent {
    this.#applyPeer('closeAcknowledged');
    this.#endPipelines();
    return { type: 'poolClosed' };
  }

  #takeMessage(message: Message, pipelineId: string): ClientEvent | undefined {
    const event = readClientEvent(message, pipelineId, this.#secureChannel);
    if (pipelineId === emptyGuid) return this.#takePoolEvent(event);
    const pipeline = this.#pipelines.get(pipelineId);
    if (pipeline === undefined || pipeline.isOver) return undefined;
    const isFinal = event.type === 'pipelineState' && isFinalState(event.state);
    if (isFinal) pipeline.finish();
    return event;
  }

  #takePoolEvent(event: ClientEvent): ClientEvent | undefined {
    if (event.type === 'negotiated') this.#version = event.version;
    if (event.type === 'poolState') this.#takePoolState(event.state);
    const { tell, publicKey } = this.#secureChannel.take(event);
    if (publicKey !== undefined) this.#send('PUBLIC_KEY', publicKey);
    return tell;
  }

  #takePoolState(state: RunspaceState): void {
    if (state === 'opened' && this.#version === undefined)
      throw new RemoteProtocolError('MESSAGE_UNEXPECTED', 'the pool opened before a version was agreed');
    const transition = peerStates[state];
    if (transition === undefined) return;
    this.#applyPeer(transition);
    if (this.#state === 'closed' || this.#state === 'broken') this.#endPipelines();
  }

  #takeTooLarge(pipelineId: string, size: number): ClientEvent | undefined {
    const limit = this.#options.maximumObjectSize;
    if (pipelineId !== emptyGuid) {
      const isOver = this.#pipelines.get(pipelineId)?.isOver ?? true;
      return isOver ? undefined : { type: 'objectTooLarge', pipelineId, size, limit };
    }
    const sizes = `${String(size)} bytes or more, the limit is ${String(limit)}`;
    throw new RemoteProtocolError(
      'OBJECT_TOO_LARGE',
      `the server sent a message for the session of ${sizes}`,
    );
  }

  /** Data of a pipeline that was just closed may still have been on its way. */
  #acceptsData(pipelineId: string): boolean {
    if (pipelineId === emptyGuid || this.#pipelines.has(pipelineId)) return true;
    if (this.#closedPipelines.includes(pipelineId)) return false;
    throw unknownPipeline(pipelineId);
  }

  #forget(pipelineId: string): void {
    this.#pipelines.delete(pipelineId);
    this.#inbox.forget(pipelineId);
    this.#closedPipelines.push(pipelineId);
    if (this.#closedPipelines.length > rememberedPipelines) this.#closedPipelines.shift();
  }

  #endPipelines(): void {
    for (const [id, pipeline] of [...this.#pipelines]) {
      pipeline.end();
      this.#forget(id);
    }
  }

  #mayStart(pipeline: Pipeline): boolean {
    if (this.#state !== 'opened') return false;
    for (const earlier of this.#pipelines.values()) {
      if (earlier === pipeline) return true;
      if (!earlier.isCreated) return false;
    }
    return false;
  }

  /** Sends what can be sent now. Pipelines that were stopped or abandoned before they were sent end here. */
  #advance(): void {
    this.#gate.sendQueued();
    for (const [pipelineId, pipeline] of [...this.#pipelines]) {
      pipeline.advance();
      if (pipeline.state !== 'closed') continue;
      this.#forget(pipelineId);
      this.#ownEvents.push({ type: 'pipelineState', pipelineId, state: 'stopped' });
      this.#ownEvents.push({ type: 'pipelineClosed', pipelineId });
    }
    const isToClose = this.#state === 'closing' && !this.#isCloseSent;
    if (isToClose && this.#pipelines.size === 0 && this.#gate.isIdle) this.#sendClose();
  }

  #sendClose(): void {
    this.#isCloseSent = true;
    this.#gate.send('Close');
  }

  #request(type: MessageType, members: Readonly<Record<string, Value>> = {}): bigint {
    const callId = ++this.#lastCallId;
    this.#send(type, requestValue(callId, members));
    return callId;
  }

  #write(value: Value): string {
    return writeClixml(this.#secureChannel.seal(value));
  }

  #send(type: MessageType, payload: Value): void {
    this.#gate.queue(this.#encode(type, emptyGuid, this.#write(payload)));
    this.#advance();
  }

  #encode(type: MessageType, pipelineId: string, payload: string): Uint8Array {
    const message: Message = { destination: 'server', type, runspacePoolId: this.id, pipelineId, payload };
    return encodeMessage(message, this.#options.codec);
  }

  #requireOpened(): ProtocolVersion {
    if (this.#state === 'opened' && this.#version !== undefined) return this.#version;
    throw new LocalProtocolError('POOL_NOT_OPENED', `the pool is ${this.#state}, not opened`);
  }

  #apply(transition: PoolTransition): void {
    this.#state = nextState(poolTransitions, this.#state, transition);
  }

  #applyPeer(transition: PoolTransition): void {
    this.#state = nextPeerState(poolTransitions, this.#state, transition);
  }
}

/** Whether something may be sent now that could not before. Most arrivals are records, which change nothing. */
function mayOpenGate(arrival: Arrival, event: ClientEvent | undefined): boolean {
  return arrival.is === 'signal' || event?.type === 'pipelineState' || event?.type === 'poolState';
}

function unknownPipeline(pipelineId: string): RemoteProtocolError {
  return new RemoteProtocolError('PIPELINE_UNKNOWN', `the server names an unknown pipeline: ${pipelineId}`);
}
