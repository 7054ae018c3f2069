import type { Command } from '../command';
import { exitCodes } from '../exit-code';
import { UsageError } from '../failure';
import { sessionFlags } from '../flags';

/** Opens a session. */
export const create: Command = {
  name: 'new',
  aliases: ['create', 'nsn'],
  summary: 'open a session; prints its name',
  examples: ['runspace new work', 'runspace new web --engine javascript --idle-timeout 12h'],
  flags: ['name', ...sessionFlags, 'output'],
  positionals: [{ name: 'name', presence: 'optional' }],
  run: async (context) => {
    const [word] = context.positionals;
    const flag = context.text('name');
    if (word !== undefined && flag !== undefined)
      throw new UsageError('the name was given twice: give one of them');
    const name = word ?? flag;
    const { createOptions } = await import('../create-options');
    const { printOne } = await import('../output/objects');
    const { sessionView } = await import('../output/session-view');
    const options = await createOptions(context);
    using client = await context.connect();
    const session = await client.sessions.create({ ...options, ...(name === undefined ? {} : { name }) });
    await printOne(context, session.info, { view: sessionView, own: 'name' });
    return exitCodes.ok;
  },
};
