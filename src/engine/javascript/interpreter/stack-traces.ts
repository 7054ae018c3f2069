import { sourceName } from '../bootstrap';

/**
 * Makes stack traces end where the command began: what called it is ours, and of no use to its author.
 * Commands may put a `prepareStackTrace` of their own in the place of this one.
 */
export function trimStackTraces(): void {
  Error.prepareStackTrace = (error, frames) => {
    const caller = frames.findIndex((frame) => frame.getFileName() === 'node:inspector');
    const ofCommand = caller < 0 ? frames : frames.slice(0, caller);
    const shown = ofCommand
      .filter((frame) => frame.getFileName() !== sourceName)
      // eslint-disable-next-line @typescript-eslint/no-base-to-string -- V8's call sites have their own
      .map((frame) => `\n    at ${frame.toString()}`);
    return headOf(error) + shown.join('');
  };
}

/** Node's own errors have their code behind the name. */
function headOf(error: Error): string {
  const code: unknown = 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && code.startsWith('ERR_')) return `${error.name} [${code}]: ${error.message}`;
  return Error.prototype.toString.call(error);
}
