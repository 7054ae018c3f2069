/** The client of runspaced: sessions, commands and their records, in TypeScript. */
export { connect, RunspaceClient, type ConnectOptions } from './client';
export {
  ownAddress,
  parseAddress,
  stateFolder,
  type Address,
  type Environment,
  type TlsAddress,
  type UnixAddress,
} from './address';
export type { CallChoices } from './api';
export type { AttachEvent, AttachOptions } from './attach';
export type { Configurations, ConfigurationSourceText, RegisterOptions } from './configurations';
export type { Daemon } from './daemon';
export { fromDuration } from './duration';
export { grpcCodes, RunspaceError, type GrpcCode } from './error';
export type { Host, HostCredential } from './host';
export type { HostCallRecord } from './host-calls';
export { choiceNamed, questionOf, type HostChoice, type HostField, type HostQuestion } from './host-question';
export type { HostCallAnswer, RespondOptions } from './respond';
export type { InputSource } from './input';
export type { InvokeOptions, StartOptions } from './invoke';
export { toJson, type Json, type JsonDefaults } from './json';
export type {
  JobEvent,
  JobTarget,
  Jobs,
  ListJobsOptions,
  ReceiveJobOptions,
  StartJobOptions,
  WatchJobEvent,
} from './jobs';
export type { OutputTextFormat } from './output-format';
export type { Pipeline } from './pipeline';
export type { Pipelines } from './pipelines';
export { preferenceNames, type CommandPreferences, type PreferenceName } from './preferences';
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
export { asObjects } from './value/as-objects';
export { Clixml } from './value/clixml';
export { fromValue } from './value/from-value';
export { parseJson } from './value/parse-json';
export { credential, credentialOf, Secret, secretOf, secureString } from './value/secret';
export { toValue } from './value/to-value';
export type { ValueStyle } from './value/number-text';
export { entriesOf, itemsOf, propertiesOf, valueText } from './value/text';
export type { WatchEvent } from './watch';
export type { ContainerTarget, Credential, DaemonTarget, SshTarget, Target } from './target';
export { isListening } from './transport/dial';
export {
  Configuration as ConfigurationMessage,
  ConfigurationSource,
  LanguageMode,
} from './gen/runspace/v1/configuration';
export type { Configuration as ConfigurationInfo } from './gen/runspace/v1/configuration';
export type { GetStatusResponse as DaemonStatus } from './gen/runspace/v1/daemon';
export type { Problem } from './gen/runspace/v1/error';
export { JobOutcome, JobState } from './gen/runspace/v1/job';
export type { Job as JobInfo, JobChild as JobChildInfo } from './gen/runspace/v1/job';
export { InputLostPolicy, PipelineState, Waiting } from './gen/runspace/v1/pipeline';
export type {
  Pipeline as PipelineInfo,
  PipelineSnapshot,
  StopPipelineResponse,
} from './gen/runspace/v1/pipeline';
export { FinalState, Gap_Reason as GapReason, Stream } from './gen/runspace/v1/record';
export type { HostCall, Record as RecordMessage } from './gen/runspace/v1/record';
export {
  Availability,
  HostCallPolicy,
  OutputBufferingMode,
  RunspaceState,
  SessionState,
} from './gen/runspace/v1/session';
export type { Session as SessionInfo } from './gen/runspace/v1/session';
export type { DictionaryEntry, Property, Value } from './gen/runspace/v1/value';
