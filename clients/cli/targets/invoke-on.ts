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
import { exitCodeOfReason, exitCodes } from '../exit-code';
import { UsageError } from '../failure';
import { hostCallsOf } from '../host-calls';
import { openSession } from '../open-session';
import type { SavedStreams } from '../saved-streams';
import { showPipeline } from '../show-pipeline';
import { startAsJob } from './as-job';
import type { FanTarget } from './fan';
import { runFanOut } from './fan-out';
import { itemsOf } from './lists';
import { keptFlags } from './last-run';
import type { Place, Where } from './resolve';
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
  if (context.has('detach') && where.is !== 'sessions')
    throw new UsageError(
      '--detach is not valid here: the session is closed with the command; make one with runspace new, and start the command in it',
    );
  if (context.has('in-disconnected-session')) return startDisconnected(invocation, placesIn(where), throttle);
  const [only, second] = where.is === 'places' ? where.places : [];
  const isJob = context.has('as-job') || context.has('job-name');
  const isOne = only !== undefined && second === undefined && !context.has('gather');
  if (isOne && !isJob) return inOne(only, invocation);
  const { targets, missing } = await targetsOf(where, invocation, isJob ? 'job' : 'run');
  if (isJob && targets.length > 0) return startAsJob(invocation, { targets, throttle });
  // Laid out by an engine there is no room for the target's name.
  const { display: _display, ...options } = invocation.options;
  return runFanOut({ ...invocation, options, targets, missing, throttle });
}

/** Where a command can be started that nobody follows. */
function placesIn(where: Exclude<Where, { is: 'own' }>): readonly Place[] {
  const parts = where.is === 'mix' ? where.parts : [where];
  return parts.flatMap((part) => {
    if (part.is === 'places') return part.places;
    throw new UsageError(
      `--in-disconnected-session makes sessions, and '${part.references.join(', ')}' is one: start the command there with --detach`,
      'INVALID_ARGUMENT',
      { metadata: { fully_qualified_id: 'AmbiguousParameterSet' } },
    );
  });
}

interface FanTargets {
  readonly targets: readonly FanTarget[];
  readonly missing: readonly string[];
}

async function targetsOf(
  where: Exclude<Where, { is: 'own' }>,
  invocation: Invocation,
  what: 'run' | 'job',
): Promise<FanTargets> {
  const targets: FanTarget[] = [];
  const missing: string[] = [];
  for (const part of where.is === 'mix' ? where.parts : [where]) {
    if (part.is === 'places') {
      targets.push(...part.places.map((place) => placeTarget(place, what)));
      continue;
    }
    const found = await sessionTargets(invocation, part.references);
    targets.push(...found.targets);
    missing.push(...found.missing);
  }
  return { targets, missing };
}

/** What a job makes is ended by the daemon, and not a minute after this program has left. */
function placeTarget(place: Place, what: 'run' | 'job'): FanTarget {
  const { target, context } = place;
  return {
    name: nameOf(target),
    origin: { is: 'place', target, flags: keptFlags(context) },
    create: () => (what === 'job' ? lasting(place) : temporary(place)),
  };
}

/** One target is shown as a session would be: it can ask, and be left and stopped. */
async function inOne(place: Place, invocation: Invocation): Promise<number> {
  const { context, client, script, options, saved } = invocation;
  const session = await openSession(context, client, await temporary(place));
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
): Promise<FanTargets> {
  const found = new Map<string, SessionInfo>();
  const missing: string[] = [];
  for (const reference of itemsOf(references, 'session')) {
    try {
      for (const info of await client.sessions.list({ sessions: [reference] })) found.set(info.id, info);
    } catch (error) {
      // Where the daemon itself can't be asked, no name is at fault.
      if (!(error instanceof RunspaceError) || exitCodeOfReason(error.reason) === exitCodes.daemon)
        throw error;
      missing.push(reference);
      await context.terminal.note(`runspace: ${error.message}\n`);
    }
  }
  const targets: FanTarget[] = [];
  for (const { id, name, state, problem } of found.values()) {
    if (state !== SessionState.SESSION_STATE_BROKEN) {
      targets.push({ session: id, name, origin: { is: 'session', id } });
      continue;
    }
    missing.push(name);
    await context.terminal.note(`runspace: session '${name}' is broken: ${problem?.message ?? ''}\n`);
  }
  if (targets.length === 0 && missing.length === 0)
    await context.terminal.note(`runspace: no session is left that ${references.join(', ')} means\n`);
  return { targets, missing };
}

/** What a session is made with that outlives this program. */
async function lasting({ target, context, credential }: Place): Promise<CreateOptions> {
  const options = await createOptions(context, target);
  return { ...options, target, ...(credential === undefined ? {} : { credential }) };
}

function nameOf(target: Target): string {
  switch (target.is) {
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
