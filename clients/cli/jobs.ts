import { JobOutcome, type JobInfo, type RunspaceClient, type SessionRecord } from '../typescript';
import type { Context } from './context';
import { listOptions, toStream } from './job-filters';
import { exitCodes } from './exit-code';
import { UsageError } from './failure';
import { Interrupts } from './interrupts';
import { childView, jobView, rowsOf, rowView } from './output/job-view';
import { printMany, printOne } from './output/objects';
import { shownEnum } from './output/session-view';
import { formatOption } from './show-pipeline';
import { itemsOf } from './targets/lists';
import { targetPrinter } from './targets/target-printer';
import { exitCodeOfOutcomes, outcomeOfChild } from './targets/outcomes';
import { watchJobs } from './watch';

/** Runs `runspace job`. */
export async function runJob(
  context: Context,
  action: 'list' | 'show' | 'receive' | 'wait' | 'watch' | 'stop' | 'remove',
  jobs: readonly string[],
): Promise<number> {
  using client = await context.connect();
  switch (action) {
    case 'list':
      return await list(context, client, jobs);
    case 'show':
      return await show(context, client, jobs);
    case 'receive':
      return await receive(context, client, jobs);
    case 'wait':
      return await wait(context, client, jobs);
    case 'watch':
      return await watchJobs(context, client, jobs);
    case 'stop':
      return await endEach(context, client, {
        words: jobs,
        participle: 'stopped',
        end: (job) => client.jobs.stop(job),
      });
    case 'remove':
      return await endEach(context, client, {
        words: jobs,
        participle: 'removed',
        end: (job) => client.jobs.remove(job, { force: context.has('force') }),
      });
  }
}

async function list(context: Context, client: RunspaceClient, jobs: readonly string[]): Promise<number> {
  const found = await client.jobs.list({ jobs, ...listOptions(context) });
  const format = await context.format('table');
  // Every form but these has the children in their job.
  if (format === 'table' || format === 'name')
    await printMany(context, found.flatMap(rowsOf), { view: rowView, own: 'table' });
  else await printMany(context, found, { view: jobView, own: 'table' });
  return exitCodes.ok;
}

async function show(context: Context, client: RunspaceClient, jobs: readonly string[]): Promise<number> {
  for (const name of jobs) {
    const job = await client.jobs.get(name);
    await printOne(context, job, { view: jobView, own: 'table' });
    // Every other form has them in the job.
    if ((await context.format('table')) !== 'table') continue;
    await context.terminal.out('\n');
    await printMany(context, job.children, { view: childView, own: 'table' });
  }
  return exitCodes.ok;
}

async function receive(context: Context, client: RunspaceClient, jobs: readonly string[]): Promise<number> {
  const [early] = context.given('auto-remove-job', 'write-events', 'write-job-in-results');
  if (early !== undefined && !context.has('wait'))
    throw new UsageError(`--${early.name} is valid only together with --wait`);
  const codes: number[] = [];
  for (const name of jobs) codes.push(await receiveOne(context, client, name));
  return Math.max(...codes);
}

/** Shows what a job wrote. Ctrl-C leaves; the job goes on. */
async function receiveOne(context: Context, client: RunspaceClient, name: string): Promise<number> {
  const leaving = new AbortController();
  using _interrupts = new Interrupts(() => {
    leaving.abort();
  });
  const job = await client.jobs.get(name);
  const { children } = job;
  const isChild = children.some((child) => [child.name, child.number.toString()].includes(name));
  // A job of several targets writes nothing itself.
  if (context.has('no-recurse') && !isChild) return exitCodes.ok;
  if (context.has('write-job-in-results')) await printOne(context, job, { view: jobView, own: 'table' });
  const isHidden = context.has('hide-computer-name') || children.length === 1;
  const nameOf = (record: SessionRecord): string => record.PSComputerName;
  const printer = await targetPrinter(context, client, { nameOf, isHidden });
  let last: JobInfo | undefined;
  try {
    const options = {
      wait: context.has('wait'),
      keep: context.has('keep'),
      locations: namesOf(context, 'location'),
      sessions: namesOf(context, 'session'),
      streams: context.texts('stream').map(toStream),
      writeEvents: context.has('write-events'),
      signal: leaving.signal,
      ...(await formatOption(context)),
    };
    for await (const event of client.jobs.receive(name, options)) {
      if (event.is === 'records') await printer.show(event.records);
      else last = await told(context, event.job);
    }
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
  }
  await printer.finish();
  if (leaving.signal.aborted) {
    await context.terminal.note(
      `runspace: the job goes on; to go on reading: runspace job receive ${name} --wait\n`,
    );
    return exitCodes.interrupted;
  }
  if (last === undefined) return exitCodes.ok;
  if (context.has('auto-remove-job')) await removeReceived(context, client, last);
  return await conclude(context, last);
}

/** Forgets a job of which nothing is left to receive: --keep, and what chooses among its targets, leave something. */
async function removeReceived(
  context: Context,
  client: RunspaceClient,
  { id, name }: JobInfo,
): Promise<void> {
  const { hasMoreData } = await client.jobs.get(id);
  if (!hasMoreData) await client.jobs.remove(id);
  else
    await context.terminal.note(
      `runspace: job '${name}' stays: it has output that was not received (runspace job receive ${name})\n`,
    );
}

/** A job as it has become, which is said where that was asked for. */
async function told(context: Context, job: JobInfo): Promise<JobInfo> {
  if (context.has('write-events'))
    await context.terminal.note(`runspace: ${job.name}: ${shownEnum(job.state, 'JOB_STATE_')}\n`);
  return job;
}

function namesOf(context: Context, flag: 'location' | 'session'): readonly string[] {
  const texts = context.texts(flag);
  return texts.length === 0 ? [] : itemsOf(texts, flag);
}

/** Says what went wrong where there is no record of it, and how the job went on the whole. */
async function conclude(context: Context, job: JobInfo): Promise<number> {
  for (const { location, outcome, problem } of job.children) {
    const isSilent =
      outcome !== JobOutcome.JOB_OUTCOME_SUCCEEDED && outcome !== JobOutcome.JOB_OUTCOME_FAILED;
    if (problem !== undefined && isSilent)
      await context.terminal.note(`runspace: ${location}: ${problem.reason}: ${problem.message}\n`);
  }
  return exitCodeOfJob(job);
}

function exitCodeOfJob({ children }: JobInfo): number {
  const isOver = children.every(({ outcome }) => outcome !== JobOutcome.JOB_OUTCOME_UNSPECIFIED);
  return isOver ? exitCodeOfOutcomes(children.map(({ outcome }) => outcomeOfChild(outcome))) : exitCodes.ok;
}

async function wait(context: Context, client: RunspaceClient, jobs: readonly string[]): Promise<number> {
  const timeoutMs = context.duration('timeout');
  const over = await client.jobs.wait(jobs, {
    any: context.has('any'),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  await printMany(context, over, { view: jobView, own: 'table' });
  return over.length === 0 && timeoutMs !== undefined ? exitCodes.timedOut : exitCodes.ok;
}

/** Stops or removes jobs; with --what-if it only says which. */
async function endEach(
  context: Context,
  client: RunspaceClient,
  each: {
    readonly words: readonly string[];
    readonly participle: string;
    readonly end: (job: string) => Promise<JobInfo>;
  },
): Promise<number> {
  for (const word of await meant(client, each.words)) {
    if (!context.has('what-if')) await each.end(word);
    else {
      const { name, number } = await client.jobs.get(word);
      const which = `job '${name}' (Id ${number.toString()})`;
      await context.terminal.out(`What if: ${which} would be ${each.participle}\n`);
    }
  }
  return exitCodes.ok;
}

/** The jobs that words mean; a child by its own number stays what it is. */
async function meant(client: RunspaceClient, words: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const word of words) {
    if (/[*?[]/.test(word)) found.push(...(await client.jobs.list({ jobs: [word] })).map(({ id }) => id));
    else found.push(word);
  }
  if (found.length === 0) throw new UsageError(`no job is left that ${words.join(', ')} means`);
  return found;
}
