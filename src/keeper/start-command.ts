import { RunspaceError } from '../core/error';
import { asPipelineId, isGuid } from '../core/ids';
import type { Invocation } from '../engine/engine';
import { parseSimplePipeline } from '../engine/powershell/simple-pipeline';
import type { Duration } from '../gen/google/protobuf/duration';
import type { StartPipelineRequest } from '../gen/runspace/keeper/v1/keeper';
import { InputLostPolicy, type Command } from '../gen/runspace/v1/pipeline';
import { preferencesOf, usingValuesOf } from './command-extras';
import { HostCallPolicy } from '../gen/runspace/v1/session';
import { shownCommandChars } from './limits';
import type { NewPipeline } from './pipeline-table';
import type { RunTimeouts } from './run-clock';
import type { Secrets } from './secrets';
import { valueFromProto } from './value-from-proto';

/** Most columns or rows of a terminal, and the widest display; the protocol's own numbers end at 32767. */
const largestTerminal = 32_767;

/** A command as it was asked for, checked. */
export interface WantedCommand {
  readonly pipeline: Omit<NewPipeline, 'createdAt'>;
  /** What the engine gets; its input is joined later. */
  readonly invocation: Omit<Invocation, 'input'>;
  readonly timeouts: RunTimeouts;
  readonly mayQueue: boolean;
}

/** What a command is checked by. */
export interface CommandTerms {
  readonly secrets: Secrets;
  /** What the session's language lets through. */
  readonly form: 'scripts' | 'commands';
}

/**
 * Checks a request. Throws INVALID_ARGUMENT that names what is wrong, UNSUPPORTED for the preference Break, and for
 * what needs a language where it is off.
 */
export function wantedCommand(request: StartPipelineRequest, { secrets, form }: CommandTerms): WantedCommand {
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
      hostCalls: hostCallPolicyOf(request.hostCalls),
    },
    invocation: {
      ...inForm(form, invocationOf(pipelineId, command, secrets)),
      ...terminalOf(request.terminal),
      ...displayOf(request.display),
    },
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
  const args = command.arguments.map(({ name, value }, index) => ({
    ...(name === '' ? {} : { name }),
    value: valueFromProto(value, `command.arguments[${index}].value`, secrets),
  }));
  return {
    pipelineId,
    script: command.script,
    arguments: args,
    newScope: command.newScope,
    usingValues: usingValuesOf(command, secrets),
    preferences: preferencesOf(command.preferences),
    invocationInfo: command.invocationInfo,
  };
}

function hostCallPolicyOf(policy: HostCallPolicy): HostCallPolicy {
  if (!(policy in HostCallPolicy)) throw invalid('host_calls', `${String(policy)} is unknown`);
  return policy;
}

function terminalOf(terminal: StartPipelineRequest['terminal']): Pick<Invocation, 'terminal'> {
  if (terminal === undefined) return {};
  const { columns, rows } = terminal;
  if (columns < 1 || rows < 1 || columns > largestTerminal || rows > largestTerminal) {
    throw invalid('terminal', `must have 1 to ${largestTerminal} columns and rows`);
  }
  return { terminal: { columns, rows } };
}

function displayOf(display: StartPipelineRequest['display']): Pick<Invocation, 'display'> {
  if (display === undefined) return {};
  const { columns } = display;
  if (columns < 1 || columns > largestTerminal)
    throw invalid('display.columns', `must be 1 to ${largestTerminal}`);
  return { display: { columns } };
}

/** Where only commands are let through the arguments of the call are those of its one command. */
function inForm(
  form: CommandTerms['form'],
  invocation: Omit<Invocation, 'input'>,
): Omit<Invocation, 'input'> {
  if (form === 'scripts') return invocation;
  const { script, usingValues = [], preferences = {}, arguments: given } = invocation;
  if (usingValues.length > 0 || Object.keys(preferences).length > 0)
    throw new RunspaceError(
      'UNSUPPORTED',
      'the language of this session is off: $Using: values and preferences need it; give the commands their own parameters',
    );
  const commands = parseSimplePipeline(script);
  const [only] = commands;
  if (given.length === 0 || only === undefined) return { ...invocation, commands };
  if (commands.length > 1)
    throw invalid('command.arguments', 'belong to no one command of this pipeline; write them in its text');
  return { ...invocation, commands: [{ ...only, arguments: [...only.arguments, ...given] }], arguments: [] };
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
