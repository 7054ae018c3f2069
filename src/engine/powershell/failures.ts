import { RunspaceError, toError } from '../../core/error';
import { LocalProtocolError, RemoteProtocolError } from '../../psrp/errors';
import type { Transport, TransportEnd } from '../../transport/transport';

/** What PowerShell said last, for an error's message; empty where it said nothing. */
export function lastWords(transport: Transport): string {
  const text = transport.diagnostics().trim().slice(-2000);
  return text === '' ? '' : `; its last words: ${text}`;
}

/** The engine is gone: ENGINE_LOST with exit code or signal, and the end of its standard error. */
export function lostError(end: TransportEnd, transport: Transport): RunspaceError {
  const pid = transport.processId;
  const facts = pid === undefined ? {} : { processId: String(pid) };
  return new RunspaceError(
    'ENGINE_LOST',
    `the powershell engine is gone: ${describeEnd(end)}${lastWords(transport)}; open a new session`,
    { facts, ...(end.is === 'lost' ? { cause: end.error } : {}) },
  );
}

/** How a transport ended, as part of a sentence. */
export function describeEnd(end: TransportEnd): string {
  if (end.is === 'lost') return end.error.message;
  return end.signal === undefined
    ? `it left with exit code ${end.code ?? 'unknown'}`
    : `it was ended by ${end.signal}`;
}

/** Whatever broke the reading of the engine, as an error of ours. */
export function readingError(thrown: unknown, transport: Transport): RunspaceError {
  if (thrown instanceof RunspaceError) return thrown;
  const cause = toError(thrown);
  if (cause instanceof RemoteProtocolError) {
    const message = `the powershell engine broke the protocol: ${cause.message}${lastWords(transport)}`;
    return new RunspaceError('ENGINE_PROTOCOL_ERROR', message, { cause, facts: { problem: cause.code } });
  }
  return lostError({ is: 'lost', error: cause }, transport);
}

/** An invocation that can't be sent as it is. */
export function invocationError(thrown: unknown): RunspaceError {
  if (thrown instanceof RunspaceError) return thrown;
  const cause = toError(thrown);
  if (!(cause instanceof LocalProtocolError)) return new RunspaceError('INTERNAL', cause.message, { cause });
  return new RunspaceError('INVALID_ARGUMENT', `the command can not be sent: ${cause.message}`, { cause });
}
