import { RunspaceError } from '../core/error';
import type { RunspaceState } from './runspace';

/** Why a session takes no command. */
export function notOpen(name: string, state: RunspaceState): RunspaceError {
  const facts = { session: name, state: state.is };
  const why = 'problem' in state ? `: ${state.problem.message}` : '';
  if (state.is === 'broken') {
    const message = `session "${name}" is broken${why}. Its output can still be received; open a new session to go on`;
    return new RunspaceError('SESSION_BROKEN', message, { facts: { ...facts, reason: state.problem.code } });
  }
  return new RunspaceError('SESSION_CLOSED', `session "${name}" is ${state.is}${why}. Open a new one`, {
    facts,
  });
}

/** The caller did not want to queue. */
export function sessionBusy(name: string, running: string): RunspaceError {
  const message = `session "${name}" is running pipeline ${running}; wait for it, stop it, or let the command queue`;
  return new RunspaceError('SESSION_BUSY', message, { facts: { session: name, pipeline: running } });
}

/** What runs would lose its variables. */
export function busyForReset(name: string, running: string): RunspaceError {
  const message = `session "${name}" is running pipeline ${running}; wait for it or stop it`;
  return new RunspaceError('SESSION_BUSY', message, { facts: { session: name, pipeline: running } });
}

/** Too many commands wait. */
export function queueFull(name: string, limit: number): RunspaceError {
  const message = `${limit} commands already wait in session "${name}"; wait, stop some, or use another session`;
  return new RunspaceError('QUEUE_FULL', message, { facts: { session: name, limit: String(limit) } });
}

/** A quota of the session's configuration is used up. */
export function quotaExceeded(
  name: string,
  about: { readonly quota: string; readonly limit: number; readonly use: number; readonly what: string },
): RunspaceError {
  const { quota, limit, use, what } = about;
  const message = `session "${name}" may use ${limit} (${quota}) and used ${use}: ${what}`;
  return new RunspaceError('QUOTA_EXCEEDED', message, {
    facts: { session: name, quota, limit: String(limit), use: String(use) },
  });
}

/** There is nothing to stop. */
export function notRunning(name: string): RunspaceError {
  const message = `no command runs in session "${name}"`;
  return new RunspaceError('PIPELINE_NOT_RUNNING', message, { facts: { session: name } });
}

/** There is nothing to read. */
export function noPipelines(name: string): RunspaceError {
  const message = `nothing has run in session "${name}" yet; start a command first`;
  return new RunspaceError('PIPELINE_NOT_FOUND', message, { facts: { session: name } });
}

/** Why a pipeline ended that was asked to. */
export function stopped(): RunspaceError {
  return new RunspaceError('STOPPED', 'the command was stopped');
}

/** The engine does not end its command. */
export function stopUnanswered(name: string, waitedMs: number): RunspaceError {
  const message =
    `the engine of session "${name}" did not answer the stop within ${waitedMs / 1_000} s; ` +
    'wait, or stop with force (which ends the engine and loses its variables)';
  return new RunspaceError('STOP_UNANSWERED', message, { facts: { session: name } });
}
