import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JobOutcome, type Target } from '../../typescript';
import type { Context } from '../context';
import { systemCode, UsageError } from '../failure';
import { sessionFlags } from '../flag-groups';
import type { GivenFlag } from '../words';
import type { MixedItem } from './mixed-item';
import { outcomeOfChild, outcomes, type Outcome } from './outcomes';

/** Where a target of a run was: a session by its id, or a place and the flags that its session was made by. */
export type Origin =
  | { readonly is: 'session'; readonly id: string }
  | { readonly is: 'place'; readonly target: Target; readonly flags: readonly GivenFlag[] };

/** One target of the last run on several. */
interface LastTarget {
  readonly name: string;
  readonly origin: Origin;
  /** Left out where a job knows it. */
  readonly outcome?: Outcome;
}

/** The last run on several targets; without scripts, variables and credentials. */
interface LastRun {
  readonly targets: readonly LastTarget[];
  /** The job that it was; its children are the targets. */
  readonly job?: string;
}

/** The flags of a line that are worth keeping: variables may hold secrets. */
export function keptFlags(context: Context): readonly GivenFlag[] {
  return context.given(
    ...sessionFlags.filter((name) => name !== 'env'),
    'credential',
    'token-file',
    'password-file',
  );
}

/** Keeps a run for `--targets @last`, readable by its owner only; without a state folder of this machine nothing is kept. */
export async function keepLastRun(context: Context, run: LastRun): Promise<void> {
  const folder = await context.stateFolder();
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, fileName);
  const fresh = `${path}.${String(process.pid)}`;
  writeFileSync(fresh, JSON.stringify(run), { mode: 0o600 });
  renameSync(fresh, path);
}

const fileName = 'last-run.json';

/**
 * The targets of the last run: all of them, those that ended in one way (`timed-out`), or with `failed` those that did not
 * succeed, whyever. Throws UsageError where there was no such run, or it has none.
 */
export async function lastTargets(
  context: Context,
  which: string | undefined,
): Promise<readonly MixedItem[]> {
  const wanted = which === undefined ? undefined : toWanted(which);
  const run = await readLastRun(context);
  const ended = run.job === undefined ? undefined : await outcomesOfJob(context, run.job);
  const found = run.targets.filter(({ outcome }, index) => {
    const how = ended === undefined ? outcome : ended[index];
    return wanted === undefined || (how !== undefined && wanted(how));
  });
  if (found.length === 0)
    throw new UsageError(
      `the last run had no target that is meant by @last${which === undefined ? '' : `:${which}`}`,
    );
  return found.map(({ origin }) => itemOf(origin, context));
}

function itemOf(origin: Origin, { environment, flags }: Context): MixedItem {
  if (origin.is === 'session') return { is: 'line', flags: [{ name: 'session', value: origin.id }] };
  const { target } = origin;
  const agentSocket = environment['SSH_AUTH_SOCK'];
  return {
    is: 'place',
    target: target.is === 'ssh' && agentSocket !== undefined ? { ...target, agentSocket } : target,
    // What the line gives now wins over what the last one gave.
    flags: origin.flags.filter(({ name }) => !flags.some((flag) => flag.name === name)),
  };
}

function toWanted(which: string): (outcome: Outcome) => boolean {
  const plain = (text: string): string => text.replaceAll(/[-_ ]/g, '').toLowerCase();
  if (plain(which) === 'failed') return (outcome) => outcome !== 'succeeded';
  const one = outcomes.find((outcome) => plain(outcome) === plain(which));
  if (one !== undefined) return (outcome) => outcome === one;
  throw new UsageError(
    `@last:${which}: there is no such outcome; there are failed (all that did not succeed), ${outcomes.filter((outcome) => outcome !== 'failed').join(', ')}`,
  );
}

async function outcomesOfJob(context: Context, job: string): Promise<readonly (Outcome | undefined)[]> {
  using client = await context.connect();
  const { children } = await client.jobs.get(job);
  return children.map(({ outcome }) =>
    outcome === JobOutcome.JOB_OUTCOME_UNSPECIFIED ? undefined : outcomeOfChild(outcome),
  );
}

async function readLastRun(context: Context): Promise<LastRun> {
  const folder = await context.stateFolder();
  try {
    if (folder !== undefined) return JSON.parse(readFileSync(join(folder, fileName), 'utf8')) as LastRun;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  throw new UsageError('@last: no run on several targets is remembered here');
}
