import type { Command } from '../command';

/** Shows sessions and every change of them. */
export const watch: Command = {
  name: 'watch',
  aliases: [],
  summary: 'show sessions, and every change of them until Ctrl-C',
  flags: ['output'],
  positionals: [{ name: 'session', presence: 'many', completion: { is: 'sessions' } }],
  run: async (context) => {
    const { runWatch } = await import('../watch');
    return runWatch(context);
  },
};
