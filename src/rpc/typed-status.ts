import {
  ServerInterceptingCall,
  status as grpcStatus,
  type Metadata,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { RunspaceError } from '../core/error';
import type { Log } from '../core/log';
import { toServiceError } from '../status/service-error';

/** What grpc-js says of a call that it ends by itself. */
interface PartialStatus {
  readonly code?: grpcStatus | null | undefined;
  readonly details?: string | null | undefined;
  readonly metadata?: Metadata | null | undefined;
}

/**
 * Gives the statuses that grpc-js makes itself, before any handler of ours is asked, a reason of ours: a message that
 * is too large, and bytes that are no message. They are sent by the innermost call and pass no interceptor, so that
 * call's own method is replaced.
 */
export function typedStatuses(log: Log): ServerInterceptor {
  return (method, call) => {
    const send = call.sendStatus.bind(call);
    call.sendStatus = (status) => {
      const error = errorOf(status, method.path);
      send(error === undefined ? status : toServiceError(error, log));
    };
    return new ServerInterceptingCall(call);
  };
}

function errorOf({ code, details, metadata }: PartialStatus, method: string): RunspaceError | undefined {
  if (metadata !== undefined && metadata !== null && Object.keys(metadata.getMap()).length > 0)
    return undefined;
  const facts = { method };
  if (code === grpcStatus.RESOURCE_EXHAUSTED)
    return new RunspaceError(
      'MESSAGE_TOO_LARGE',
      `${method}: ${details ?? 'the message is too large'}; send less at once, input in several items`,
      { facts },
    );
  if (code === grpcStatus.INTERNAL && unreadable.some((start) => details?.startsWith(start) === true))
    return new RunspaceError(
      'INVALID_ARGUMENT',
      `${method}: the request is no message of this method, or a value in it is nested too deeply ` +
        `(100 messages are possible): ${details ?? ''}; see proto/runspace/v1`,
      { facts },
    );
  return undefined;
}

/** How grpc-js begins what it says of bytes that it can't read. */
const unreadable = ['Error deserializing request', 'Failed to decompress message', 'Invalid grpc-timeout'];
