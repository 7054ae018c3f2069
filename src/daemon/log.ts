import { createLogger, format, transports } from 'winston';
import type { Log, LogFacts } from '../core/log';

/** Levels of the log, the most important first. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const;

/** One of the levels above. */
export type LogLevel = (typeof logLevels)[number];

/** A log of JSON lines on standard error. */
export function createLog(level: LogLevel): Log {
  const logger = createLogger({
    level,
    format: format.combine(format.timestamp(), format.json()),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston's own types disagree
    transports: [new transports.Console({ stderrLevels: [...logLevels] })],
  });
  return {
    debug: (event, facts) => void logger.debug(event, facts),
    info: (event, facts) => void logger.info(event, facts),
    warn: (event, facts) => void logger.warn(event, facts),
    error: (event, error, facts) => void logger.error(event, { ...facts, ...errorFacts(error) }),
  };
}

function errorFacts(error: unknown): LogFacts {
  return error instanceof Error
    ? { error: error.message, stack: error.stack ?? '', ...causeFacts(error.cause) }
    : { error: String(error) };
}

function causeFacts(cause: unknown): LogFacts {
  return cause instanceof Error ? { cause: cause.message } : {};
}
