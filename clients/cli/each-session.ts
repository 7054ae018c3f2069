import type { RunspaceClient, SessionInfo } from '../typescript';
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
 * Does something to each session named by number, id, name or pattern. One that is missing or fails is reported and the
 * others go on; with --what-if nothing is done. A pattern that matches nothing is no error.
 */
export async function forEachSession<Result>(context: Context, each: EachSession<Result>): Promise<number> {
  using client = await context.connect();
  const outcome = new Outcome(context, await context.format('name'));
  const results: Result[] = [];
  for (const session of await namedSessions(context, client, outcome)) {
    if (context.has('what-if')) {
      const which = `session '${session.name}' (Id ${session.number.toString()})`;
      await context.terminal.out(`What if: ${which} would be ${each.participle}\n`);
    } else {
      const result = await outcome.of(() => each.apply(client, session));
      if (result !== undefined) results.push(result);
    }
  }
  if (!context.has('what-if'))
    await context.terminal.out(await renderMany(results, each.view, outcome.format));
  return outcome.exitCode(results.length);
}

/** What went wrong while others went on. */
class Outcome {
  readonly format: OutputFormat;
  readonly #context: Context;
  #firstReason: string | undefined;

  constructor(context: Context, format: OutputFormat) {
    this.#context = context;
    this.format = format;
  }

  /** What the action gives; undefined where it failed, which is reported. */
  async of<Result>(action: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await action();
    } catch (error) {
      this.#firstReason ??= reasonOf(error);
      await reportFailure(this.#context.terminal, error, this.format);
      return undefined;
    }
  }

  exitCode(successes: number): number {
    if (this.#firstReason === undefined) return exitCodes.ok;
    return successes > 0 ? exitCodes.failed : exitCodeOfReason(this.#firstReason);
  }
}

async function namedSessions(
  context: Context,
  client: RunspaceClient,
  outcome: Outcome,
): Promise<readonly SessionInfo[]> {
  const found = new Map<string, SessionInfo>();
  for (const word of context.positionals) {
    const sessions = await outcome.of(() => sessionsOf(client, word));
    for (const session of sessions ?? []) found.set(session.id, session);
  }
  return [...found.values()];
}

async function sessionsOf(client: RunspaceClient, word: string): Promise<readonly SessionInfo[]> {
  const isPattern = /[*?[]/.test(word);
  return isPattern ? client.sessions.list({ sessions: [word] }) : [(await client.sessions.get(word)).info];
}
