import type { Command } from '../command';

/** Ends sessions. */
export const remove: Command = {
  name: 'remove',
  aliases: ['rm', 'rsn'],
  summary: 'end sessions for good; what runs in them is stopped',
  examples: ['runspace rm work', "runspace rm 'web*' --what-if"],
  flags: ['take-over', 'what-if', 'output'],
  positionals: [
    { name: 'session', presence: 'required', completion: { is: 'sessions' } },
    { name: 'session', presence: 'many' },
  ],
  run: async (context) => {
    const { forEachSession } = await import('../each-session');
    const { sessionView } = await import('../output/session-view');
    const takeOver = context.has('take-over');
    return forEachSession(context, {
      participle: 'ended',
      apply: (client, { id }) => client.sessions.remove(id, { takeOver }),
      view: sessionView,
    });
  },
};
