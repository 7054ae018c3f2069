import { toDuration } from './duration';
import { HostCallPolicy, OutputBufferingMode, type SessionOptions } from './gen/runspace/v1/session';
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
  /** What becomes of what commands ask while nobody is connected to answer; default wait. */
  readonly hostCalls?: HostCallPolicy;
  /** Bytes of records that one command may write; default no limit. */
  readonly maximumReceivedDataSizePerCommand?: number;
  /** How long a stop waits for the engine before it is reported unanswered; default 5 s. */
  readonly cancelTimeoutMs?: number;
  /** How long the engine may take to answer what is no command; default 3 min. */
  readonly operationTimeoutMs?: number;
  /** `$PSCulture`, such as `de-DE`; default the engine's own. */
  readonly culture?: string;
  /** `$PSUICulture`; default the engine's own. */
  readonly uiCulture?: string;
  /** Attempts to reach a target again; a session on this machine has no use for it. */
  readonly maximumConnectionRetryCount?: number;
  /** Take the certificate of another daemon whoever signed it. */
  readonly skipCaCheck?: boolean;
  /** … whatever name it has. */
  readonly skipCnCheck?: boolean;
  /** … even if it is revoked. */
  readonly skipRevocationCheck?: boolean;
  /** Redirections that are followed to another daemon; default 5. */
  readonly maximumRedirection?: number;
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
    maximumReceivedDataSizePerCommand: BigInt(choices.maximumReceivedDataSizePerCommand ?? 0),
    culture: choices.culture ?? '',
    uiCulture: choices.uiCulture ?? '',
    cancelTimeout: toDuration(choices.cancelTimeoutMs),
    operationTimeout: toDuration(choices.operationTimeoutMs),
    maximumConnectionRetryCount: choices.maximumConnectionRetryCount ?? 0,
    skipCaCheck: choices.skipCaCheck ?? false,
    skipCnCheck: choices.skipCnCheck ?? false,
    skipRevocationCheck: choices.skipRevocationCheck ?? false,
    maximumRedirection: choices.maximumRedirection,
    hostCalls: choices.hostCalls ?? HostCallPolicy.HOST_CALL_POLICY_UNSPECIFIED,
  };
}
