import type { DisconnectOptions } from '../typescript';
import type { Context } from './context';
import { toBufferingMode } from './create-options';
import { readSessionOptions } from './session-option';

/** What is to change with the end of the connection; warns of options that can't change then. */
export async function disconnectOptions(context: Context): Promise<DisconnectOptions> {
  const idleTimeout = context.text('idle-timeout');
  const { choices, buffering, warnings } = readSessionOptions([
    ...context.texts('session-option'),
    ...(idleTimeout === undefined ? [] : [`IdleTimeout=${idleTimeout}`]),
  ]);
  const { idleTimeoutMs, ...others } = choices;
  const fixed = Object.keys(others).map((name) => `OPTION_HAS_NO_EFFECT: ${name} can't change at disconnect`);
  for (const warning of [...warnings, ...fixed])
    await context.terminal.note(`runspace: warning: ${warning}\n`);
  return {
    takeOver: context.has('take-over'),
    ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
    ...(buffering === undefined ? {} : { outputBufferingMode: toBufferingMode(buffering) }),
  };
}
