import type { handleUnaryCall } from '@grpc/grpc-js';
import { RunspaceError } from '../core/error';
import { unary, type Edge } from './call';

/** A method of the API that this release does not have yet. */
export function unimplemented<Request, Response>(
  edge: Edge,
  method: string,
): handleUnaryCall<Request, Response> {
  return unary(edge, () =>
    Promise.reject(
      new RunspaceError('UNIMPLEMENTED', `${method} comes with a later release; the README says which`, {
        facts: { method },
      }),
    ),
  );
}
