import type { ErrorStreamRecord } from '../core/record';
import type { Value } from '../core/value';
import type { ProtocolVersion } from './capability';
import type { HostCall } from './host-call';
import type { AvailabilityAnswer } from './pool-messages';
import type { WrittenRecord } from './records';
import type { InvocationState, RunspaceState } from './states';

/** What the client half of the protocol tells its user, one thing at a time, in the order of the wire. */
export type ClientEvent =
  | NegotiatedEvent
  | ApplicationPrivateDataEvent
  | PoolStateEvent
  | PoolClosedEvent
  | PoolHostCallEvent
  | AvailabilityEvent
  | UserEvent
  | PublicKeyRequestedEvent
  | SessionKeyEvent
  | NoiseEvent
  | RecordEvent
  | PipelineHostCallEvent
  | PipelineStateEvent
  | PipelineClosedEvent
  | ObjectTooLargeEvent;

/**
 * Both sides agreed on a version.
 * - Direction: server to client
 * - For: session
 * - Message type: SESSION_CAPABILITY
 * - Action required: none
 */
export interface NegotiatedEvent {
  readonly type: 'negotiated';
  readonly version: ProtocolVersion;
}

/**
 * What the server says of itself: PSVersionTable and more.
 * - Direction: server to client
 * - For: session
 * - Message type: APPLICATION_PRIVATE_DATA
 * - Action required: none
 */
export interface ApplicationPrivateDataEvent {
  readonly type: 'applicationPrivateData';
  readonly data: Value;
}

/**
 * The pool's state changed at the server.
 * - Direction: server to client
 * - For: session
 * - Message type: RUNSPACEPOOL_STATE
 * - Action required: none; the pool's `state` is already the new one
 */
export interface PoolStateEvent {
  readonly type: 'poolState';
  readonly state: RunspaceState;
  readonly error?: ErrorStreamRecord;
}

/**
 * The server has closed the session; nothing more will come.
 * - Direction: server to client
 * - For: session
 * - Message type: none (CloseAck)
 * - Action required: end the transport
 */
export interface PoolClosedEvent {
  readonly type: 'poolClosed';
}

/**
 * The server's host asks or tells something outside any pipeline.
 * - Direction: server to client
 * - For: session
 * - Message type: RUNSPACEPOOL_HOST_CALL
 * - Action required: `pool.respond` where `call.needsResponse`
 */
export interface PoolHostCallEvent {
  readonly type: 'poolHostCall';
  readonly call: HostCall;
}

/**
 * The answer to a reset, to a new minimum or maximum, or to the question how many runspaces are free.
 * - Direction: server to client
 * - For: session
 * - Message type: RUNSPACE_AVAILABILITY
 * - Action required: none
 */
export interface AvailabilityEvent {
  readonly type: 'availability';
  readonly callId: bigint;
  readonly answer: AvailabilityAnswer;
}

/**
 * A PowerShell engine event that was forwarded (PSEventArgs), the debugger's stops among them.
 * - Direction: server to client
 * - For: session
 * - Message type: USER_EVENT
 * - Action required: none
 */
export interface UserEvent {
  readonly type: 'userEvent';
  readonly value: Value;
}

/**
 * A server older than 2.2 wants the client's public key before it sends a secure string.
 * - Direction: server to client
 * - For: session
 * - Message type: PUBLIC_KEY_REQUEST
 * - Action required: none; a pool with cryptography sends it by itself, and tells nothing
 */
export interface PublicKeyRequestedEvent {
  readonly type: 'publicKeyRequested';
}

/**
 * The key that seals secure strings under 2.2 and 2.3, itself sealed with the client's public key.
 * - Direction: server to client
 * - For: session
 * - Message type: ENCRYPTED_SESSION_KEY
 * - Action required: none; a pool with cryptography takes it, and tells nothing
 */
export interface SessionKeyEvent {
  readonly type: 'sessionKey';
  /** Base64 of a CAPI SIMPLEBLOB. */
  readonly encryptedSessionKey: string;
}

/**
 * Text between the lines of the protocol: something wrote to the engine's standard output.
 * - Direction: server to client
 * - For: the transport
 * - Message type: none
 * - Action required: none; worth a warning
 */
export interface NoiseEvent {
  readonly type: 'noise';
  readonly text: string;
}

/**
 * A pipeline wrote something. `pipelineId` is the empty GUID for the start-up command of the server itself.
 * - Direction: server to client
 * - For: pipeline
 * - Message type: PIPELINE_OUTPUT, ERROR_RECORD, WARNING_RECORD, VERBOSE_RECORD, DEBUG_RECORD, INFORMATION_RECORD,
 *   PROGRESS_RECORD
 * - Action required: none
 */
export interface RecordEvent {
  readonly type: 'record';
  readonly pipelineId: string;
  readonly record: WrittenRecord;
}

/**
 * A pipeline's host asks or tells something. `pipelineId` is the empty GUID for the start-up command of the server
 * itself; `pool.respond` answers it.
 * - Direction: server to client
 * - For: pipeline
 * - Message type: PIPELINE_HOST_CALL
 * - Action required: `pipeline.respond` where `call.needsResponse`
 */
export interface PipelineHostCallEvent {
  readonly type: 'pipelineHostCall';
  readonly pipelineId: string;
  readonly call: HostCall;
}

/**
 * A pipeline's state changed; `stopped`, `completed` and `failed` are final. `pipelineId` is the empty GUID for the
 * start-up command of the server itself.
 * - Direction: server to client
 * - For: pipeline
 * - Message type: PIPELINE_STATE (none for a pipeline that was stopped before it was sent)
 * - Action required: none; after a final state the pipeline closes itself
 */
export interface PipelineStateEvent {
  readonly type: 'pipelineState';
  readonly pipelineId: string;
  readonly state: InvocationState;
  readonly error?: ErrorStreamRecord;
}

/**
 * The server has forgotten a pipeline; nothing more will come of it, and the next one can start.
 * - Direction: server to client
 * - For: pipeline
 * - Message type: none (CloseAck)
 * - Action required: none
 */
export interface PipelineClosedEvent {
  readonly type: 'pipelineClosed';
  readonly pipelineId: string;
}

/**
 * A pipeline's message was larger than this side takes; it was skipped, whatever it was.
 * - Direction: server to client
 * - For: pipeline
 * - Message type: any of a pipeline
 * - Action required: stop the pipeline, since its output has a hole
 */
export interface ObjectTooLargeEvent {
  readonly type: 'objectTooLarge';
  readonly pipelineId: string;
  /** Bytes until then; the whole may have been larger. */
  readonly size: number;
  readonly limit: number;
}
