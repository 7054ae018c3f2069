import { RunspaceError } from '../error';

/** Nobody listens there, now. */
export function unreachable(
  message: string,
  facts: { readonly metadata: Readonly<Record<string, string>>; readonly cause?: Error },
): RunspaceError {
  return new RunspaceError('DAEMON_UNREACHABLE', message, {
    grpcCode: 'UNAVAILABLE',
    retryAfterMs: 0,
    ...facts,
  });
}

/** Whether the error says that nobody listens. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof RunspaceError && error.reason === 'DAEMON_UNREACHABLE';
}
