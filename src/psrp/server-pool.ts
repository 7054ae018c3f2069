import type { ErrorStreamRecord } from '../core/record';
import type { Value } from '../core/value';
import { capabilityValue, readClientCapability, type ProtocolVersion } from './capability';
import { integerOf, propertyBag, propertyOf, textOf } from './clixml/properties';
import { writeClixml } from './clixml/writer';
import { readPayload } from './client-messages';
import type { Codec } from './codec';
import { readCreatePipeline } from './create-pipeline';
import { LocalProtocolError, RemoteProtocolError } from './errors';
import { emptyGuid } from './guid';
import { hostCallValue, readHostResponse, type HostCall } from './host-call';
import { Inbox, type Arrival } from './inbox';
import { encodeMessage, messageKinds, type Message, type MessageType } from './message';
import type { SignalName } from './out-of-proc';
import { Outbox } from './outbox';
import {
  availabilityValue,
  pipelineStateValue,
  poolStateValue,
  privateDataValue,
  readCallId,
  readInit,
  required,
  type AvailabilityAnswer,
  type ReportedState,
} from './pool-messages';
import { recordMessage, type WrittenRecord } from './records';
import type { ServerEvent } from './server-events';
import {
  serverPipelineTransitions,
  serverPoolTransitions,
  type ServerPipelineState,
  type ServerPipelineTransition,
  type ServerPoolState,
  type ServerPoolTransition,
} from './server-states';
import { nextPeerState, nextState, type InvocationState } from './states';

/*
 * The server half: what PowerShell does behind `pwsh -s`, without a PowerShell. The tests' peer, and the way in for
 * stock clients. Used like the client half (runspace-pool.ts): bytes in, events out, bytes to send.
 *
 * Acknowledgements are sent as PowerShell sends them: Command at once, Data when its messages have been taken, Signal
 * after the final state, Close once the pipeline is over. The session's Close waits for every pipeline's.
 */

/** What a server's pool is made with. */
export interface ServerPoolOptions {
  readonly codec: Codec;
  /** Largest message in bytes; a larger one breaks the session. */
  readonly maximumObjectSize: number;
  /** What to answer to newer clients; 2.4 unless said. */
  readonly newestVersion?: ProtocolVersion;
}

/** PowerShell's MaxConcurrentCommandsPerSession. */
const mostPipelines = 1000;

interface ServerPipeline {
  state: ServerPipelineState;
  /** Signals that are answered when the pipeline is over. */
  signals: number;
}

/** The server half of a runspace pool. Methods throw LocalProtocolError when out of turn, `nextEvent` RemoteProtocolError. */
export class ServerPool {
  readonly #codec: Codec;
  readonly #newestVersion: ProtocolVersion;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #pipelines = new Map<string, ServerPipeline>();
  #state: ServerPoolState = 'listening';
  #poolId = emptyGuid;
  #version: ProtocolVersion = '2.4';
  #failure: RemoteProtocolError | undefined;

  constructor(options: ServerPoolOptions) {
    this.#codec = options.codec;
    this.#newestVersion = options.newestVersion ?? '2.4';
    this.#outbox = new Outbox(options.codec);
    // A server acknowledges Data of pipelines that it does not know, and drops it.
    this.#inbox = new Inbox({ ...options, accepts: (id) => id === emptyGuid || this.#pipelines.has(id) });
  }

  get state(): ServerPoolState {
    return this.#state;
  }

  /** Opens the pool that the event `poolOpening` announced. */
  accept(privateData: readonly (readonly [name: string, value: Value])[] = []): void {
    this.#apply('accept');
    this.#send('APPLICATION_PRIVATE_DATA', emptyGuid, privateDataValue(privateData));
    this.#send('RUNSPACEPOOL_STATE', emptyGuid, poolStateValue({ state: 'opened' }));
  }

  /** Refuses the pool that the event `poolOpening` announced. */
  reject(error: ErrorStreamRecord): void {
    this.#apply('reject');
    this.#send('RUNSPACEPOOL_STATE', emptyGuid, poolStateValue({ state: 'broken', error }));
  }

  /** Answers a request that named itself with `callId`. */
  answer(callId: bigint, answer: AvailabilityAnswer): void {
    this.#send('RUNSPACE_AVAILABILITY', emptyGuid, availabilityValue(callId, answer));
  }

  /** Answers the event `publicKey`; base64 of a CAPI SIMPLEBLOB. */
  sendSessionKey(encryptedSessionKey: string): void {
    const payload = propertyBag({ EncryptedSessionKey: { type: 'string', value: encryptedSessionKey } });
    this.#send('ENCRYPTED_SESSION_KEY', emptyGuid, payload);
  }

  /** Writes a record of a pipeline. */
  write(pipelineId: string, record: WrittenRecord): void {
    this.#requireRunning(pipelineId);
    const [type, payload] = recordMessage(record);
    this.#send(type, pipelineId, payload);
  }

  /** Asks or tells the client's host something, for a pipeline or (undefined) the pool. */
  callHost(pipelineId: string | undefined, call: HostCall): void {
    if (pipelineId !== undefined) this.#requireRunning(pipelineId);
    const type = pipelineId === undefined ? 'RUNSPACEPOOL_HOST_CALL' : 'PIPELINE_HOST_CALL';
    this.#send(type, pipelineId ?? emptyGuid, hostCallValue(call));
  }

  /** Ends a pipeline. */
  finish(pipelineId: string, reported: ReportedState<InvocationState>): void {
    const pipeline = this.#requireRunning(pipelineId);
    this.#send('PIPELINE_STATE', pipelineId, pipelineStateValue(reported));
    for (; pipeline.signals > 0; pipeline.signals--) this.#outbox.send({ name: 'SignalAck', pipelineId });
    this.#applyTo(pipeline, 'finish');
    if (pipeline.state === 'closed') this.#closePipeline(pipelineId);
  }

  /** Takes bytes of the client. Keeps a reference: the chunk must not be changed afterwards. */
  receiveData(bytes: Uint8Array): void {
    this.#inbox.receive(bytes);
  }

  /** The next event; undefined when more bytes are needed. A RemoteProtocolError is thrown again by every further call. */
  nextEvent(): ServerEvent | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return this.#nextEvent();
    } catch (error) {
      if (error instanceof RemoteProtocolError) {
        this.#failure = error;
        this.#apply('fail');
      }
      throw error;
    }
  }

  /** What is to be sent now, once; undefined when nothing is. */
  dataToSend(): Uint8Array | undefined {
    return this.#outbox.take();
  }

  #nextEvent(): ServerEvent | undefined {
    for (;;) {
      if (this.#isClosable()) return this.#close();
      const arrival = this.#inbox.next();
      if (arrival === undefined) return undefined;
      const event = this.#take(arrival);
      if (event !== undefined) return event;
    }
  }

  #take(arrival: Arrival): ServerEvent | undefined {
    switch (arrival.is) {
      case 'noise':
        throw new RemoteProtocolError('LINE_MALFORMED', 'the client sent a line that is no element');
      case 'tooLarge':
        throw new RemoteProtocolError(
          'OBJECT_TOO_LARGE',
          `the client sent ${String(arrival.size)} bytes or more`,
        );
      case 'dataEnd':
        this.#outbox.send({ name: 'DataAck', pipelineId: arrival.pipelineId });
        return undefined;
      case 'signal':
        return this.#takeSignal(arrival.name, arrival.pipelineId);
      case 'message':
        return this.#takeMessage(arrival.message, arrival.pipelineId);
    }
  }

  #takeSignal(name: SignalName, pipelineId: string): ServerEvent | undefined {
    switch (name) {
      case 'Command':
        this.#takeCommand(pipelineId);
        return undefined;
      case 'Signal':
        return this.#takeStop(pipelineId, 'acknowledged');
      case 'Close':
        return this.#takeClose(pipelineId);
      case 'CommandAck':
      case 'DataAck':
      case 'CloseAck':
      case 'SignalAck':
        throw new RemoteProtocolError('ELEMENT_MISDIRECTED', `the client sent ${name}`);
    }
  }

  #takeCommand(pipelineId: string): void {
    if (this.#state !== 'opened') throw outOfTurn('Command', this.#state);
    if (pipelineId === emptyGuid || this.#pipelines.has(pipelineId)) {
      throw new RemoteProtocolError('PIPELINE_ID_TAKEN', `the client created ${pipelineId} twice`);
    }
    if (this.#pipelines.size >= mostPipelines) {
      throw new RemoteProtocolError('TOO_MANY_PIPELINES', `the client left ${String(mostPipelines)} open`);
    }
    this.#pipelines.set(pipelineId, { state: 'commanded', signals: 0 });
    this.#outbox.send({ name: 'CommandAck', pipelineId });
  }

  /** A Signal is acknowledged when the pipeline is over; the message STOP_POWERSHELL never is. */
  #takeStop(pipelineId: string, kind: 'acknowledged' | 'silent'): ServerEvent | undefined {
    if (pipelineId === emptyGuid) throw outOfTurn('Signal for the session', this.#state);
    const pipeline = this.#pipelines.get(pipelineId);
    const isRunning = pipeline?.state === 'running' || pipeline?.state === 'stopping';
    if (pipeline !== undefined) this.#applyPeerTo(pipeline, 'stopReceived');
    if (pipeline === undefined || !isRunning) {
      if (kind === 'acknowledged') this.#outbox.send({ name: 'SignalAck', pipelineId });
      return undefined;
    }
    if (kind === 'acknowledged') pipeline.signals++;
    return { type: 'stopRequested', pipelineId };
  }

  #takeClose(pipelineId: string): ServerEvent | undefined {
    if (pipelineId === emptyGuid) {
      this.#applyPeer('closeReceived');
      return undefined;
    }
    const pipeline = this.#pipelines.get(pipelineId);
    if (pipeline !== undefined) this.#applyPeerTo(pipeline, 'closeReceived');
    if (pipeline?.state === 'closing') return { type: 'closeRequested', pipelineId };
    this.#closePipeline(pipelineId);
    return undefined;
  }

  #closePipeline(pipelineId: string): void {
    this.#pipelines.delete(pipelineId);
    this.#inbox.forget(pipelineId);
    this.#outbox.send({ name: 'CloseAck', pipelineId });
  }

  #isClosable(): boolean {
    return this.#state === 'closing' && this.#pipelines.size === 0;
  }

  #close(): ServerEvent {
    this.#apply('closed');
    this.#send('RUNSPACEPOOL_STATE', emptyGuid, poolStateValue({ state: 'closing' }));
    this.#send('RUNSPACEPOOL_STATE', emptyGuid, poolStateValue({ state: 'closed' }));
    this.#outbox.send({ name: 'CloseAck', pipelineId: emptyGuid });
    return { type: 'poolClosed' };
  }

  #takeMessage(message: Message, pipelineId: string): ServerEvent | undefined {
    if ((messageKinds[message.type].scope === 'session') !== (pipelineId === emptyGuid)) {
      throw new RemoteProtocolError('MESSAGE_MISDIRECTED', `${message.type} came for "${pipelineId}"`);
    }
    const payload = readPayload(message);
    switch (message.type) {
      case 'SESSION_CAPABILITY':
        this.#takeCapability(payload);
        return undefined;
      case 'INIT_RUNSPACEPOOL':
        this.#applyPeer('initReceived');
        this.#poolId = message.runspacePoolId;
        return { type: 'poolOpening', poolId: this.#poolId, version: this.#version, spec: readInit(payload) };
      case 'PUBLIC_KEY':
        return {
          type: 'publicKey',
          publicKey: required(textOf(propertyOf(payload, 'PublicKey')), 'PublicKey'),
        };
      case 'RESET_RUNSPACE_STATE':
        return { type: 'resetRequested', callId: readCallId(payload) };
      case 'GET_AVAILABLE_RUNSPACES':
        return { type: 'availableRunspacesRequested', callId: readCallId(payload) };
      case 'SET_MIN_RUNSPACES':
        return readSetRunspaces('minimum', payload);
      case 'SET_MAX_RUNSPACES':
        return readSetRunspaces('maximum', payload);
      case 'RUNSPACEPOOL_HOST_RESPONSE':
        return { type: 'hostResponse', pipelineId: undefined, response: readHostResponse(payload) };
      case 'CREATE_PIPELINE':
        this.#create(pipelineId);
        return { type: 'pipelineCreated', pipelineId, spec: readCreatePipeline(payload) };
      case 'GET_COMMAND_METADATA':
        this.#create(pipelineId);
        return { type: 'commandMetadataRequested', pipelineId, value: payload };
      case 'PIPELINE_INPUT':
        return { type: 'pipelineInput', pipelineId, value: payload };
      case 'END_OF_PIPELINE_INPUT':
        return { type: 'pipelineInputEnded', pipelineId };
      case 'PIPELINE_HOST_RESPONSE':
        return { type: 'hostResponse', pipelineId, response: readHostResponse(payload) };
      case 'STOP_POWERSHELL':
        return this.#takeStop(pipelineId, 'silent');
      case 'CONNECT_RUNSPACEPOOL':
      case 'ENCRYPTED_SESSION_KEY':
      case 'PUBLIC_KEY_REQUEST':
      case 'RUNSPACE_AVAILABILITY':
      case 'RUNSPACEPOOL_STATE':
      case 'USER_EVENT':
      case 'APPLICATION_PRIVATE_DATA':
      case 'RUNSPACEPOOL_INIT_DATA':
      case 'RUNSPACEPOOL_HOST_CALL':
      case 'PIPELINE_OUTPUT':
      case 'ERROR_RECORD':
      case 'PIPELINE_STATE':
      case 'DEBUG_RECORD':
      case 'VERBOSE_RECORD':
      case 'WARNING_RECORD':
      case 'PROGRESS_RECORD':
      case 'INFORMATION_RECORD':
      case 'PIPELINE_HOST_CALL':
        throw new RemoteProtocolError('MESSAGE_UNEXPECTED', `the client sent ${message.type}`);
    }
  }

  #takeCapability(payload: Value): void {
    this.#version = readClientCapability(payload, this.#newestVersion);
    this.#applyPeer('capabilityReceived');
    this.#poolId = emptyGuid;
    this.#send('SESSION_CAPABILITY', emptyGuid, capabilityValue(this.#version));
  }

  #create(pipelineId: string): void {
    const pipeline = this.#pipelines.get(pipelineId);
    if (pipeline !== undefined) this.#applyPeerTo(pipeline, 'createReceived');
  }

  #requireRunning(pipelineId: string): ServerPipeline {
    const pipeline = this.#pipelines.get(pipelineId);
    if (pipeline !== undefined && ['running', 'stopping', 'closing'].includes(pipeline.state))
      return pipeline;
    throw new LocalProtocolError('PIPELINE_NOT_RUNNING', `pipeline ${pipelineId} is not running`);
  }

  #send(type: MessageType, pipelineId: string, payload: Value): void {
    // PowerShell sends $null, and takes it, as an empty payload.
    const text = payload.type === 'null' ? '' : writeClixml(payload);
    const runspacePoolId = this.#poolId;
    const message: Message = { destination: 'client', type, runspacePoolId, pipelineId, payload: text };
    this.#outbox.sendMessage(pipelineId, encodeMessage(message, this.#codec));
  }

  #apply(transition: ServerPoolTransition): void {
    this.#state = nextState(serverPoolTransitions, this.#state, transition);
  }

  #applyPeer(transition: ServerPoolTransition): void {
    this.#state = nextPeerState(serverPoolTransitions, this.#state, transition);
  }

  #applyTo(pipeline: ServerPipeline, transition: ServerPipelineTransition): void {
    pipeline.state = nextState(serverPipelineTransitions, pipeline.state, transition);
  }

  #applyPeerTo(pipeline: ServerPipeline, transition: ServerPipelineTransition): void {
    pipeline.state = nextPeerState(serverPipelineTransitions, pipeline.state, transition);
  }
}

function readSetRunspaces(limit: 'minimum' | 'maximum', payload: Value): ServerEvent {
  const name = limit === 'minimum' ? 'MinRunspaces' : 'MaxRunspaces';
  const count = required(integerOf(propertyOf(payload, name)), name);
  return { type: 'setRunspacesRequested', limit, count, callId: readCallId(payload) };
}

function outOfTurn(what: string, state: ServerPoolState): RemoteProtocolError {
  return new RemoteProtocolError(
    'ELEMENT_OUT_OF_TURN',
    `the client sent ${what} while the pool was ${state}`,
  );
}
