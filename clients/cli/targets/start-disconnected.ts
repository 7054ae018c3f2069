import { RunspaceError, type SessionInfo, type StartOptions } from '../../typescript';
import { createOptions, warnOfOptions } from '../create-options';
import { exitCodeOfReason, exitCodes } from '../exit-code';
import { UsageError } from '../failure';
import { openSession } from '../open-session';
import { printMany } from '../output/objects';
import { sessionView } from '../output/session-view';
import type { FanOut } from './fan';
import { itemsOf } from './lists';
import type { Place } from './resolve';

/** The command, and who asks for it. */
type Start = Pick<FanOut, 'context' | 'client' | 'script' | 'options'>;

/**
 * Starts the command in a new session at each place, and leaves them: what is printed are the sessions, never output.
 * `runspace receive` gets the output later, from anywhere (P18).
 */
export async function startDisconnected(
  invocation: Start,
  places: readonly Place[],
  throttle: number,
): Promise<number> {
  const { context, options } = invocation;
  if (options.input !== undefined)
    throw new UsageError(
      'input is not valid together with --in-disconnected-session: this program leaves at once',
    );
  const names = context.has('session-name') ? itemsOf(context.texts('session-name'), 'session-name') : [];
  const started: (SessionInfo | undefined)[] = [];
  const reasons: string[] = [];
  const waiting = places.entries();
  const work = async (): Promise<void> => {
    for (const [index, place] of waiting) {
      try {
        started[index] = await startAt(invocation, place, names[index]);
      } catch (error) {
        if (!(error instanceof RunspaceError)) throw error;
        reasons.push(error.reason);
        await context.terminal.note(`runspace: ${error.reason}: ${error.message}\n`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(throttle, places.length) }, work));
  const sessions = started.filter((session) => session !== undefined);
  await printMany(context, sessions, { view: sessionView, own: 'table' });
  if (reasons.length === 0) return exitCodes.ok;
  return sessions.length > 0 ? exitCodes.someFailed : exitCodeOfReason(reasons[0] ?? '');
}

async function startAt(
  { context, client, script, options }: Start,
  { target, context: line, credential }: Place,
  name: string | undefined,
): Promise<SessionInfo> {
  const session = await openSession(context, client, {
    ...(await createOptions(line, target)),
    target,
    ...(credential === undefined ? {} : { credential }),
    ...(name === undefined ? {} : { name }),
  });
  await warnOfOptions(context, session.info);
  const start: StartOptions = options;
  await session.start(script, start);
  return (await session.refresh()).info;
}
