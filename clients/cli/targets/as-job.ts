import type { JobTarget } from '../../typescript';
import { exitCodes } from '../exit-code';
import { UsageError } from '../failure';
import { jobView } from '../output/job-view';
import { printOne } from '../output/objects';
import type { FanOut, FanTarget } from './fan';
import { keepLastRun } from './last-run';

/** Starts a job of the daemon in place of a fan-out of this program, and shows it. Its input is read to its end first. */
export async function startAsJob(
  { context, client, script, options }: Pick<FanOut, 'context' | 'client' | 'script' | 'options'>,
  { targets, throttle }: { readonly targets: FanOut['targets']; readonly throttle: number },
): Promise<number> {
  const [lasting] = context.given('save', 'detach');
  if (lasting !== undefined)
    throw new UsageError(
      `--${lasting.name} is not valid together with --as-job: this program leaves at once`,
    );
  const totalMs = context.duration('total-timeout');
  const jobTargets: JobTarget[] = [];
  for (const target of targets) jobTargets.push(await jobTarget(target));
  const job = await client.jobs.start({
    ...options,
    command: script,
    targets: jobTargets,
    name: context.text('job-name') ?? '',
    throttleLimit: throttle,
    ...(totalMs === undefined ? {} : { timeoutMs: totalMs }),
  });
  await printOne(context, job, { view: jobView, own: 'table' });
  const kept = targets.flatMap(({ name, origin }) => (origin === undefined ? [] : [{ name, origin }]));
  // Only where each child of the job is one of them can a later run tell how it went.
  if (kept.length === targets.length) await keepLastRun(context, { targets: kept, job: job.id });
  return exitCodes.ok;
}

async function jobTarget({ session, create }: FanTarget): Promise<JobTarget> {
  return create === undefined ? { session: session ?? '' } : { create: await create() };
}
