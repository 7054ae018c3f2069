import { RunspaceError, toError, type Problem } from '../core/error';
import type { Session } from './session';

/** The error as data. */
export function problemOf(error: unknown): Problem {
  if (error instanceof RunspaceError) return { code: error.code, message: error.message, facts: error.facts };
  return { code: 'INTERNAL', message: toError(error).message, facts: {} };
}

/** Why a session without its keeper is broken. */
export function keeperLost(session: Session): Problem {
  return {
    code: 'KEEPER_LOST',
    message:
      `the keeper of session "${session.name}" ended, and its engine and variables with it; ` +
      'what it wrote can still be received. Open a new session to go on',
    facts: { session: session.name },
  };
}

/** Why a removed session is closed. */
export function removed(session: Session): Problem {
  return { code: 'REMOVED', message: 'it was removed', facts: { session: session.name } };
}

/** A session is open, and its keeper runs, but it did not answer when this daemon started. */
export function unanswered(session: Session): RunspaceError {
  return new RunspaceError(
    'RECOVERING',
    `the keeper of session "${session.name}" runs but does not answer yet; try again, and if that does not help ` +
      'see its log',
    { facts: { session: session.name, keeper: session.stored.keeperId ?? '' } },
  );
}

/** Why no command can run in a session that is not open. */
export function notRunning(session: Session): RunspaceError {
  const { name, state, stored } = session;
  const why = stored.problem === undefined ? '' : `: ${stored.problem.message}`;
  const facts = {
    session: name,
    state,
    ...(stored.problem === undefined ? {} : { reason: stored.problem.code }),
  };
  if (stored.problem?.code === 'REMOVED')
    return new RunspaceError('EXPIRED', `session "${name}" was removed; open a new one`, { facts });
  if (state === 'broken')
    return new RunspaceError(
      'SESSION_BROKEN',
      `session "${name}" is broken${why}. Remove it (runspace rm ${name}) and open a new one`,
      { facts: { ...facts, fully_qualified_error_id: 'PSSessionStateBroken' } },
    );
  return new RunspaceError('SESSION_CLOSED', `session "${name}" is ${state}${why}. Open a new one`, {
    facts,
  });
}
