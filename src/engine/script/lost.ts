import { RunspaceError } from '../../core/error';
import type { FinalRecord } from '../../core/record';
import type { Transport, TransportEnd } from '../../transport/transport';
import type { EngineName } from '../engine';

const lastWordsLength = 2000;

/** The error of an engine that has gone without being asked to. */
export function lostError(engine: EngineName, end: TransportEnd, transport: Transport): RunspaceError {
  const message = `the ${engine} engine is gone: ${describeEnd(end)}${lastWordsOf(transport)}`;
  return new RunspaceError('ENGINE_LOST', message, end.is === 'lost' ? { cause: end.error } : {});
}

/** The final record of a command whose engine is gone. */
export function lostFinal(reason: RunspaceError): FinalRecord {
  return { stream: 'final', state: 'failed', reason };
}

function describeEnd(end: TransportEnd): string {
  if (end.is === 'lost') return end.error.message;
  if (end.signal !== undefined) return `it was ended by ${end.signal}`;
  return `it left with exit code ${end.code ?? 'unknown'}`;
}

function lastWordsOf(transport: Transport): string {
  const text = transport.diagnostics().trim().slice(-lastWordsLength);
  return text === '' ? '' : `; its last words: ${text}`;
}
