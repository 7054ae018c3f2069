/** The gRPC status codes, by name. */
export const grpcCodes = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** A gRPC status code by name, such as `NOT_FOUND`. */
export type GrpcCode = (typeof grpcCodes)[number];

/** Facts about an error that go beside reason and message. */
export interface RunspaceErrorFacts {
  /** The gRPC status that belongs to the reason. */
  readonly grpcCode: GrpcCode;
  /** Facts by name: `session`, `option`, `limit` … */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Wait this long before trying again; undefined: trying again does not help. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/**
 * Why a call failed. `reason` is one of the daemon's reasons (docs/errors.md), such as `SESSION_NOT_FOUND`, or one of
 * this library: `DAEMON_UNREACHABLE` (nothing listens), `CONNECTION_LOST`, `DEADLINE_EXCEEDED`, `PROTOCOL_ERROR`,
 * `INVALID_ARGUMENT`, `INPUT_FAILED`. The message says what to do. A command's own failure is no such error: it is its final record.
 */
export class RunspaceError extends Error {
  override readonly name = 'RunspaceError';
  readonly reason: string;
  readonly grpcCode: GrpcCode;
  readonly metadata: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | undefined;

  constructor(reason: string, message: string, facts: RunspaceErrorFacts) {
    super(message, facts.cause === undefined ? {} : { cause: facts.cause });
    this.reason = reason;
    this.grpcCode = facts.grpcCode;
    this.metadata = facts.metadata ?? {};
    this.retryAfterMs = facts.retryAfterMs;
  }

  /** The reason under the name that Node's own errors use. */
  get code(): string {
    return this.reason;
  }
}

/** An argument that can't be sent at all. */
export function invalidArgument(
  message: string,
  metadata: Readonly<Record<string, string>> = {},
): RunspaceError {
  return new RunspaceError('INVALID_ARGUMENT', message, { grpcCode: 'INVALID_ARGUMENT', metadata });
}

/** The connection is gone; the same call may succeed over a new one. */
export function connectionLost(message: string, cause?: Error): RunspaceError {
  return new RunspaceError('CONNECTION_LOST', message, { grpcCode: 'UNAVAILABLE', retryAfterMs: 0, cause });
}

/** A stream that the daemon ended although there is more to come; the caller opens it again. */
export function streamEnded(): RunspaceError {
  return connectionLost('the daemon ended the stream before its end');
}

/** The other side does not speak as it should. */
export function protocolError(message: string, cause?: Error): RunspaceError {
  return new RunspaceError('PROTOCOL_ERROR', message, { grpcCode: 'INTERNAL', cause });
}

/** Whether the same call, sent again, may succeed. */
export function isRetryable(error: unknown): error is RunspaceError {
  return error instanceof RunspaceError && error.retryAfterMs !== undefined;
}

/** What was thrown, as an Error: JavaScript lets anything be thrown. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
