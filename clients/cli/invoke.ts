import {
  RunspaceError,
  type InvokeOptions,
  type Pipeline,
  type RunspaceClient,
  type SessionInfo,
} from '../typescript';
import type { Context } from './context';
import { createOptions } from './create-options';
import { exitCodes } from './exit-code';
import { UsageError } from './failure';
import { sessionFlags } from './flags';
import { printOne } from './output/objects';
import { pipelineView } from './output/session-view';
import { quoted } from './resume';
import { scriptOf } from './script';
import { showPipeline } from './show-pipeline';

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
  const [session] = context.positionals;
  checkFlags(context, session);
  const plan: Plan = { session, script: scriptOf(context), options: optionsOf(context, session) };
  using client = await context.connect();
  if (session === undefined) await fitDefault(context, client);
  return context.has('detach') ? await detach(context, client, plan) : await show(context, client, plan);
}

function checkFlags(context: Context, session: string | undefined): void {
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
  return {
    arguments: context
      .given('arg', 'args-json')
      .flatMap(({ name, value }) => (name === 'arg' ? [value] : parsedList(value))),
    newScope: session === undefined && !context.has('no-new-scope'),
    noWait: context.has('no-wait'),
    takeOver: context.has('take-over'),
    acknowledge: true,
    ...(runTimeoutMs === undefined ? {} : { runTimeoutMs }),
    ...(outputTimeoutMs === undefined ? {} : { outputTimeoutMs }),
  };
}

function parsedList(json: string): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(json);
    if (Array.isArray(list)) return list;
  } catch {
    // Reported below, together with JSON that is no list.
  }
  throw new UsageError(`--args-json needs a JSON list such as '[1,true,null]', and got '${json}'`);
}

function show(context: Context, client: RunspaceClient, { session, script, options }: Plan): Promise<number> {
  return showPipeline({
    context,
    client,
    session: session ?? defaultSession,
    onInterrupt: 'stop',
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
    await client.sessions.create({ ...(await createOptions(context)), name: defaultSession });
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
