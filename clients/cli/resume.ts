import type { Context } from './context';

/** Where reading a command's records is to go on. */
export interface ResumePoint {
  readonly session: string;
  /** The command's id; undefined: it is not known. */
  readonly pipeline: string | undefined;
  readonly after: bigint;
}

/** The exact command that goes on reading there, with the flags that say which daemon. */
export function resumeCommand(context: Context, { session, pipeline, after }: ResumePoint): string {
  const which = pipeline === undefined ? [] : ['--pipeline', pipeline];
  return [
    'runspace',
    'receive',
    quoted(session),
    '--after',
    after.toString(),
    ...which,
    ...placeFlags(context),
  ].join(' ');
}

/** The exact command that answers what a command asks. */
export function respondCommand(
  context: Context,
  { session, pipeline }: Pick<ResumePoint, 'session' | 'pipeline'>,
): string {
  const which = pipeline === undefined ? [] : ['--pipeline', pipeline];
  return ['runspace', 'respond', quoted(session), ...which, ...placeFlags(context)].join(' ');
}

function placeFlags(context: Context): readonly string[] {
  return context.given('home', 'address').flatMap(({ name, value }) => [`--${name}`, quoted(value)]);
}

/** The word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`;
}
