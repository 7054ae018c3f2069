/**
 * Every reason an error of ours can carry, as `google.rpc.ErrorInfo.reason` says it to callers.
 * rpc/status.ts maps each to a gRPC status; docs/errors.md explains each to people.
 */
export const errorCodes = [
  'INVALID_ARGUMENT',
  'UNSUPPORTED',
  'UNIMPLEMENTED',
  'ACCESS_DENIED',
  'REQUEST_ID_REUSED',
  'SESSION_NOT_FOUND',
  'SESSION_AMBIGUOUS',
  'SESSION_NAME_TAKEN',
  'SESSION_BROKEN',
  'SESSION_CLOSED',
  'SESSION_OPENING',
  'SESSION_BUSY',
  'SESSION_ENTERED',
  'CONNECTED_ELSEWHERE',
  'EXPIRED',
  'IDLE_TIMEOUT',
  'LIFETIME_ENDED',
  'REMOVED',
  'JOB_NOT_FOUND',
  'JOB_RUNNING',
  'CREDENTIAL_LOST',
  'PIPELINE_NOT_FOUND',
  'PIPELINE_NOT_RUNNING',
  'PIPELINE_FINISHED',
  'QUEUE_FULL',
  'QUOTA_EXCEEDED',
  'MESSAGE_TOO_LARGE',
  'RECORDS_BEYOND_END',
  'JOURNAL_DAMAGED',
  'JOURNAL_FULL',
  'INPUT_OUT_OF_ORDER',
  'ENGINE_NOT_FOUND',
  'ENGINE_START_FAILED',
  'ENGINE_LOST',
  'ENGINE_PROTOCOL_ERROR',
  'ENGINE_TIMEOUT',
  'CONTAINER_NOT_FOUND',
  'CONTAINER_AMBIGUOUS',
  'CONTAINER_NOT_RUNNING',
  'CONTAINER_STOPPED',
  'CONTAINER_RUNTIME_UNUSABLE',
  'HOST_NOT_FOUND',
  'CONNECTION_REFUSED',
  'HOST_UNREACHABLE',
  'CONNECT_TIMEOUT',
  'NOT_SSH',
  'HOST_KEY_UNKNOWN',
  'HOST_KEY_CHANGED',
  'HOST_KEY_REVOKED',
  'KEY_FILE_UNUSABLE',
  'CERTIFICATE_UNTRUSTED',
  'CERTIFICATE_NAME_MISMATCH',
  'CERTIFICATE_REVOKED',
  'CERTIFICATE_NOT_FOUND',
  'NOT_TLS',
  'REDIRECTED',
  'APPLICATION_NOT_FOUND',
  'AUTHENTICATION_FAILED',
  'SUBSYSTEM_NOT_FOUND',
  'LINK_LOST',
  'SCRIPT_FAILED',
  'STOPPED',
  'STOP_UNANSWERED',
  'RUN_TIMEOUT',
  'OUTPUT_TIMEOUT',
  'OBJECT_TOO_LARGE',
  'DATA_TOO_LARGE',
  'HOST_CALL_UNANSWERED',
  'SECRET_LOST',
  'HOST_CALL_UNKNOWN',
  'USING_VARIABLE_UNDEFINED',
  'KEEPER_LOST',
  'KEEPER_START_FAILED',
  'KEEPER_INCOMPATIBLE',
  'RECOVERING',
  'SHUTTING_DOWN',
  'STATE_FOLDER_LOCKED',
  'STATE_FOLDER_UNUSABLE',
  'SOCKET_PATH_TOO_LONG',
  'ADDRESS_IN_USE',
  'CONFIGURATION_INVALID',
  'CONFIGURATION_NOT_FOUND',
  'CONFIGURATION_READ_ONLY',
  'OPTION_UNKNOWN',
  'OPTION_OUT_OF_RANGE',
  'OPTION_HAS_NO_EFFECT',
  'CHECK_SKIPPED',
  'INTERNAL',
] as const;

/** One of the reasons above. */
export type ErrorCode = (typeof errorCodes)[number];

/** Facts that go beside the message: `session`, `option`, `limit` … Never a secret, never a record's content. */
export type ErrorFacts = Readonly<Record<string, string>>;

/** An error as data: what records, sessions and pipelines keep of it. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly facts: ErrorFacts;
}

/** The one error of this product. The message says what was tried, on what, and what to do next. */
export class RunspaceError extends Error {
  override readonly name = 'RunspaceError';
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, options: { facts?: ErrorFacts; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.facts = options.facts ?? {};
  }
}

/** What was thrown, as an Error: JavaScript lets anything be thrown. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
