import {
  RunspaceError,
  SessionState,
  type CreateOptions,
  type InvokeOptions,
  type RunspaceClient,
  type SessionInfo,
  type Target,
} from '../../typescript';
import type { Context } from '../context';
import { createOptions, warnOfOptions } from '../create-options';
import { UsageError } from '../failure';
import { hostCallsOf } from '../host-calls';
import { openSession } from '../open-session';
import type { SavedStreams } from '../saved-streams';
import { showPipeline } from '../show-pipeline';
import { startAsJob } from './as-job';
import { runFanOut, type FanTarget } from './fan-out';
import { itemsOf } from './lists';
import type { Where } from './resolve';
import { startDisconnected } from './start-disconnected';
import { temporary } from './temporary';

/** A command that runs elsewhere than in one named session. */
export interface Invocation {
  readonly context: Context;
  readonly client: RunspaceClient;
  readonly script: string;
  readonly options: InvokeOptions;
  readonly saved: SavedStreams;
}

const usualThrottle = 32;

/** Runs the command where it is to run: in sessions made for it, or in those that are meant. The exit code. */
export async function invokeOn(
  where: Exclude<Where, { is: 'own' }>,
  invocation: Invocation,
): Promise<number> {
  const { context } = invocation;
  const throttle = throttleOf(context);
  const isJob = context.has('as-job') || context.has('job-name');
  const [lasting] = context.given('detach');
  if (lasting !== undefined && where.is === 'places')
    throw new UsageError(
      '--detach is not valid here: the session is closed with the command; make one with runspace new, and start the command in it',
    );
  if (context.has('in-disconnected-session') && where.is === 'places')
    return startDisconnected(invocation, where, throttle);
  if (where.is === 'sessions') {
    const targets = await sessionTargets(invocation, where.references);
    if (isJob && targets.targets.length > 0)
      return startAsJob(invocation, { targets: targets.targets, throttle });
    return runFanOut({ ...invocation, ...targets, throttle, names: 'session' });
  }
  if (isJob) {
    // Not closed after a minute without a client, as what is made for this program alone: the daemon ends it.
    const creates = await Promise.all(
      where.places.map((target) => jobSession(context, target, where.credential)),
    );
    return startAsJob(invocation, { targets: creates, throttle });
  }
  const made = await Promise.all(where.places.map((place) => temporary(context, place, where.credential)));
  const [only, second] = made;
  if (only !== undefined && second === undefined && !context.has('gather')) return inOne(only, invocation);
  const targets = made.map((create, index) => ({ create, name: nameOf(where.places[index]) }));
  return runFanOut({ ...invocation, targets, missing: 0, throttle, names: 'target' });
}

/** One target is shown as a session would be: it can ask, and be left and stopped. */
async function inOne(create: CreateOptions, invocation: Invocation): Promise<number> {
  const { context, client, script, options, saved } = invocation;
  const session = await openSession(context, client, create);
  try {
    await warnOfOptions(context, session.info);
    return await showPipeline({
      context,
      client,
      saved,
      session: session.id,
      onInterrupt: 'stop',
      unattended: hostCallsOf(context) ?? 'leave',
      open: (signal) => Promise.resolve(client.pipelines.invoke(session.id, script, { ...options, signal })),
    });
  } finally {
    await session.remove();
  }
}

/** The sessions that are meant. Those that are named and not there, or are over, are told and counted; the others run. */
async function sessionTargets(
  { context, client }: Invocation,
  references: readonly string[],
): Promise<{ readonly targets: readonly FanTarget[]; readonly missing: number }> {
  const found = new Map<string, SessionInfo>();
  let missing = 0;
  for (const reference of itemsOf(references, 'session')) {
    try {
      for (const info of await client.sessions.list({ sessions: [reference] })) found.set(info.id, info);
    } catch (error) {
      if (!(error instanceof RunspaceError)) throw error;
      missing += 1;
      await context.terminal.note(`runspace: ${error.message}\n`);
    }
  }
  const targets: FanTarget[] = [];
  for (const { id, name, state, problem } of found.values()) {
    if (state !== SessionState.SESSION_STATE_BROKEN) {
      targets.push({ session: id, name });
      continue;
    }
    missing += 1;
    await context.terminal.note(`runspace: session '${name}' is broken: ${problem?.message ?? ''}\n`);
  }
  if (targets.length === 0 && missing === 0)
    await context.terminal.note(`runspace: no session is left that ${references.join(', ')} means\n`);
  return { targets, missing };
}

async function jobSession(
  context: Context,
  target: Target,
  credential: CreateOptions['credential'],
): Promise<FanTarget> {
  const options = await createOptions(context, target);
  const create = { ...options, target, ...(credential === undefined ? {} : { credential }) };
  return { name: nameOf(target), create };
}

function nameOf(target: Target | undefined): string {
  switch (target?.is) {
    case undefined:
      return '';
    case 'ssh':
    case 'daemon':
      return target.displayName ?? target.host;
    case 'container':
      return target.displayName ?? target.container;
  }
}

/** 0 is the usual number, as in PowerShell. */
function throttleOf(context: Context): number {
  const text = context.text('throttle-limit');
  if (text === undefined) return usualThrottle;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 0)
    throw new UsageError(`--throttle-limit must be a whole number from 0, and got '${text}'`);
  return limit === 0 ? usualThrottle : limit;
}
