import type { Command } from '../command';
import { exitCodes } from '../exit-code';

/** Renames a session. */
export const rename: Command = {
  name: 'rename',
  aliases: [],
  summary: 'give a session another name',
  flags: ['output'],
  positionals: [
    { name: 'session', presence: 'required', completion: { is: 'sessions' } },
    { name: 'name', presence: 'required' },
  ],
  run: async (context) => {
    const { printOne } = await import('../output/objects');
    const { sessionView } = await import('../output/session-view');
    const [session = '', name = ''] = context.positionals;
    using client = await context.connect();
    const { info } = await client.sessions.update(session, { name });
    await printOne(context, info, { view: sessionView, own: 'name' });
    return exitCodes.ok;
  },
};
