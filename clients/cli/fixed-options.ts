import type { Context } from './context';

/** Warns of session options on a line that can't change them. */
export async function warnOfFixedOptions(context: Context): Promise<void> {
  for (const { name } of context.given('idle-timeout', 'session-option'))
    await context.terminal.note(
      `runspace: warning: OPTION_HAS_NO_EFFECT: --${name} may change at disconnect only\n`,
    );
}
