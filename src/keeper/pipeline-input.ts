import { RunspaceError } from '../core/error';
import type { Value } from '../core/value';
import { valuesFromClixml } from '../engine/powershell/clixml';
import type { SendPipelineInputRequest } from '../gen/runspace/keeper/v1/keeper';
import type { InputItem } from '../gen/runspace/v1/pipeline';
import type { Pipeline } from './pipeline';
import type { Secrets } from './secrets';
import { valueFromProto } from './value-from-proto';

/** One call that brings input. */
export interface InputCall {
  readonly request: SendPipelineInputRequest;
  /** Size of the request on the wire. */
  readonly bytes: number;
  readonly secrets: Secrets;
  readonly signal: AbortSignal;
}

/**
 * Takes the items of one call; answers with the last accepted number when there is room for more. A finished pipeline
 * needs no input: for items that it would have accepted PIPELINE_FINISHED is thrown, repeated ones are passed over.
 */
export async function readInput(
  pipeline: Pipeline,
  { request, bytes, secrets, signal }: InputCall,
): Promise<bigint> {
  const { input, started } = pipeline;
  if (input === undefined) {
    throw new RunspaceError(
      'INVALID_ARGUMENT',
      `pipeline ${started.id} was started without input (has_input)`,
      {
        facts: { pipeline: started.id },
      },
    );
  }
  const items = request.items.map((item) => ({ number: item.number, values: valuesOf(item, secrets) }));
  const isLast = request.endOfInput;
  if (!pipeline.isFinished) return input.accept({ items, bytes, isLast }, signal);
  if (items.every(({ number }) => number <= input.lastAccepted)) return input.lastAccepted;
  throw new RunspaceError('PIPELINE_FINISHED', `pipeline ${started.id} has ended and takes no more input`, {
    facts: { pipeline: started.id },
  });
}

function valuesOf({ number, value, clixml }: InputItem, secrets: Secrets): readonly Value[] {
  const path = `items[${number.toString()}]`;
  if (clixml === undefined) return [valueFromProto(value, `${path}.value`, secrets)];
  if (value === undefined) return valuesFromClixml(clixml, `${path}.clixml`);
  throw new RunspaceError('INVALID_ARGUMENT', `${path} has both value and clixml; send one of them`, {
    facts: { path },
  });
}

/** The client that sent input is gone; says what is to be done with the pipeline, having ended its input if that is all. */
export function lostInput({ input, started, isFinished }: Pipeline): 'nothing' | 'stop' {
  if (isFinished || input === undefined || input.isComplete) return 'nothing';
  if (started.onInputLost === 'end') input.end();
  return started.onInputLost === 'stop' ? 'stop' : 'nothing';
}
