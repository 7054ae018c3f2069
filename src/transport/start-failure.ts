import { RunspaceError } from '../core/error';
import type { Refusal } from './start-line';
import type { ProcessSpec, TransportEnd } from './transport';

/** A place where programs are started by a shell, as errors call it. */
export interface NamedPlace {
  /** With its preposition: `in container web1`, `on usera@host`. */
  readonly text: string;
  readonly facts: Readonly<Record<string, string>>;
}

/** A program, and the place where it was to be started. */
export interface Attempt {
  readonly spec: ProcessSpec;
  readonly place: NamedPlace;
}

/** The shell looked, and did not start the program: ENGINE_NOT_FOUND, ENGINE_START_FAILED. */
export function startRefused(why: Refusal, { spec, place }: Attempt): RunspaceError {
  const { program, workingDirectory: folder } = spec;
  const facts = { ...place.facts, program, folder };
  switch (why) {
    case 'noProgram':
      return notFound(
        program.includes('/') ? `there is no program ${program}` : `there is no ${program} on the PATH`,
        { spec, place },
      );
    case 'closedProgram':
      return failed(`${program} ${place.text} is no program that its user may run`, facts);
    case 'noFolder':
      return failed(
        `the working directory ${folder} does not exist ${place.text}; create it or name another`,
        facts,
      );
    case 'closedFolder':
      return failed(`the working directory ${folder} ${place.text} may not be entered by its user`, facts);
  }
}

/** How a shell there ended, and what was seen of it. */
export interface ShellEnd {
  readonly end: TransportEnd;
  /** What it wrote to its standard output and its standard error. */
  readonly words: string;
}

/** The mark never came: the shell itself was not there, or what it belongs to let nothing be started. */
export function neverStarted({ end, words }: ShellEnd, { spec, place }: Attempt): RunspaceError {
  const facts = { ...place.facts, program: spec.program };
  const said = words === '' ? 'it said nothing' : `it said: ${words}`;
  if (end.is === 'lost')
    return new RunspaceError(
      'ENGINE_START_FAILED',
      `cannot start ${spec.program} ${place.text}: ${end.error.message}`,
      { facts, cause: end.error },
    );
  const how = end.signal === undefined ? `exit code ${String(end.code ?? 'unknown')}` : end.signal;
  const missing = end.code === 126 || end.code === 127 ? ' (is there a POSIX shell, sh?)' : '';
  return failed(
    `cannot start ${spec.program} ${place.text}: the shell that was to start it ended with ${how}${missing}; ${said}`,
    facts,
  );
}

/** The shell became a program that then could not be run: it ended with the exit codes that shells have for that. */
export function couldNotRun({ end, words }: ShellEnd, attempt: Attempt): RunspaceError | undefined {
  if (end.is === 'lost' || (end.code !== 126 && end.code !== 127)) return undefined;
  const { program } = attempt.spec;
  if (end.code === 127)
    return notFound(`${program} can't be run: it, or what it needs to run, is missing: ${words}`, attempt);
  return failed(`${program} can't be run ${attempt.place.text}: ${words}`, {
    ...attempt.place.facts,
    program,
  });
}

function notFound(what: string, { spec, place }: Attempt): RunspaceError {
  return new RunspaceError(
    'ENGINE_NOT_FOUND',
    `${what} ${place.text}; install it there, choose another engine, or name its path with a configuration`,
    { facts: { ...place.facts, program: spec.program } },
  );
}

function failed(message: string, facts: Readonly<Record<string, string>>): RunspaceError {
  return new RunspaceError('ENGINE_START_FAILED', message, { facts });
}
