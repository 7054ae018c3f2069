import { randomUUID } from 'node:crypto';
import type { Api } from './api';
import { methods } from './methods';
import { toValue } from './value/to-value';

/** An answer to a host call: a value, why there is none, or the call's own default. */
export type HostCallAnswer =
  { readonly value: unknown } | { readonly error: string } | { readonly useDefault: true };

/** Which call is answered, and how. */
export type RespondOptions = HostCallAnswer & {
  readonly session: string;
  /** The command: its id, the beginning of its id, or its number; left out: the session itself, while it opens. */
  readonly pipeline?: string;
  readonly callId: bigint;
  /** Makes the answer idempotent across programs; made up when left out. */
  readonly requestId?: string;
  readonly signal?: AbortSignal | undefined;
};

/** Omit, for each member of a union. */
export type DistributedOmit<Union, Key extends PropertyKey> = Union extends unknown
  ? Omit<Union, Key>
  : never;

/** Answers a host call. Rejects with HOST_CALL_UNKNOWN, and with INVALID_ARGUMENT that says what is expected. */
export async function respondToHostCall(api: Api, options: RespondOptions): Promise<void> {
  const { session, pipeline = '', callId, requestId = randomUUID(), signal } = options;
  const request = {
    requestId,
    clientId: api.clientId,
    session,
    pipeline,
    callId,
    value: 'value' in options ? toValue(options.value) : undefined,
    error: 'error' in options ? options.error : '',
    useDefault: 'useDefault' in options,
  };
  await api.unary(methods.respondToHostCall, request, { signal });
}
