import { toError } from '../core/error';
import type { Log, LogFacts } from '../core/log';

/** Where log lines go; a keeper's standard error is its log file. */
export type WriteLine = (line: string) => void;

/**
 * A log of JSON lines, in the form of the daemon's. A keeper has no winston: it would double the memory of a process that
 * does nothing but wait most of its life, for one line per state change.
 */
export function createLineLog(write: WriteLine): Log {
  const line =
    (level: string) =>
    (event: string, facts: LogFacts = {}): void => {
      write(`${JSON.stringify({ ...facts, level, message: event, timestamp: new Date().toISOString() })}\n`);
    };
  return {
    debug: () => undefined,
    info: line('info'),
    warn: line('warn'),
    error: (event, thrown, facts) => {
      const error = toError(thrown);
      line('error')(event, { ...facts, error: error.message, stack: error.stack });
    },
  };
}
