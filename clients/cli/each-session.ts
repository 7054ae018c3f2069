import { SessionState, type RunspaceClient, type SessionInfo } from '../typescript';
import type { Context } from './context';
import { exitCodeOfReason, exitCodes } from './exit-code';
import { reportFailure, reasonOf } from './report';
import type { OutputFormat } from './flags';
import { renderMany, type View } from './output/objects';

/** What is done to each session that the words of a command name. */
export interface EachSession<Result> {
  /** As in "would be ended". */
  readonly participle: string;
  readonly apply: (client: RunspaceClient, session: SessionInfo) => Promise<Result>;
  readonly view: View<Result>;
}

/**
 * Does something to each session named by number, id, name or pattern. One that fails is reported and the others go on;
 * with --what-if nothing is done. A pattern that matches nothing is no error, a name that does is.
 */
export async function forEachSession<Result>(context: Context, each: EachSession<Result>): Promise<number> {
  using client = await context.connect();
  const states = [
    SessionState.SESSION_STATE_OPENING,
    SessionState.SESSION_STATE_OPENED,
    SessionState.SESSION_STATE_DISCONNECTED,
    SessionState.SESSION_STATE_CLOSING,
    SessionState.SESSION_STATE_BROKEN,
  ];
  const sessions = await client.sessions.list({ sessions: context.positionals, states });
  if (context.has('what-if')) {
    const lines = sessions.map(
      ({ name, number }) =>
        `What if: session '${name}' (Id ${number.toString()}) would be ${each.participle}\n`,
    );
    await context.terminal.out(lines.join(''));
    return exitCodes.ok;
  }
  return await applyToAll(context, client, { each, sessions });
}

async function applyToAll<Result>(
  context: Context,
  client: RunspaceClient,
  { each, sessions }: { readonly each: EachSession<Result>; readonly sessions: readonly SessionInfo[] },
): Promise<number> {
  const format: OutputFormat = await context.format('name');
  const results: Result[] = [];
  const failures: unknown[] = [];
  for (const session of sessions) {
    try {
      results.push(await each.apply(client, session));
    } catch (error) {
      failures.push(error);
      await reportFailure(context.terminal, error, format);
    }
  }
  await context.terminal.out(await renderMany(results, each.view, format));
  const [first] = failures;
  if (first === undefined) return exitCodes.ok;
  return results.length > 0 ? exitCodes.failed : exitCodeOfReason(reasonOf(first));
}
