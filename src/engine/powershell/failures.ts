import { RunspaceError, toError } from '../../core/error';
import { LocalProtocolError, RemoteProtocolError } from '../../psrp/errors';
import type { Transport, TransportEnd } from '../../transport/transport';

/** What PowerShell said last, for an error's message; empty where it said nothing. */
function lastWords(transport: Transport): string {
  const text = transport.diagnostics().trim().slice(-2000);
  return text === '' ? '' : `; its last words: ${text}`;
}

/** The engine is gone: as its transport says, else ENGINE_LOST with exit code or signal, and the end of its standard error. */
export function lostError(end: TransportEnd, transport: Transport): RunspaceError {
  if (end.is === 'lost' && end.error instanceof RunspaceError) return end.error;
  const pid = transport.processId;
  const facts = pid === undefined ? {} : { processId: String(pid) };
  return new RunspaceError(
    'ENGINE_LOST',
    `the powershell engine is gone: ${describeEnd(end)}${lastWords(transport)}; open a new session`,
    { facts, ...(end.is === 'lost' ? { cause: end.error } : {}) },
  );
}

/** How a transport ended, as part of a sentence. */
function describeEnd(end: TransportEnd): string {
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

/** The engine did not open in time. */
export function openTooSlow(
  transport: Transport,
  { openTimeoutMs, phase }: { readonly openTimeoutMs: number; readonly phase: string },
): RunspaceError {
  const waited = `waited ${openTimeoutMs} ms (OpenTimeout) for ${phase}`;
  return new RunspaceError(
    'ENGINE_TIMEOUT',
    `the powershell engine did not open: ${waited}${lastWords(transport)}`,
    { facts: { option: 'OpenTimeout', phase } },
  );
}

/** The engine ended before it opened; `lost` is what reading it came to. */
export async function openFailed(
  transport: Transport,
  lost: RunspaceError | undefined,
): Promise<RunspaceError> {
  if (lost?.code === 'ENGINE_PROTOCOL_ERROR' || lost?.code === 'ENGINE_START_FAILED') return lost;
  const ended = await transport.ended;
  if (ended.is === 'lost' && ended.error === lost) return lost;
  const end = describeEnd(ended);
  return new RunspaceError(
    'ENGINE_START_FAILED',
    `the powershell engine ended before it opened: ${end}${lastWords(transport)}`,
    lost === undefined ? {} : { cause: lost },
  );
}

/** PowerShell's word that its runspace is no more. */
export function runspaceGone(gone: {
  readonly state: string;
  readonly wasOpen: boolean;
  readonly why: string | undefined;
}): RunspaceError {
  const reason = gone.why === undefined ? '' : `: ${gone.why}`;
  return gone.wasOpen
    ? new RunspaceError(
        'ENGINE_LOST',
        `the powershell engine's runspace is ${gone.state}${reason}; open a new session`,
      )
    : new RunspaceError('ENGINE_START_FAILED', `the powershell engine refused to open a runspace${reason}`);
}

/** An object was larger than may be received. */
export function tooLarge(limit: number): RunspaceError {
  return new RunspaceError(
    'OBJECT_TOO_LARGE',
    `the command wrote an object of more than MaximumReceivedObjectSize (${limit} bytes); write smaller ones, or raise the limit`,
    { facts: { option: 'MaximumReceivedObjectSize', limit: String(limit) } },
  );
}

/** The session is closed while its command runs. */
export function closedUnder(): RunspaceError {
  return new RunspaceError('STOPPED', 'the command was stopped: its session is closed');
}

/** A command comes to an engine that is no more. */
export function engineClosed(): RunspaceError {
  return new RunspaceError('ENGINE_LOST', 'the engine is closed');
}

/**
 * What PowerShell runs while it opens its runspace asks something. It would wait for ever: it reads the answer only
 * when the runspace is open.
 */
export function asksAtStart(method: string): RunspaceError {
  return new RunspaceError(
    'ENGINE_START_FAILED',
    `what the session configuration file runs at the start asks something (${method}), and PowerShell takes no answer before its runspace is open; ask in a command instead`,
    { facts: { method } },
  );
}
