import type { JobInfo, ReceiveOptions, RunspaceClient, SessionInfo } from '../../typescript';
import type { Context } from '../context';
import { exitCodes } from '../exit-code';
import { UsageError } from '../failure';
import { jobView } from '../output/job-view';
import { printOne } from '../output/objects';

/**
 * The job that output goes into, in place of being shown here (Receive-PSSession -OutTarget); undefined: it is shown. The
 * job that started the command is used again; without --out-target its commands go there too. A job takes a command up
 * where its reader is, and goes on by itself.
 */
export async function jobFor(
  context: Context,
  client: RunspaceClient,
  {
    sessions,
    options,
  }: { readonly sessions: readonly (SessionInfo | string)[]; readonly options: ReceiveOptions },
): Promise<JobInfo | undefined> {
  const target = outTargetOf(context);
  const isPlain =
    options.afterSequence === undefined && options.pipeline === undefined && options.reader === 'owner';
  if (target === 'host' || (target === undefined && !isPlain)) return undefined;
  const commands: { readonly session: string; readonly pipeline: string }[] = [];
  for (const session of sessions) {
    const reference = typeof session === 'string' ? session : session.id;
    const all = await client.pipelines.list(reference);
    const wanted =
      options.pipeline === undefined
        ? (all.find(
            ({ lastSequence, acknowledgedSequence, endTime }) =>
              endTime === undefined || acknowledgedSequence < lastSequence,
          ) ?? all.at(-1))
        : await client.pipelines.get(reference, options.pipeline);
    if (wanted !== undefined) commands.push({ session: wanted.sessionId, pipeline: wanted.id });
  }
  if (commands.length === 0) return undefined;
  const ids = commands.map(({ pipeline }) => pipeline);
  const jobs = await client.jobs.list({ includeChildren: true });
  const before = jobs.findLast(({ children }) =>
    ids.every((id) => children.some(({ pipelineId }) => pipelineId === id)),
  );
  if (before !== undefined || target === undefined) return before;
  return client.jobs.start({
    targets: commands.map((attached) => ({ attached })),
    name: context.text('job-name') ?? '',
  });
}

/** Prints the job that output goes into. */
export async function showJob(context: Context, job: JobInfo): Promise<number> {
  await printOne(context, job, { view: jobView, own: 'table' });
  return exitCodes.ok;
}

function outTargetOf(context: Context): 'host' | 'job' | undefined {
  const text = context.text('out-target')?.toLowerCase();
  if (text === undefined || text === 'host' || text === 'job') return text;
  throw new UsageError(`--out-target is host or job, and got '${text}'`);
}
