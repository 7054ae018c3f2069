import { toDuration } from './duration';
import { OutputBufferingMode, type SessionOptions } from './gen/runspace/v1/session';
import { toValue } from './value/to-value';

/** PowerShell's session options that concern a session on this machine. What is left out gets the daemon's default. */
export interface SessionChoices {
  /** Ends the session after this time without a client; at least a minute. Default 2 h. */
  readonly idleTimeoutMs?: number;
  /** Ends the session after this time without activity although a client is connected; default never. */
  readonly connectedIdleTimeoutMs?: number;
  /** Ends the session this long after its creation; default never. */
  readonly lifetimeMs?: number;
  /** What happens to output that nobody reads; default Block. */
  readonly outputBufferingMode?: OutputBufferingMode;
  /** How long the engine may take to open; default 3 min. */
  readonly openTimeoutMs?: number;
  /** Largest object that the engine may send, in bytes; default 200 MiB. */
  readonly maximumReceivedObjectSize?: number;
  /** Bytes of records that may wait unread; default 1 GiB. */
  readonly unreadLimitBytes?: number;
  /** Longest time that one command may run; default no limit. */
  readonly maximumRunTimeMs?: number;
  /** PowerShell's `$PSSenderInfo.ApplicationArguments`. */
  readonly applicationArguments?: Readonly<Record<string, unknown>>;
}

/** The options as a message. */
export function toSessionOptions(choices: SessionChoices): SessionOptions {
  const named = Object.entries(choices.applicationArguments ?? {});
  return {
    idleTimeout: toDuration(choices.idleTimeoutMs),
    connectedIdleTimeout: toDuration(choices.connectedIdleTimeoutMs),
    lifetime: toDuration(choices.lifetimeMs),
    outputBufferingMode: choices.outputBufferingMode ?? OutputBufferingMode.OUTPUT_BUFFERING_MODE_UNSPECIFIED,
    openTimeout: toDuration(choices.openTimeoutMs),
    maximumReceivedObjectSize: BigInt(choices.maximumReceivedObjectSize ?? 0),
    unreadLimitBytes: BigInt(choices.unreadLimitBytes ?? 0),
    maximumRunTime: toDuration(choices.maximumRunTimeMs),
    applicationArguments: Object.fromEntries(named.map(([name, value]) => [name, toValue(value)])),
  };
}
