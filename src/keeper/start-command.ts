import { RunspaceError } from '../core/error';
import { asPipelineId, isGuid } from '../core/ids';
import type { Invocation } from '../engine/engine';
import type { Duration } from '../gen/google/protobuf/duration';
import type { StartPipelineRequest } from '../gen/runspace/keeper/v1/keeper';
import { InputLostPolicy, type Command } from '../gen/runspace/v1/pipeline';
import { shownCommandChars } from './limits';
import type { NewPipeline } from './pipeline-table';
import type { RunTimeouts } from './run-clock';
import type { Secrets } from './secrets';
import { valueFromProto } from './value-from-proto';

/** A command as it was asked for, checked. */
export interface WantedCommand {
  readonly pipeline: Omit<NewPipeline, 'createdAt'>;
  /** What the engine gets; its input is joined later. */
  readonly invocation: Omit<Invocation, 'input'>;
  readonly timeouts: RunTimeouts;
  readonly mayQueue: boolean;
}

/** Checks a request. Throws INVALID_ARGUMENT that names what is wrong, UNSUPPORTED for `using_values`. */
export function wantedCommand(request: StartPipelineRequest, secrets: Secrets): WantedCommand {
  const { pipelineId, requestId, fingerprint, command, hasInput } = request;
  if (!isGuid(pipelineId)) throw invalid('pipeline_id', 'must be a GUID in lower case');
  if (requestId === '' || requestId.length > 128)
    throw invalid('request_id', 'must have 1 to 128 characters');
  if (command === undefined || command.script.trim() === '') {
    throw invalid('command.script', 'there is nothing to run; send the text of a script');
  }
  return {
    pipeline: {
      id: asPipelineId(pipelineId),
      requestId,
      fingerprint,
      command: command.script.slice(0, shownCommandChars),
      hasInput,
      onInputLost: policyOf(request.onInputLost),
    },
    invocation: invocationOf(pipelineId, command, secrets),
    timeouts: {
      runMs: timeoutOf(request.runTimeout, 'run_timeout'),
      outputMs: timeoutOf(request.outputTimeout, 'output_timeout'),
    },
    mayQueue: !request.noWait,
  };
}

/** A duration in milliseconds; undefined where none, or none above 0, is given. */
export function millisecondsOf(duration: Duration | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const ms = Number(duration.seconds) * 1_000 + duration.nanos / 1e6;
  return ms > 0 ? ms : undefined;
}

function timeoutOf(duration: Duration | undefined, path: string): number | undefined {
  if (duration === undefined) return undefined;
  const ms = millisecondsOf(duration);
  if (ms === undefined) throw invalid(path, 'must be above 0; leave it out for no limit');
  return ms;
}

function invocationOf(pipelineId: string, command: Command, secrets: Secrets): Omit<Invocation, 'input'> {
  if (Object.keys(command.usingValues).length > 0) {
    throw new RunspaceError('UNSUPPORTED', 'using_values comes with a later release; pass arguments instead');
  }
  const args = command.arguments.map(({ name, value }, index) => ({
    ...(name === '' ? {} : { name }),
    value: valueFromProto(value, `command.arguments[${index}].value`, secrets),
  }));
  return { pipelineId, script: command.script, arguments: args, newScope: command.newScope };
}

function policyOf(policy: InputLostPolicy): 'wait' | 'end' | 'stop' {
  switch (policy) {
    case InputLostPolicy.INPUT_LOST_POLICY_UNSPECIFIED:
    case InputLostPolicy.INPUT_LOST_POLICY_WAIT:
      return 'wait';
    case InputLostPolicy.INPUT_LOST_POLICY_END:
      return 'end';
    case InputLostPolicy.INPUT_LOST_POLICY_STOP:
      return 'stop';
  }
  // A number off the wire that this version has no name for.
  throw invalid('on_input_lost', `${String(policy)} is unknown`);
}

function invalid(path: string, why: string): RunspaceError {
  return new RunspaceError('INVALID_ARGUMENT', `${path} ${why}`, { facts: { path } });
}
