import type { Command } from '../command';
import { exitCodes } from '../exit-code';
import { UsageError } from '../failure';
import { sessionFlags, targetFlags } from '../flag-groups';

/** Opens a session. */
export const create: Command = {
  name: 'new',
  aliases: ['create', 'nsn'],
  summary: 'open a session; prints its name',
  examples: [
    'runspace new work',
    'runspace new web --engine javascript --idle-timeout 12h',
    'runspace new far --host-name alice@web1 --engine bash',
    'runspace new box --container-id web',
  ],
  flags: ['name', ...sessionFlags, ...targetFlags, 'credential', 'output'],
  positionals: [{ name: 'name', presence: 'optional' }],
  run: async (context) => {
    const [word] = context.positionals;
    const flag = context.text('name');
    if (word !== undefined && flag !== undefined)
      throw new UsageError('the name was given twice: give one of them');
    const name = word ?? flag;
    const { createOptions, warnOfOptions } = await import('../create-options');
    const { openSession } = await import('../open-session');
    const { newPlace } = await import('../targets/resolve');
    const { printOne } = await import('../output/objects');
    const { sessionView } = await import('../output/session-view');
    const place = await newPlace(context);
    const options = await createOptions(context, place.target);
    using client = await context.connect();
    const session = await openSession(context, client, {
      ...options,
      ...place,
      ...(name === undefined ? {} : { name }),
    });
    await warnOfOptions(context, session.info);
    await printOne(context, session.info, { view: sessionView, own: 'name' });
    return exitCodes.ok;
  },
};
