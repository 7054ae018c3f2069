/** We asked for something that the protocol can't say, or out of turn: our bug or our caller's misuse. */
export class LocalProtocolError extends Error {
  override readonly name = 'LocalProtocolError';
  /** A short UPPER_SNAKE word for programs, such as `CLIXML_TOO_DEEP`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The peer broke the protocol; what it said can't be used, and its session is broken. */
export class RemoteProtocolError extends Error {
  override readonly name = 'RemoteProtocolError';
  /** A short UPPER_SNAKE word for programs, such as `CLIXML_MALFORMED`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
