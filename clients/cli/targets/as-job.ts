import type { JobTarget, StartJobOptions } from '../../typescript';
import { exitCodes } from '../exit-code';
import { UsageError } from '../failure';
import { jobView } from '../output/job-view';
import { printOne } from '../output/objects';
import type { FanOut } from './fan-out';

/** Starts a job of the daemon in place of a fan-out of this program, and shows it. */
export async function startAsJob(
  { context, client, script, options }: Pick<FanOut, 'context' | 'client' | 'script' | 'options'>,
  { targets, throttle }: { readonly targets: FanOut['targets']; readonly throttle: number },
): Promise<number> {
  const [lasting] = context.given('save', 'detach');
  if (lasting !== undefined || options.input !== undefined)
    throw new UsageError(
      `${lasting === undefined ? 'input' : `--${lasting.name}`} is not valid together with --as-job: this program leaves at once`,
    );
  const start: StartJobOptions = {
    ...options,
    command: script,
    targets: targets.map(({ session, create }): JobTarget =>
      create === undefined ? { session: session ?? '' } : { create },
    ),
    name: context.text('job-name') ?? '',
    throttleLimit: throttle,
  };
  await printOne(context, await client.jobs.start(start), { view: jobView, own: 'table' });
  return exitCodes.ok;
}
