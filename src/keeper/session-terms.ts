import type { Problem } from '../core/error';
import { asSessionId } from '../core/ids';
import type { KeptSession, WaitingHostCall } from '../core/kept-session';
import type { HostCallPolicy as HostCallPolicyName, SessionOptions } from '../core/session-options';
import type { Duration } from '../gen/google/protobuf/duration';
import type { KeptSession as KeptSessionMessage } from '../gen/runspace/keeper/v1/keeper';
import {
  HostCallPolicy,
  OutputBufferingMode,
  RunspaceState,
  SessionOptions as SessionOptionsMessage,
} from '../gen/runspace/v1/session';
import { HostCall } from '../gen/runspace/v1/record';
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
    abilities: message.abilities?.names,
    enginePid: Number(message.enginePid),
    running:
      running === undefined
        ? undefined
        : {
            id: running.id,
            command: running.command,
            waiting: running.waiting,
            hostCalls: running.pendingHostCalls.map(toWaitingCall),
            hostCallPolicy: policyOf(running.hostCalls),
          },
    queued: message.queued,
    ownerReaders: message.ownerReaders,
    hostCalls: message.pendingHostCalls.map(toWaitingCall),
    tunnel: message.tunnel,
  };
}

function toWaitingCall(call: HostCall): WaitingHostCall {
  return { callId: call.callId, encoded: HostCall.encode(call).finish() };
}

function policyOf(policy: HostCallPolicy): HostCallPolicyName | undefined {
  return names.find((name) => hostCallPolicies[name] === policy);
}

const names = ['wait', 'fail', 'default'] as const;

/** A session's options, or those that were chosen, as the protocol has them; Values of application arguments are not kept here. */
export function fromSessionOptions(options: {
  readonly [Name in keyof SessionOptions]?: SessionOptions[Name] | undefined;
}): SessionOptionsMessage {
  return SessionOptionsMessage.fromPartial({
    idleTimeout: durationOf(options.idleTimeoutMs),
    connectedIdleTimeout: durationOf(options.connectedIdleTimeoutMs),
    lifetime: durationOf(options.lifetimeMs),
    outputBufferingMode: bufferingModeOf(options.outputBufferingMode),
    openTimeout: durationOf(options.openTimeoutMs),
    maximumReceivedObjectSize: BigInt(options.maximumReceivedObjectSize ?? 0),
    unreadLimitBytes: BigInt(options.unreadLimitBytes ?? 0),
    maximumRunTime: durationOf(options.maximumRunTimeMs),
    hostCalls:
      options.hostCalls === undefined
        ? HostCallPolicy.HOST_CALL_POLICY_UNSPECIFIED
        : hostCallPolicies[options.hostCalls],
    maximumReceivedDataSizePerCommand: BigInt(options.maximumReceivedDataSizePerCommand ?? 0),
    cancelTimeout: durationOf(options.cancelTimeoutMs),
    operationTimeout: durationOf(options.operationTimeoutMs),
    culture: options.culture ?? '',
    uiCulture: options.uiCulture ?? '',
    maximumConnectionRetryCount: options.maximumConnectionRetryCount ?? 0,
    skipCaCheck: options.skipCaCheck ?? false,
    skipCnCheck: options.skipCnCheck ?? false,
    skipRevocationCheck: options.skipRevocationCheck ?? false,
    maximumRedirection: options.maximumRedirection,
  });
}

const hostCallPolicies: Readonly<Record<HostCallPolicyName, HostCallPolicy>> = {
  wait: HostCallPolicy.HOST_CALL_POLICY_WAIT,
  fail: HostCallPolicy.HOST_CALL_POLICY_FAIL,
  default: HostCallPolicy.HOST_CALL_POLICY_DEFAULT,
};

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

function bufferingModeOf(mode: SessionOptions['outputBufferingMode'] | undefined): OutputBufferingMode {
  switch (mode) {
    case undefined:
      return OutputBufferingMode.OUTPUT_BUFFERING_MODE_UNSPECIFIED;
    case 'block':
      return OutputBufferingMode.OUTPUT_BUFFERING_MODE_BLOCK;
    case 'drop':
      return OutputBufferingMode.OUTPUT_BUFFERING_MODE_DROP;
  }
}

/** A duration as the protocols have it. */
export function durationOf(ms: number | undefined): Duration | undefined {
  if (ms === undefined) return undefined;
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: Math.round((ms % 1000) * 1e6) };
}
