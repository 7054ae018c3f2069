/** The client of runspaced: sessions, commands and their records, in TypeScript. */
export { connect, RunspaceClient, type ConnectOptions } from './client';
export { ownAddress, parseAddress, stateFolder, type Address, type Environment } from './address';
export type { CallChoices } from './api';
export type { AttachEvent, AttachOptions } from './attach';
export type { Daemon } from './daemon';
export { fromDuration } from './duration';
export { grpcCodes, RunspaceError, type GrpcCode } from './error';
export type { InputSource } from './input';
export type { InvokeOptions, StartOptions } from './invoke';
export { toJson, type Json, type JsonDefaults } from './json';
export type { Pipeline } from './pipeline';
export type { Pipelines } from './pipelines';
export type { ReceiveOptions } from './receive';
export {
  recordToJson,
  type GapRecord,
  type RecordOrigin,
  type RecordStream,
  type SessionRecord,
} from './record';
export type { Session } from './session';
export type { SessionChoices } from './session-options';
export type { ConnectSessionOptions, CreateOptions, DisconnectOptions, ListOptions } from './session-choices';
export type { Sessions } from './sessions';
export type { StopOptions } from './stop';
export { fromValue } from './value/from-value';
export { toValue } from './value/to-value';
export type { ValueStyle } from './value/number-text';
export { entriesOf, itemsOf, propertiesOf, valueText } from './value/text';
export type { WatchEvent } from './watch';
export { isListening } from './transport/channel';
export type { GetStatusResponse as DaemonStatus } from './gen/runspace/v1/daemon';
export type { Problem } from './gen/runspace/v1/error';
export { InputLostPolicy, PipelineState, Waiting } from './gen/runspace/v1/pipeline';
export type {
  Pipeline as PipelineInfo,
  PipelineSnapshot,
  StopPipelineResponse,
} from './gen/runspace/v1/pipeline';
export { FinalState, Gap_Reason as GapReason, Stream } from './gen/runspace/v1/record';
export type { Record as RecordMessage } from './gen/runspace/v1/record';
export { Availability, OutputBufferingMode, RunspaceState, SessionState } from './gen/runspace/v1/session';
export type { Session as SessionInfo } from './gen/runspace/v1/session';
export type { DictionaryEntry, Property, Value } from './gen/runspace/v1/value';
