import type { JobTarget, Pipeline } from '../../typescript';
import { jobView } from '../output/job-view';
import { printOne } from '../output/objects';
import type { FanOut, FanTarget } from './fan';

/** A command that runs in a session and is left by this program. */
export interface Left {
  readonly session: string;
  readonly pipeline: Pipeline;
  /** The session was made for it. */
  readonly isMade: boolean;
  /** Number of its last record that was shown. */
  shown: bigint;
}

/**
 * Hands a run over to a job of the daemon: it takes up the commands that run, begins those that have not begun, and ends
 * the sessions that were made for them. What was shown already is not new in the job.
 */
export async function goOnAsJob(
  { context, client, script, options, throttle }: FanOut,
  { running, rest }: { readonly running: readonly Left[]; readonly rest: readonly FanTarget[] },
): Promise<void> {
  const taken: JobTarget[] = [];
  for (const { session, pipeline, isMade, shown } of running) {
    await pipeline.started; // Whether it began is known only then, and it must not be begun twice.
    if (pipeline.id === undefined) continue;
    if (shown > 0n) await pipeline.acknowledge(shown);
    taken.push({ attached: { session, pipeline: pipeline.id, endSession: isMade } });
  }
  const later: JobTarget[] = [];
  for (const { session, create } of rest)
    later.push(create === undefined ? { session: session ?? '' } : { create: await create() });
  const job = await client.jobs.start({
    ...options,
    command: script,
    targets: [...taken, ...later],
    throttleLimit: throttle,
  });
  await printOne(context, job, { view: jobView, own: 'table' });
  await context.terminal.note(
    `runspace: it goes on as a job; to go on reading: runspace job receive ${job.name} --wait\n`,
  );
}
