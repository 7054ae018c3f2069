import { RunspaceError } from '../core/error';
import type { SessionOptions as SessionOptionsMessage } from '../gen/runspace/v1/session';
import { HostCallPolicy, OutputBufferingMode } from '../gen/runspace/v1/session';
import type { ChosenOptions } from '../session/options';
import { toMilliseconds } from './time';

/** What a caller chose. Error: INVALID_ARGUMENT for a negative time. */
export function toChosenOptions(message: SessionOptionsMessage | undefined): ChosenOptions {
  if (message === undefined) return {};
  return {
    idleTimeoutMs: toMilliseconds(message.idleTimeout, 'idle_timeout'),
    connectedIdleTimeoutMs: toMilliseconds(message.connectedIdleTimeout, 'connected_idle_timeout'),
    lifetimeMs: toMilliseconds(message.lifetime, 'lifetime'),
    outputBufferingMode: toBufferingMode(message.outputBufferingMode),
    openTimeoutMs: toMilliseconds(message.openTimeout, 'open_timeout'),
    maximumReceivedObjectSize: sizeOf(message.maximumReceivedObjectSize),
    unreadLimitBytes: sizeOf(message.unreadLimitBytes),
    maximumRunTimeMs: toMilliseconds(message.maximumRunTime, 'maximum_run_time'),
    hostCalls: toHostCallPolicy(message.hostCalls),
    maximumReceivedDataSizePerCommand: sizeOf(message.maximumReceivedDataSizePerCommand),
    cancelTimeoutMs: toMilliseconds(message.cancelTimeout, 'cancel_timeout'),
    operationTimeoutMs: toMilliseconds(message.operationTimeout, 'operation_timeout'),
    culture: message.culture === '' ? undefined : message.culture,
    uiCulture: message.uiCulture === '' ? undefined : message.uiCulture,
    maximumConnectionRetryCount:
      message.maximumConnectionRetryCount === 0 ? undefined : message.maximumConnectionRetryCount,
    skipCaCheck: message.skipCaCheck || undefined,
    skipCnCheck: message.skipCnCheck || undefined,
    skipRevocationCheck: message.skipRevocationCheck || undefined,
    maximumRedirection: message.maximumRedirection,
  };
}

/** The buffering mode; undefined: as it is. */
export function toBufferingMode(mode: OutputBufferingMode): 'block' | 'drop' | undefined {
  switch (mode) {
    case OutputBufferingMode.OUTPUT_BUFFERING_MODE_UNSPECIFIED:
      return undefined;
    case OutputBufferingMode.OUTPUT_BUFFERING_MODE_BLOCK:
      return 'block';
    case OutputBufferingMode.OUTPUT_BUFFERING_MODE_DROP:
      return 'drop';
  }
  // A number off the wire that this version has no name for.
  throw new RunspaceError('INVALID_ARGUMENT', `output_buffering_mode ${String(mode)} is unknown`, {
    facts: { field: 'output_buffering_mode' },
  });
}

function toHostCallPolicy(policy: HostCallPolicy): ChosenOptions['hostCalls'] {
  switch (policy) {
    case HostCallPolicy.HOST_CALL_POLICY_UNSPECIFIED:
      return undefined;
    case HostCallPolicy.HOST_CALL_POLICY_WAIT:
      return 'wait';
    case HostCallPolicy.HOST_CALL_POLICY_FAIL:
      return 'fail';
    case HostCallPolicy.HOST_CALL_POLICY_DEFAULT:
      return 'default';
  }
  // A number off the wire that this version has no name for.
  throw new RunspaceError('INVALID_ARGUMENT', `host_calls ${String(policy)} is unknown`, {
    facts: { field: 'host_calls' },
  });
}

function sizeOf(bytes: bigint): number | undefined {
  return bytes === 0n ? undefined : Number(bytes);
}
