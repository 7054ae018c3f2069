import type { Value } from '../../core/value';
import { scriptPipeline, type PipelineSpec, type ScriptInvocation } from '../../psrp/create-pipeline';
import type { Invocation, TerminalFacts } from '../engine';
import type { Aside } from './aside';
import { displayScript, type DisplaySpec } from './display';
import { nodeCodec } from './node-codec';
import type { Screen } from './screen';

/** One pipeline as it goes to PowerShell. */
export interface Sending {
  /** A lower-case GUID. */
  readonly pipelineId: string;
  readonly script: Omit<ScriptInvocation, 'host'>;
  /** Who its host is: the session's, or none at all. */
  readonly host: 'session' | 'none';
  /** The terminal of whoever runs it; undefined: as it was. */
  readonly terminal: TerminalFacts | undefined;
  readonly input: AsyncIterable<Value> | undefined;
  /** Its output comes laid out too. */
  readonly display?: DisplaySpec;
}

/** A command as it was asked for, with the values of its `$Using:` expressions as PowerShell looks them up. */
export function sendingOf(
  invocation: Invocation,
  usingValues: readonly (readonly [expression: string, value: Value])[],
): Sending {
  const { pipelineId, script, commands, newScope, input } = invocation;
  const display = invocation.display === undefined ? undefined : { ...invocation.display, mark: pipelineId };
  return {
    pipelineId,
    input,
    host: 'session',
    terminal: invocation.terminal,
    ...(display === undefined ? {} : { display }),
    script: {
      script,
      ...(commands === undefined ? {} : { commands }),
      ...(display === undefined ? {} : { next: displayScript(display) }),
      usingValues,
      arguments: invocation.arguments,
      hasInput: input !== undefined,
      withInvocationInfo: invocation.invocationInfo ?? false,
      ...(newScope ? { useLocalScope: true } : {}),
    },
  };
}

/** What CREATE_PIPELINE says of it. */
export function pipelineSpecOf({ script, host, terminal }: Sending, screen: Screen): PipelineSpec {
  if (host === 'none') return scriptPipeline(script, nodeCodec);
  return scriptPipeline({ ...script, host: screen.hostInfo(terminal) }, nodeCodec);
}

/** An aside as a pipeline of its own. */
export function sendingOfAside({ script, arguments: args }: Aside, pipelineId: string): Sending {
  return {
    pipelineId,
    script: { script, arguments: args, useLocalScope: true },
    host: 'none',
    terminal: undefined,
    input: undefined,
  };
}
