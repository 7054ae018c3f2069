import { RunspaceError } from '../core/error';

/** Nobody waits for an answer to this call. */
export function hostCallUnknown(callId: bigint): RunspaceError {
  return new RunspaceError(
    'HOST_CALL_UNKNOWN',
    `no host call ${callId.toString()} waits for an answer: it was answered already, or never made`,
    { facts: { call_id: callId.toString() } },
  );
}
