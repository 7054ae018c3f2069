import { RunspaceError } from '../core/error';

/** A command wrote more than its session allows: the option MaximumReceivedDataSizePerCommand. */
export function dataTooLarge(limitBytes: number): RunspaceError {
  const limit = String(limitBytes);
  return new RunspaceError(
    'DATA_TOO_LARGE',
    `the command was ended: it wrote more than MaximumReceivedDataSizePerCommand (${limit} bytes); write less, or open a session with a higher limit`,
    { facts: { option: 'MaximumReceivedDataSizePerCommand', limit } },
  );
}
