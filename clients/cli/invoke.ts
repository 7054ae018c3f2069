import {
  RunspaceError,
  type InvokeOptions,
  type Pipeline,
  type RunspaceClient,
  type SessionInfo,
} from '../typescript';
import { commandInput } from './command-input';
import { commandOptions } from './command-options';
import type { Context } from './context';
import { createOptions, warnOfOptions } from './create-options';
import { exitCodes } from './exit-code';
import { UsageError } from './failure';
import { hostCallPolicy, hostCallsOf } from './host-calls';
import { selectingFlags, sessionFlags } from './flag-groups';
import { printOne } from './output/objects';
import { pipelineView } from './output/session-view';
import { quoted } from './resume';
import { SavedStreams } from './saved-streams';
import { secretArguments } from './secret-arguments';
import { scriptOf } from './script';
import { displayOption, formatOption, showPipeline } from './show-pipeline';
import { invokeOn } from './targets/invoke-on';
import { resolveWhere } from './targets/resolve';

/** The session of those who name none. */
const defaultSession = 'default';

/** What to run, and where; undefined is the caller's own session. */
interface Plan {
  readonly session: string | undefined;
  readonly script: string;
  readonly options: InvokeOptions;
}

/** Runs `runspace invoke`. Everything on the command line is checked before the daemon hears of it. */
export async function runInvoke(context: Context): Promise<number> {
  const { session, script } = wordsOf(context);
  checkFlags(context, session);
  const where = await resolveWhere(context, session);
  const leaves = context.has('detach') || context.has('in-disconnected-session');
  const input = leaves ? undefined : commandInput(context, script);
  const plain = optionsOf(context, session);
  const options = {
    ...plain,
    ...(await formatOption(context)),
    ...(await displayOption(context)),
    namedArguments: { ...plain.namedArguments, ...(await secretArguments(context)) },
    ...(input === undefined ? {} : { input }),
  };
  const plan: Plan = { session, script, options };
  using saved = new SavedStreams(context);
  using client = await context.connect();
  if (where.is === 'places' || where.is === 'mix' || (where.is === 'sessions' && session === undefined))
    return await invokeOn(where, { ...plan, context, client, saved });
  if (session === undefined) await fitDefault(context, client);
  // Input can be read once only, so the session must be there before.
  if (session === undefined && input !== undefined && (await existingDefault(client)) === undefined)
    await createDefault(context, client);
  return context.has('detach')
    ? await detach(context, client, plan)
    : await show(context, client, { ...plan, saved });
}

/** The session and the script that words name: where a flag says where, the first word is the script. */
function wordsOf(context: Context): { readonly session: string | undefined; readonly script: string } {
  const [first, second] = context.positionals;
  if (context.given(...selectingFlags).length === 0) return { session: first, script: scriptOf(context) };
  if (second !== undefined)
    throw new UsageError(`there is one word too many, '${second}': a flag says where the script runs`);
  return { session: undefined, script: scriptOf(context, first) };
}

function checkFlags(context: Context, session: string | undefined): void {
  const [lasting] = context.given('save', 'input-format', 'input-object-json');
  if (context.has('detach') && lasting !== undefined)
    throw new UsageError(
      `--${lasting.name} is not valid together with --detach: this program leaves at once`,
    );
  if (session === undefined) return;
  if (context.has('no-new-scope')) {
    throw new UsageError(
      `--no-new-scope is not valid together with a session: commands in '${session}' keep their variables anyway`,
    );
  }
  const [making] = context.given(...sessionFlags);
  if (making === undefined) return;
  const message = `--${making.name} is not valid together with a session: it is for making one, as in runspace new ${session} --${making.name} …`;
  throw new UsageError(message, 'INVALID_ARGUMENT', {
    metadata: { fully_qualified_id: 'AmbiguousParameterSet' },
  });
}

function optionsOf(context: Context, session: string | undefined): InvokeOptions {
  const runTimeoutMs = context.duration('timeout');
  const outputTimeoutMs = context.duration('output-timeout');
  const hostCalls = hostCallPolicy(context);
  const terminal = context.terminal.size;
  // Only the caller's own session that nobody named runs commands in scopes of their own.
  const isOwn = session === undefined && context.given(...selectingFlags).length === 0;
  return {
    ...commandOptions(context),
    newScope: isOwn && !context.has('no-new-scope'),
    noWait: context.has('no-wait'),
    takeOver: context.has('take-over'),
    acknowledge: true,
    ...(hostCalls === undefined ? {} : { hostCalls }),
    ...(terminal === undefined ? {} : { terminal }),
    ...(runTimeoutMs === undefined ? {} : { runTimeoutMs }),
    ...(outputTimeoutMs === undefined ? {} : { outputTimeoutMs }),
  };
}

function show(
  context: Context,
  client: RunspaceClient,
  { session, script, options, saved }: Plan & { readonly saved: SavedStreams },
): Promise<number> {
  return showPipeline({
    context,
    client,
    saved,
    session: session ?? defaultSession,
    onInterrupt: 'stop',
    unattended: hostCallsOf(context) ?? 'leave',
    open: async (signal) => {
      const invoke = (): Pipeline =>
        client.pipelines.invoke(session ?? defaultSession, script, { ...options, signal });
      const pipeline = invoke();
      if (session !== undefined || (await isThere(pipeline.started))) return pipeline;
      await createDefault(context, client);
      return invoke();
    },
  });
}

async function detach(
  context: Context,
  client: RunspaceClient,
  { session, script, options }: Plan,
): Promise<number> {
  const start = () => client.pipelines.start(session ?? defaultSession, script, options);
  let started = start();
  if (session === undefined && !(await isThere(started))) {
    await createDefault(context, client);
    started = start();
  }
  const pipeline = await started;
  await printOne(context, pipeline, { view: pipelineView, own: 'name' });
  const receive = `runspace receive ${quoted(session ?? defaultSession)} --pipeline ${pipeline.id}`;
  await context.terminal.note(`runspace: it runs; to read what it writes: ${receive}\n`);
  return exitCodes.ok;
}

/** Whether the session was there; any other failure shows itself where the call is used. */
async function isThere(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    return !isMissing(error);
  }
}

function isMissing(error: unknown): boolean {
  return (
    error instanceof RunspaceError && (error.reason === 'SESSION_NOT_FOUND' || error.reason === 'EXPIRED')
  );
}

/** Two first uses at once make one session. */
async function createDefault(context: Context, client: RunspaceClient): Promise<void> {
  try {
    const options = { ...(await createOptions(context)), name: defaultSession };
    await warnOfOptions(context, (await client.sessions.create(options)).info);
  } catch (error) {
    if (!(error instanceof RunspaceError && error.reason === 'SESSION_NAME_TAKEN')) throw error;
  }
}

/** Flags for making a session must not be passed over in silence when it is there already. */
async function fitDefault(context: Context, client: RunspaceClient): Promise<void> {
  const given = context.given(...sessionFlags);
  if (given.length === 0) return;
  const session = await existingDefault(client);
  if (session === undefined) return;
  const engine = context.text('engine');
  if (engine !== undefined && engine.toLowerCase() !== session.engine) {
    throw new UsageError(
      `your session '${defaultSession}' is a ${session.engine} session: make one with runspace new NAME --engine ${engine}, or end it with runspace rm ${defaultSession}`,
    );
  }
  const names = [...new Set(given.map(({ name }) => name))].filter((name) => name !== 'engine');
  const shown = names.map((name) => `--${name}`).join(', ');
  if (names.length === 0) return;
  await context.terminal.note(
    `runspace: warning: OPTION_HAS_NO_EFFECT: your session '${defaultSession}' is there already, so ${shown} means nothing\n`,
  );
}

async function existingDefault(client: RunspaceClient): Promise<SessionInfo | undefined> {
  try {
    return (await client.sessions.get(defaultSession)).info;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
