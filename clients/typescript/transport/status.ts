import { grpcCodes, RunspaceError } from '../error';
import { ErrorInfo, QuotaFailure, RetryInfo } from '../gen/google/rpc/error_details';
import { Status } from '../gen/google/rpc/status';

/** What a call ended with: the three headers of a gRPC answer. */
export interface GrpcStatus {
  readonly code: number;
  readonly message: string;
  /** `grpc-status-details-bin`, base64; empty: none. */
  readonly details: string;
}

/** The error that a status other than OK stands for. */
export function fromGrpcStatus(status: GrpcStatus): RunspaceError {
  const grpcCode = grpcCodes[status.code] ?? 'UNKNOWN';
  const details = detailsOf(status.details);
  const reason = details.info?.reason ?? grpcCode;
  const message = status.message === '' ? `the call ended with ${reason}` : status.message;
  return new RunspaceError(reason, message, {
    grpcCode,
    metadata: { ...details.quota, ...details.info?.metadata },
    retryAfterMs:
      details.retryAfterMs ?? (grpcCode === 'UNAVAILABLE' && details.info === undefined ? 0 : undefined),
  });
}

interface Details {
  readonly info?: ErrorInfo;
  readonly retryAfterMs?: number;
  readonly quota?: Readonly<Record<string, string>>;
}

function detailsOf(base64: string): Details {
  try {
    const status = Status.decode(Buffer.from(base64, 'base64'));
    return Object.assign(
      {},
      ...status.details.map(({ typeUrl, value }) => detailOf(typeUrl, value)),
    ) as Details;
  } catch {
    return {}; // Details that can't be read are treated as if there were none: the status and its message remain.
  }
}

function detailOf(typeUrl: string, value: Uint8Array): Details {
  switch (typeUrl.slice(typeUrl.lastIndexOf('/') + 1)) {
    case 'google.rpc.ErrorInfo':
      return { info: ErrorInfo.decode(value) };
    case 'google.rpc.RetryInfo': {
      const delay = RetryInfo.decode(value).retryDelay;
      return { retryAfterMs: delay === undefined ? 0 : Number(delay.seconds) * 1e3 + delay.nanos / 1e6 };
    }
    case 'google.rpc.QuotaFailure': {
      const [violation] = QuotaFailure.decode(value).violations;
      return violation === undefined
        ? {}
        : { quota: { quotaSubject: violation.subject, quota: violation.description } };
    }
    default:
      return {};
  }
}
