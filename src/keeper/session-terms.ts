import type { Problem } from '../core/error';
import { asSessionId } from '../core/ids';
import type { KeptSession } from '../core/kept-session';
import type { SessionOptions } from '../core/session-options';
import type { Duration } from '../gen/google/protobuf/duration';
import type { KeptSession as KeptSessionMessage } from '../gen/runspace/keeper/v1/keeper';
import {
  OutputBufferingMode,
  RunspaceState,
  SessionOptions as SessionOptionsMessage,
} from '../gen/runspace/v1/session';
import { fromProblem } from '../status/problem';

/** PowerShell's application arguments as the protocol has them: passed through, never looked at. */
export type ApplicationArguments = SessionOptionsMessage['applicationArguments'];

/** What a keeper says of a session, in the daemon's terms. */
export function toKeptSession(message: KeptSessionMessage): KeptSession {
  const { running } = message;
  return {
    sessionId: asSessionId(message.sessionId),
    runspace: runspaceStates[message.runspaceState],
    problem: message.problem === undefined ? undefined : problemOf(message.problem),
    runspaceId: message.runspaceId,
    engineVersion: message.engineVersion,
    enginePid: Number(message.enginePid),
    running:
      running === undefined
        ? undefined
        : { id: running.id, command: running.command, waiting: running.waiting },
    queued: message.queued,
    ownerReaders: message.ownerReaders,
  };
}

/** A session's options as the protocol has them; Values of application arguments are not kept here. */
export function fromSessionOptions(options: SessionOptions): SessionOptionsMessage {
  return SessionOptionsMessage.fromPartial({
    idleTimeout: durationOf(options.idleTimeoutMs),
    connectedIdleTimeout: durationOf(options.connectedIdleTimeoutMs),
    lifetime: durationOf(options.lifetimeMs),
    outputBufferingMode:
      options.outputBufferingMode === 'drop'
        ? OutputBufferingMode.OUTPUT_BUFFERING_MODE_DROP
        : OutputBufferingMode.OUTPUT_BUFFERING_MODE_BLOCK,
    openTimeout: durationOf(options.openTimeoutMs),
    maximumReceivedObjectSize: BigInt(options.maximumReceivedObjectSize),
    unreadLimitBytes: BigInt(options.unreadLimitBytes),
    maximumRunTime: durationOf(options.maximumRunTimeMs),
  });
}

const runspaceStates: Readonly<Record<RunspaceState, KeptSession['runspace']>> = {
  [RunspaceState.RUNSPACE_STATE_UNSPECIFIED]: 'opening',
  [RunspaceState.RUNSPACE_STATE_BEFORE_OPEN]: 'opening',
  [RunspaceState.RUNSPACE_STATE_OPENING]: 'opening',
  [RunspaceState.RUNSPACE_STATE_OPENED]: 'opened',
  [RunspaceState.RUNSPACE_STATE_CLOSED]: 'closed',
  [RunspaceState.RUNSPACE_STATE_CLOSING]: 'closing',
  [RunspaceState.RUNSPACE_STATE_BROKEN]: 'broken',
};

function problemOf(message: Parameters<typeof fromProblem>[0]): Problem {
  const { code, message: text, facts } = fromProblem(message);
  return { code, message: text, facts };
}

function durationOf(ms: number | undefined): Duration | undefined {
  if (ms === undefined) return undefined;
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: Math.round((ms % 1000) * 1e6) };
}
