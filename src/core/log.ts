/** Facts of one log line: event, ids, states, sizes. Never contents, credentials or script text. */
export type LogFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where state changes are written, one line each. */
export interface Log {
  debug(event: string, facts?: LogFacts): void;
  info(event: string, facts?: LogFacts): void;
  warn(event: string, facts?: LogFacts): void;
  /** `error` is written whole, with its stack; callers see only an id. */
  error(event: string, error: unknown, facts?: LogFacts): void;
}

/** A log that forgets: for tests and tools. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
