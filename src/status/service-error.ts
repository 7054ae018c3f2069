import { randomUUID } from 'node:crypto';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { RunspaceError, type ErrorCode, type ErrorFacts } from '../core/error';
import type { Log } from '../core/log';
import type { Any } from '../gen/google/protobuf/any';
import { ErrorInfo, QuotaFailure, RetryInfo } from '../gen/google/rpc/error_details';
import { Status } from '../gen/google/rpc/status';
import { fromProblem, wellFormed } from './problem';
import { statusOf } from './status-of';

/** The domain of every ErrorInfo of ours. */
const errorDomain = 'runspaced';

/** What a caller is told to wait before it tries again. */
const retryDelayMs = 1_000;

const detailsKey = 'grpc-status-details-bin';
const typePrefix = 'type.googleapis.com/google.rpc.';
/** Errors travel in HTTP/2 headers, which peers cap at 8 to 16 KiB in all. */
const longestMessage = 1_500;
const longestFact = 200;
const mostFacts = 12;

/**
 * The error as a gRPC server answers it. A RunspaceError keeps its reason, message and facts; an abort becomes
 * CANCELLED; anything else becomes INTERNAL with an id, and is written whole to the log under that id.
 */
export function toServiceError(error: unknown, log: Log): ServiceError {
  if (error instanceof RunspaceError) return serviceError(error);
  if (isAbort(error)) return cancelled();
  const errorId = randomUUID();
  log.error('unexpected error', error, { errorId });
  return serviceError(
    new RunspaceError('INTERNAL', `something unexpected failed; the log has it under ${errorId}`, {
      facts: { errorId },
    }),
  );
}

/**
 * The error that a gRPC call of ours failed with. Without our details (the transport's own errors) the code is
 * MESSAGE_TOO_LARGE, UNIMPLEMENTED, ACCESS_DENIED or INTERNAL; callers that know what UNAVAILABLE means at their
 * place look at `serviceError.code` first.
 */
export function fromServiceError(error: ServiceError): RunspaceError {
  const info = errorInfoOf(error);
  if (info === undefined) return fromBareStatus(error);
  return fromProblem({ reason: info.reason, message: messageOf(error), metadata: info.metadata });
}

/** Whether the error carries a reason of ours, and so was not made by the transport. */
export function hasReason(error: ServiceError): boolean {
  return errorInfoOf(error) !== undefined;
}

/** Whether what a gRPC client threw is the error of a call. */
export function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && 'code' in thrown && 'metadata' in thrown && 'details' in thrown;
}

/** By name: an abort of another realm is no instance of this realm's Error. */
function isAbort(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'name' in thrown && thrown.name === 'AbortError';
}

function serviceError(error: RunspaceError): ServiceError {
  const code = statusOf[error.code];
  const message = cut(error.message, longestMessage);
  const facts = cutFacts(error.facts);
  const details = [
    any('ErrorInfo', ErrorInfo.encode({ reason: error.code, domain: errorDomain, metadata: facts }).finish()),
    ...moreDetails(error.code, message, facts),
  ];
  const metadata = new Metadata();
  metadata.set(detailsKey, Buffer.from(Status.encode({ code, message, details }).finish()));
  return Object.assign(new Error(message), { code, details: message, metadata });
}

function moreDetails(code: ErrorCode, message: string, facts: ErrorFacts): Any[] {
  if (code === 'RECOVERING' || code === 'SHUTTING_DOWN') {
    const retryDelay = {
      seconds: BigInt(Math.floor(retryDelayMs / 1_000)),
      nanos: (retryDelayMs % 1_000) * 1e6,
    };
    return [any('RetryInfo', RetryInfo.encode({ retryDelay }).finish())];
  }
  if (code === 'QUOTA_EXCEEDED' || code === 'QUEUE_FULL') {
    const limit = Number(facts['limit'] ?? 0);
    const violation = {
      subject: facts['session'] ?? facts['configuration'] ?? errorDomain,
      description: message,
      quotaMetric: facts['quota'] ?? '',
      quotaValue: BigInt(Number.isSafeInteger(limit) ? limit : 0),
    };
    return [
      any(
        'QuotaFailure',
        QuotaFailure.encode(QuotaFailure.fromPartial({ violations: [violation] })).finish(),
      ),
    ];
  }
  return [];
}

function any(name: string, value: Uint8Array): Any {
  return { typeUrl: typePrefix + name, value };
}

function cancelled(): ServiceError {
  const message = 'the call was cancelled';
  return Object.assign(new Error(message), {
    code: status.CANCELLED,
    details: message,
    metadata: new Metadata(),
  });
}

function cutFacts(facts: ErrorFacts): Record<string, string> {
  const kept = Object.entries(facts).slice(0, mostFacts);
  return Object.fromEntries(kept.map(([name, value]) => [cut(name, longestFact), cut(value, longestFact)]));
}

function cut(text: string, length: number): string {
  return wellFormed(text.length > length ? `${text.slice(0, length)}…` : text);
}

function errorInfoOf(error: ServiceError): ErrorInfo | undefined {
  const [bytes] = error.metadata.get(detailsKey);
  if (!Buffer.isBuffer(bytes)) return undefined;
  try {
    const infos = Status.decode(bytes)
      .details.filter((detail) => detail.typeUrl === `${typePrefix}ErrorInfo`)
      .map((detail) => ErrorInfo.decode(detail.value));
    return infos.find((info) => info.domain === errorDomain);
  } catch {
    // Details that can't be read are treated as if there were none: the status and its message remain.
    return undefined;
  }
}

function messageOf(error: ServiceError): string {
  return error.details === '' ? error.message : error.details;
}

function fromBareStatus(error: ServiceError): RunspaceError {
  const options = { facts: { status: status[error.code] }, cause: error };
  return new RunspaceError(codeOfBareStatus(error.code), messageOf(error), options);
}

function codeOfBareStatus(code: status): ErrorCode {
  if (code === status.RESOURCE_EXHAUSTED) return 'MESSAGE_TOO_LARGE';
  if (code === status.UNIMPLEMENTED) return 'UNIMPLEMENTED';
  if (code === status.PERMISSION_DENIED || code === status.UNAUTHENTICATED) return 'ACCESS_DENIED';
  return 'INTERNAL';
}
