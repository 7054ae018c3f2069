import type { Command } from '../command';
import { exitCodes } from '../exit-code';

/** Gives a session's variables and current directory their first values back. */
export const reset: Command = {
  name: 'reset',
  aliases: [],
  summary: 'give a PowerShell session its first variables and folder back',
  flags: ['output'],
  positionals: [{ name: 'session', presence: 'required', completion: { is: 'sessions' } }],
  run: async (context) => {
    const { printOne } = await import('../output/objects');
    const { sessionView } = await import('../output/session-view');
    const [session = ''] = context.positionals;
    using client = await context.connect();
    const { info } = await client.sessions.reset(session);
    await printOne(context, info, { view: sessionView, own: 'name' });
    return exitCodes.ok;
  },
};
