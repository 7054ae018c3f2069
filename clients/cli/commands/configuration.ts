import type { RunspaceClient } from '../../typescript';
import type { Command } from '../command';
import type { Context } from '../context';
import { exitCodes } from '../exit-code';
import { UsageError } from '../failure';
import type { Completion } from '../flags';

const actions = ['list', 'show', 'register', 'validate', 'unregister'] as const;

type Action = (typeof actions)[number];

/** Shows and changes session configurations. */
export const configuration: Command = {
  name: 'configuration',
  aliases: ['config'],
  summary: 'list, show, register, validate or unregister session configurations',
  details: `Actions
  list [NAME…]      the configurations that may be used, by name or pattern
  show NAME         everything about one
  register FILE…    add or replace one; the file is YAML or JSON, - reads standard input
  validate FILE…    say whether it could be registered, and change nothing
  unregister NAME…  remove one; its sessions stay

Only whoever runs the daemon may register and unregister. Files in the daemon's own folder, configurations beside its
configuration file, need no registering. What a file says: docs/configurations.md.`,
  examples: [
    'runspace configuration list',
    'runspace configuration register ./ops.yaml',
    'runspace new work --configuration-name ops',
  ],
  flags: ['output'],
  positionals: [
    { name: 'action', presence: 'required', completion: { is: 'values', values: actions } },
    { name: 'name or file', presence: 'many', completion: completionOf },
  ],
  run: async (context) => {
    const [word = '', ...words] = context.positionals;
    const action = actions.find((known) => known === word.toLowerCase());
    if (action === undefined)
      throw new UsageError(`there is no action '${word}'; there are: ${actions.join(', ')}`);
    checkWords(action, words);
    return run(context, action, words);
  },
};

function completionOf([action]: readonly string[]): Completion {
  return action === 'register' || action === 'validate' ? { is: 'files' } : { is: 'configurations' };
}

function checkWords(action: Action, words: readonly string[]): void {
  const wanted = action === 'register' || action === 'validate' ? 'a file' : 'a name';
  if (action !== 'list' && words.length === 0)
    throw new UsageError(`runspace configuration ${action} needs ${wanted}`);
  if (action === 'show' && words.length > 1)
    throw new UsageError('runspace configuration show takes one name; list takes several');
}

async function run(context: Context, action: Action, words: readonly string[]): Promise<number> {
  switch (action) {
    case 'list':
      return list(context, words);
    case 'show':
      return show(context, words);
    case 'register':
      return register(context, words, (client, text) => client.configurations.register(text));
    case 'validate':
      return register(context, words, (client, text) => client.configurations.validate(text));
    case 'unregister':
      return unregister(context, words);
  }
}

async function list(context: Context, names: readonly string[]): Promise<number> {
  const { printMany } = await import('../output/objects');
  const { configurationView } = await import('../output/configuration-view');
  using client = await context.connect();
  await printMany(context, await client.configurations.list({ names }), {
    view: configurationView,
    own: 'table',
  });
  return exitCodes.ok;
}

async function show(context: Context, [name = '']: readonly string[]): Promise<number> {
  const { renderOne } = await import('../output/objects');
  const { renderJson } = await import('../output/facts');
  const { configurationView } = await import('../output/configuration-view');
  const format = await context.format('table');
  using client = await context.connect();
  const found = await client.configurations.get(name);
  await context.terminal.out(
    format === 'table'
      ? renderJson(configurationView.json(found))
      : await renderOne(found, configurationView, format),
  );
  return exitCodes.ok;
}

async function register(
  context: Context,
  files: readonly string[],
  apply: (client: RunspaceClient, text: string) => ReturnType<RunspaceClient['configurations']['register']>,
): Promise<number> {
  const { printOne } = await import('../output/objects');
  const { configurationView } = await import('../output/configuration-view');
  const { readTextFile } = await import('../text-file');
  using client = await context.connect();
  for (const file of files) {
    const applied = await apply(client, readTextFile(file));
    await printOne(context, applied, { view: configurationView, own: 'name' });
  }
  return exitCodes.ok;
}

async function unregister(context: Context, names: readonly string[]): Promise<number> {
  using client = await context.connect();
  for (const name of names) await client.configurations.unregister(name);
  return exitCodes.ok;
}
