import type { Value } from '../core/value';
import type { ProtocolVersion } from './capability';
import type { PipelineSpec } from './create-pipeline';
import type { HostResponse } from './host-call';
import type { PoolSpec } from './pool-messages';

/** What the server half of the protocol tells its user, one thing at a time, in the order of the wire. */
export type ServerEvent =
  | PoolOpeningEvent
  | PoolRequestEvent
  | SetRunspacesEvent
  | PublicKeyEvent
  | HostResponseEvent
  | PoolClosedByClientEvent
  | PipelineCreatedEvent
  | CommandMetadataEvent
  | PipelineInputEvent
  | PipelineInputEndedEvent
  | PipelineStopEvent
  | PipelineCloseEvent;

/**
 * A client wants a pool.
 * - Direction: client to server
 * - For: session
 * - Message type: SESSION_CAPABILITY and INIT_RUNSPACEPOOL
 * - Action required: `accept` or `reject`
 */
export interface PoolOpeningEvent {
  readonly type: 'poolOpening';
  readonly poolId: string;
  readonly version: ProtocolVersion;
  readonly spec: PoolSpec;
}

/**
 * The client wants the runspace reset, or the number of free ones.
 * - Direction: client to server
 * - For: session
 * - Message type: RESET_RUNSPACE_STATE, GET_AVAILABLE_RUNSPACES
 * - Action required: `answer`
 */
export interface PoolRequestEvent {
  readonly type: 'resetRequested' | 'availableRunspacesRequested';
  readonly callId: bigint;
}

/**
 * The client wants more or fewer runspaces.
 * - Direction: client to server
 * - For: session
 * - Message type: SET_MIN_RUNSPACES, SET_MAX_RUNSPACES
 * - Action required: `answer`
 */
export interface SetRunspacesEvent {
  readonly type: 'setRunspacesRequested';
  readonly limit: 'minimum' | 'maximum';
  readonly count: number;
  readonly callId: bigint;
}

/**
 * The client's half of the key exchange.
 * - Direction: client to server
 * - For: session
 * - Message type: PUBLIC_KEY
 * - Action required: `sendSessionKey` with what `sealSessionKey` of key-exchange.ts makes
 */
export interface PublicKeyEvent {
  readonly type: 'publicKey';
  /** Base64 of a CAPI PUBLICKEYBLOB. */
  readonly publicKey: string;
}

/**
 * The client's host answered.
 * - Direction: client to server
 * - For: session where `pipelineId` is undefined, else pipeline
 * - Message type: RUNSPACEPOOL_HOST_RESPONSE, PIPELINE_HOST_RESPONSE
 * - Action required: none
 */
export interface HostResponseEvent {
  readonly type: 'hostResponse';
  readonly pipelineId: string | undefined;
  readonly response: HostResponse;
}

/**
 * The client has closed the session, and was told so; it may open another.
 * - Direction: client to server
 * - For: session
 * - Message type: none (Close)
 * - Action required: none
 */
export interface PoolClosedByClientEvent {
  readonly type: 'poolClosed';
}

/**
 * The client wants a pipeline run.
 * - Direction: client to server
 * - For: pipeline
 * - Message type: CREATE_PIPELINE
 * - Action required: `write` what it writes, then `finish`
 */
export interface PipelineCreatedEvent {
  readonly type: 'pipelineCreated';
  readonly pipelineId: string;
  readonly spec: PipelineSpec;
}

/**
 * The client wants descriptions of commands.
 * - Direction: client to server
 * - For: pipeline
 * - Message type: GET_COMMAND_METADATA
 * - Action required: `write` a count and the descriptions as output, then `finish`
 */
export interface CommandMetadataEvent {
  readonly type: 'commandMetadataRequested';
  readonly pipelineId: string;
  readonly value: Value;
}

/**
 * One object of pipeline input.
 * - Direction: client to server
 * - For: pipeline
 * - Message type: PIPELINE_INPUT
 * - Action required: none
 */
export interface PipelineInputEvent {
  readonly type: 'pipelineInput';
  readonly pipelineId: string;
  readonly value: Value;
}

/**
 * No more input follows.
 * - Direction: client to server
 * - For: pipeline
 * - Message type: END_OF_PIPELINE_INPUT
 * - Action required: none
 */
export interface PipelineInputEndedEvent {
  readonly type: 'pipelineInputEnded';
  readonly pipelineId: string;
}

/**
 * The client wants a running pipeline stopped.
 * - Direction: client to server
 * - For: pipeline
 * - Message type: none (Signal), or STOP_POWERSHELL
 * - Action required: `finish`, with the state stopped unless it was faster
 */
export interface PipelineStopEvent {
  readonly type: 'stopRequested';
  readonly pipelineId: string;
}

/**
 * The client closes a pipeline that is still running.
 * - Direction: client to server
 * - For: pipeline
 * - Message type: none (Close)
 * - Action required: `finish`
 */
export interface PipelineCloseEvent {
  readonly type: 'closeRequested';
  readonly pipelineId: string;
}
