import type { Command } from '../command';
import { UsageError } from '../failure';

/** What can be done with jobs. */
const jobActions = ['list', 'show', 'receive', 'wait', 'watch', 'stop', 'remove'] as const;

const otherNames: Readonly<Record<string, (typeof jobActions)[number]>> = { ls: 'list', rm: 'remove' };

/** Shows, reads and ends jobs. */
export const job: Command = {
  name: 'job',
  aliases: ['gjb'],
  summary: 'list, show, receive, wait for, watch, stop or remove jobs',
  details: `Actions
  list [JOB…]    the jobs, by number, name or pattern (ls); --state, --command, --has-more-data, --newest and
                 --child-job-state choose among them, --include-child-job shows their children
  show JOB       one with its children
  receive JOB    what it wrote and nobody has received yet; --keep leaves it new, --wait follows it to its end,
                 --location and --session choose among its targets, --stream among its streams, --gather and --diff fold
                 what is the same
  wait JOB…      until all are over, or --any; --timeout gives up before, exit code 124
  watch [JOB…]   each job as it is, and every change, until Ctrl-C
  stop JOB…      stop what has not ended
  remove JOB…    forget it; --force stops it first (rm)

stop and remove only say what they would do with --what-if.

A job is started by runspace invoke --as-job. JOB is its number, name or id, or a child's number or name.`,
  examples: [
    "runspace invoke --session 'web*' --as-job -- uptime",
    'runspace job ls --state running --newest 5',
    'runspace job receive Job1 --wait --auto-remove-job',
    'runspace job rm Job1 --force',
  ],
  flags: [
    'state',
    'command',
    'has-more-data',
    'newest',
    'include-child-job',
    'child-job-state',
    'keep',
    'wait',
    'location',
    'session',
    'stream',
    'gather',
    'diff',
    'no-recurse',
    'auto-remove-job',
    'write-events',
    'write-job-in-results',
    'any',
    'timeout',
    'force',
    'what-if',
    'hide-computer-name',
    'output',
  ],
  positionals: [
    {
      name: 'action',
      presence: 'required',
      completion: { is: 'values', values: jobActions },
    },
    { name: 'job', presence: 'many' },
  ],
  run: async (context) => {
    const [word = '', ...jobs] = context.positionals;
    const lower = word.toLowerCase();
    const action = jobActions.find((known) => known === lower) ?? otherNames[lower];
    if (action === undefined)
      throw new UsageError(`there is no action '${word}'; there are: ${jobActions.join(', ')}`);
    if (action !== 'list' && action !== 'watch' && jobs.length === 0)
      throw new UsageError(`runspace job ${action} needs a job`);
    const { runJob } = await import('../jobs');
    return runJob(context, action, jobs);
  },
};
