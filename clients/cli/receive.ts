import type { ReceiveOptions } from '../typescript';
import type { Context } from './context';
import { exitCodes } from './exit-code';
import { UsageError } from './failure';
import { reasonOf } from './report';
import { showPipeline } from './show-pipeline';

/** Runs `runspace receive`. */
export async function runReceive(context: Context): Promise<number> {
  const [session = ''] = context.positionals;
  const options = optionsOf(context);
  using client = await context.connect();
  try {
    return await showPipeline({
      context,
      client,
      session,
      onInterrupt: 'leave',
      open: async (signal) => client.pipelines.receive(session, { ...options, signal }),
    });
  } catch (error) {
    // A session without any command has nothing to receive, and that is no error.
    if (options.pipeline === undefined && reasonOf(error) === 'PIPELINE_NOT_FOUND') return exitCodes.ok;
    throw error;
  }
}

function optionsOf(context: Context): ReceiveOptions {
  const reader = context.text('reader') ?? 'owner';
  const pipeline = context.text('pipeline');
  const afterSequence = sequenceOf(context.text('after'));
  return {
    reader,
    acknowledge: reader === 'owner' && !context.has('keep'),
    noFollow: context.has('no-follow'),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(afterSequence === undefined ? {} : { afterSequence }),
  };
}

const largestSequence = 2n ** 63n - 1n;

function sequenceOf(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && BigInt(text) <= largestSequence) return BigInt(text);
  throw new UsageError(`--after needs the number of a record, 0 or more, and got '${text}'`);
}
