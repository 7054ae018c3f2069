import type { Command } from '../command';
import { exitCodes } from '../exit-code';

/** Shows all about one session. */
export const show: Command = {
  name: 'show',
  aliases: ['get'],
  summary: 'show everything about one session',
  flags: ['output'],
  positionals: [{ name: 'session', presence: 'required', completion: { is: 'sessions' } }],
  run: async (context) => {
    const { renderOne } = await import('../output/objects');
    const { renderJson } = await import('../output/facts');
    const { sessionView } = await import('../output/session-view');
    const format = await context.format('table');
    using client = await context.connect();
    const { info } = await client.sessions.get(context.positionals[0] ?? '');
    await context.terminal.out(
      format === 'table' ? renderJson(sessionView.json(info)) : await renderOne(info, sessionView, format),
    );
    return exitCodes.ok;
  },
};
