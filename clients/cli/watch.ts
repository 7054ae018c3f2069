import type { JobInfo, Json, RunspaceClient, SessionInfo } from '../typescript';
import type { Context } from './context';
import { exitCodes } from './exit-code';
import type { OutputFormat } from './flags';
import { Interrupts } from './interrupts';
import { jobView } from './output/job-view';
import { toYaml, type View } from './output/objects';
import { sessionView } from './output/session-view';

/** What is told of a thing that is watched: how it is now, that all were told once, or that it is gone. */
type Told<Thing> =
  | { readonly is: 'thing'; readonly thing: Thing }
  | { readonly is: 'ready' }
  | { readonly is: 'removed'; readonly id: string };

/** What is watched: its name in JSON, and how it is shown. */
interface Watched<Thing> {
  readonly kind: 'session' | 'job';
  readonly view: View<Thing>;
}

/** Runs `runspace watch`. */
export async function runWatch(context: Context): Promise<number> {
  using client = await context.connect();
  const sessions = async function* (signal: AbortSignal): AsyncGenerator<Told<SessionInfo>> {
    for await (const event of client.sessions.watch({ sessions: context.positionals, signal })) {
      if (event.is === 'session') yield { is: 'thing', thing: event.session };
      else yield event.is === 'ready' ? event : { is: 'removed', id: event.sessionId };
    }
  };
  return await show(context, { kind: 'session', view: sessionView }, sessions);
}

/** Runs `runspace job watch`. */
export async function watchJobs(
  context: Context,
  client: RunspaceClient,
  jobs: readonly string[],
): Promise<number> {
  const changes = async function* (signal: AbortSignal): AsyncGenerator<Told<JobInfo>> {
    for await (const event of client.jobs.watch({ jobs, signal })) {
      if (event.is === 'job') yield { is: 'thing', thing: event.job };
      else yield event.is === 'ready' ? event : { is: 'removed', id: event.jobId };
    }
  };
  return await show(context, { kind: 'job', view: jobView }, changes);
}

/** Shows each change until Ctrl-C. */
async function show<Thing>(
  context: Context,
  watched: Watched<Thing>,
  changes: (signal: AbortSignal) => AsyncIterable<Told<Thing>>,
): Promise<number> {
  const format = await context.format('table');
  const leave = new AbortController();
  using _interrupts = new Interrupts(() => {
    leave.abort();
  });
  try {
    for await (const told of changes(leave.signal))
      await context.terminal.out(await textOf(told, watched, format));
  } catch (error) {
    if (!leave.signal.aborted) throw error;
  }
  return exitCodes.interrupted;
}

async function textOf<Thing>(
  told: Told<Thing>,
  watched: Watched<Thing>,
  format: OutputFormat,
): Promise<string> {
  switch (format) {
    case 'table':
      return tableText(told, watched);
    case 'name':
      return told.is === 'thing' ? `${watched.view.name(told.thing)}\n` : '';
    case 'json':
    case 'ndjson':
      return `${JSON.stringify(jsonOf(told, watched))}\n`;
    case 'yaml':
      return await toYaml([jsonOf(told, watched)]);
  }
}

function jsonOf<Thing>(told: Told<Thing>, { kind, view }: Watched<Thing>): Json {
  switch (told.is) {
    case 'thing':
      return { event: kind, [kind]: view.json(told.thing) };
    case 'ready':
      return { event: 'ready' };
    case 'removed':
      return { event: 'removed', [`${kind}Id`]: told.id };
  }
}

function tableText<Thing>(told: Told<Thing>, { view }: Watched<Thing>): string {
  const now = new Date().toISOString();
  switch (told.is) {
    case 'thing': {
      const cells = view.columns.map(({ of }) => of(told.thing)).filter((cell) => cell !== '');
      return `${now} ${cells.join(' ')}\n`;
    }
    case 'ready':
      return '';
    case 'removed':
      return `${now} removed ${told.id}\n`;
  }
}
