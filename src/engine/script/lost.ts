import { RunspaceError } from '../../core/error';
import type { FinalRecord } from '../../core/record';
import type { TransportEnd } from '../../transport/transport';
import type { EngineName } from '../engine';

const lastWordsLength = 2000;

/** Whoever has what an engine's processes said besides. */
export interface LastWords {
  diagnostics(): string;
}

/** The error of an engine that has gone without being asked to: where its transport knows better, that is the error. */
export function lostError(engine: EngineName, end: TransportEnd, words: LastWords): RunspaceError {
  if (end.is === 'lost' && end.error instanceof RunspaceError) return end.error;
  const message = `the ${engine} engine is gone: ${describeEnd(end)}${lastWordsOf(words)}`;
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

function lastWordsOf(words: LastWords): string {
  const text = words.diagnostics().trim().slice(-lastWordsLength);
  return text === '' ? '' : `; its last words: ${text}`;
}
