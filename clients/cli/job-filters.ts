import { JobState, Stream, type ListJobsOptions } from '../typescript';
import type { Context } from './context';
import { UsageError } from './failure';
import { jobStates } from './flags';

/** What a line says of the jobs it wants to see (PowerShell's Get-Job). Throws UsageError for what is no state, number or boolean. */
export function listOptions(context: Context): Omit<ListJobsOptions, 'jobs'> {
  const command = context.text('command');
  const newest = context.text('newest');
  const more = context.text('has-more-data');
  const childState = context.text('child-job-state');
  return {
    states: context.texts('state').map(toJobState),
    includeChildren: context.has('include-child-job'),
    ...(command === undefined ? {} : { command }),
    ...(newest === undefined ? {} : { newest: toCount(newest) }),
    ...(more === undefined ? {} : { hasMoreData: toBoolean(more) }),
    ...(childState === undefined ? {} : { childState: toJobState(childState) }),
  };
}

/** `NotStarted`, `not-started` and `notstarted` are the same. */
function toJobState(text: string): JobState {
  const plain = (name: string): string => name.replaceAll(/[_-]/g, '').toLowerCase();
  const known = jobStates.find((state) => state === plain(text));
  const found = Object.values(JobState).find((state) => plain(state) === `jobstate${known ?? ''}`);
  if (known !== undefined && found !== undefined) return found;
  throw new UsageError(`there is no job state '${text}'; there are: ${jobStates.join(', ')}`);
}

function toCount(text: string): number {
  const count = Number(text);
  const most = 2_147_483_647;
  if (Number.isInteger(count) && count >= 1 && count <= most) return count;
  throw new UsageError(`--newest must be a number from 1 on, and got '${text}'`);
}

function toBoolean(text: string): boolean {
  const lower = text.replace(/^\$/, '').toLowerCase();
  if (lower === 'true' || lower === 'false') return lower === 'true';
  throw new UsageError(`--has-more-data takes true or false, and got '${text}'`);
}

/** A stream by its name. Throws UsageError for what is none. */
export function toStream(text: string): Stream {
  const found = streams[text.toLowerCase()];
  if (found !== undefined) return found;
  throw new UsageError(`there is no stream '${text}'; there are: ${Object.keys(streams).join(', ')}`);
}

const streams: Readonly<Record<string, Stream>> = {
  output: Stream.STREAM_OUTPUT,
  error: Stream.STREAM_ERROR,
  warning: Stream.STREAM_WARNING,
  verbose: Stream.STREAM_VERBOSE,
  debug: Stream.STREAM_DEBUG,
  information: Stream.STREAM_INFORMATION,
  progress: Stream.STREAM_PROGRESS,
};
