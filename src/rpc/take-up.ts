import { RunspaceError } from '../core/error';
import type { AttachedCommand } from '../gen/runspace/v1/job';
import type { StoredTarget } from '../job/stored-job';
import type { Caller } from './call';
import { sessionFor, type Context } from './context';

/** A command that a job takes up, and its script. Errors: SESSION_NOT_FOUND, PIPELINE_NOT_FOUND, EXPIRED. */
export async function takeUp(
  context: Context,
  { session: reference, pipeline, endSession }: AttachedCommand,
  { principal, signal }: Caller,
): Promise<{ readonly target: StoredTarget; readonly script: string }> {
  const session = sessionFor(context, principal, { session: reference, action: 'read' });
  const keeper = await context.lifecycle.readable(session, signal);
  const { pipelines } = await keeper.listPipelines({ sessionId: session.id }, signal);
  const newest = pipelines.at(-1);
  if (newest === undefined)
    throw new RunspaceError('PIPELINE_NOT_FOUND', `session "${session.name}" has run no command yet`, {
      facts: { session: session.name },
    });
  const { pipeline: found = newest } =
    pipeline === ''
      ? { pipeline: newest }
      : await keeper.getPipeline({ sessionId: session.id, pipeline }, signal);
  const attached = {
    session: session.id,
    pipeline: found.id,
    received: Number(found.acknowledgedSequence),
  };
  return {
    target: { location: session.stored.target, needsSecret: false, isOwned: endSession, attached },
    script: found.command,
  };
}
