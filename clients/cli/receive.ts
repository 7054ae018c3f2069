import type { ReceiveOptions, RunspaceClient, SessionInfo } from '../typescript';
import type { Context } from './context';
import { exitCodes } from './exit-code';
import { UsageError } from './failure';
import { warnOfFixedOptions } from './fixed-options';
import { hostCallsOf } from './host-calls';
import { reasonOf } from './report';
import { SavedStreams } from './saved-streams';
import { formatOption, showPipeline } from './show-pipeline';
import { atTargets } from './targets/at-targets';
import { runFanOut } from './targets/fan-out';
import { jobFor, showJob } from './targets/receive-job';
import { itemsOf } from './targets/lists';

/** Runs `runspace receive`. */
export async function runReceive(context: Context): Promise<number> {
  const [session] = context.positionals;
  const options = { ...optionsOf(context), ...(await formatOption(context)) };
  await warnOfFixedOptions(context);
  const isMany = context.given('session', 'computer-name', 'host-name', 'container-id').length > 0;
  if (session === undefined && !isMany)
    throw new UsageError(
      'runspace receive needs a session, or targets whose sessions are meant; see: runspace receive --help',
    );
  if (session !== undefined && isMany)
    throw new UsageError('the session is named twice: by a word and by a flag');
  using client = await context.connect();
  const found = session === undefined ? await meantSessions(context, client) : undefined;
  const into = await jobFor(context, client, { sessions: found ?? [session ?? ''], options });
  if (into !== undefined) return await showJob(context, into);
  if (found !== undefined) return await receiveMany(context, client, { sessions: found, options });
  try {
    return await showPipeline({
      context,
      client,
      session: session ?? '',
      onInterrupt: 'leave',
      unattended: hostCallsOf(context) ?? 'leave',
      open: async (signal) => client.pipelines.receive(session ?? '', { ...options, signal }),
    });
  } catch (error) {
    // A session without any command has nothing to receive, and that is no error.
    if (options.pipeline === undefined && reasonOf(error) === 'PIPELINE_NOT_FOUND') return exitCodes.ok;
    throw error;
  }
}

/** The sessions at the targets, or those that are named, in which a command was started. */
async function meantSessions(context: Context, client: RunspaceClient): Promise<readonly SessionInfo[]> {
  const references = context.has('session') ? itemsOf(context.texts('session'), 'session') : [];
  const all = atTargets(context, await client.sessions.list({ sessions: references }));
  if (all.length === 0) await context.terminal.note('runspace: no session is there that is meant\n');
  const withCommands: SessionInfo[] = [];
  for (const info of all) if ((await client.pipelines.list(info.id)).length > 0) withCommands.push(info);
  if (all.length === 0) throw new UsageError('nothing can be received', 'SESSION_NOT_FOUND');
  return withCommands;
}

/** What the sessions have written: each one's oldest unread command. */
async function receiveMany(
  context: Context,
  client: RunspaceClient,
  { sessions, options }: { readonly sessions: readonly SessionInfo[]; readonly options: ReceiveOptions },
): Promise<number> {
  if (sessions.length === 0) return exitCodes.ok;
  using saved = new SavedStreams(context);
  const isByName = context.has('session');
  return await runFanOut({
    context,
    client,
    saved,
    script: '',
    options: {},
    throttle: sessions.length,
    missing: [],
    targets: sessions.map(({ id, name, target }) => ({ session: id, name: isByName ? name : target })),
    open: (id: string, signal: AbortSignal) => client.pipelines.receive(id, { ...options, signal }),
  });
}

function optionsOf(context: Context): ReceiveOptions {
  const reader = context.text('reader') ?? 'owner';
  const pipeline = context.text('pipeline');
  const afterSequence = sequenceOf(context.text('after'));
  return {
    reader,
    acknowledge: reader === 'owner' && !context.has('keep'),
    noFollow: context.has('no-follow'),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(afterSequence === undefined ? {} : { afterSequence }),
  };
}

const largestSequence = 2n ** 63n - 1n;

function sequenceOf(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && BigInt(text) <= largestSequence) return BigInt(text);
  throw new UsageError(`--after needs the number of a record, 0 or more, and got '${text}'`);
}
