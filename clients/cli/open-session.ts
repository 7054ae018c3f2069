import {
  questionOf,
  RunspaceError,
  SessionState,
  type CreateOptions,
  type HostCall,
  type RunspaceClient,
  type Session,
} from '../typescript';
import type { Context } from './context';
import { UsageError } from './failure';
import { canAsk } from './keyboard';
import { Prompter } from './prompter';

/** Opens a session; what is asked while it opens (a password, a host's key, what a start-up script wants to know) is asked at the terminal. Where its signal aborts it is given up. */
export async function openSession(
  context: Context,
  client: RunspaceClient,
  options: CreateOptions,
): Promise<Session> {
  const session = await client.sessions.create({ ...options, wait: false });
  const leave = new AbortController();
  const answered = new Set<bigint>();
  try {
    const { signal } = options;
    const until = signal === undefined ? leave.signal : AbortSignal.any([signal, leave.signal]);
    for await (const event of client.sessions.watch({ sessions: [session.id], signal: until })) {
      if (event.is !== 'session') continue;
      const { state, problem, pendingHostCalls } = event.session;
      if (state === SessionState.SESSION_STATE_BROKEN && problem !== undefined)
        throw new RunspaceError(problem.reason, problem.message, {
          grpcCode: 'FAILED_PRECONDITION',
          metadata: problem.metadata,
        });
      if (state !== SessionState.SESSION_STATE_OPENING) return await session.refresh();
      const call = pendingHostCalls.find(({ callId }) => !answered.has(callId));
      if (call === undefined) continue;
      answered.add(call.callId);
      await answer(context, session, call);
    }
  } catch (error) {
    // Nothing is left of what could not be opened; why is told here.
    await session.remove({ takeOver: true }).catch(() => undefined);
    throw error;
  } finally {
    leave.abort();
  }
  throw new UsageError('the session was removed while it opened', 'SESSION_CLOSED');
}

async function answer(context: Context, session: Session, call: HostCall): Promise<void> {
  const { callId } = call;
  if (!canAsk()) {
    await session.respond({ callId, error: 'there is no terminal to ask on' });
    return;
  }
  const asked = await new Prompter(context.terminal, new AbortController().signal).ask(questionOf(call));
  if (asked.is === 'answered') await session.respond({ callId, ...asked.answer });
  else await session.respond({ callId, error: 'the question was left with Ctrl-C' });
}
