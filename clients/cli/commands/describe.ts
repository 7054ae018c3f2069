import type { Command } from '../command';
import { exitCodes } from '../exit-code';

/** Shows what a session's engine can do. */
export const describe: Command = {
  name: 'describe',
  aliases: [],
  summary: "show what a session's engine can do",
  flags: ['output'],
  positionals: [{ name: 'session', presence: 'required', completion: { is: 'sessions' } }],
  run: async (context) => {
    const { printOne } = await import('../output/objects');
    const { renderJson } = await import('../output/facts');
    const [session = ''] = context.positionals;
    using client = await context.connect();
    const abilities = await client.sessions.describe(session);
    const names = Object.keys(abilities).sort();
    const json = Object.fromEntries(names.map((name) => [name, abilities[name] ?? null]));
    const format = await context.format('table');
    if (format === 'table') await context.terminal.out(renderJson(json));
    else
      await printOne(context, json, {
        view: { columns: [], name: () => session, json: () => json },
        own: format,
      });
    return exitCodes.ok;
  },
};
