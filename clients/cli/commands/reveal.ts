import type { Command } from '../command';
import { exitCodes } from '../exit-code';

/** Prints the clear text of a secret. */
export const reveal: Command = {
  name: 'reveal',
  aliases: [],
  summary: 'print the clear text of a secure string that a session wrote',
  details: `Everywhere else a secure string shows as System.Security.SecureString; its id is in the output of -o json.
It can be revealed while the keeper of its session lives.`,
  examples: ["runspace invoke work -o ndjson -- '$token' | jq -r .value.secureString.secretId"],
  flags: [],
  positionals: [
    { name: 'session', presence: 'required', completion: { is: 'sessions' } },
    { name: 'secret-id', presence: 'required' },
  ],
  run: async (context) => {
    const [session = '', secretId = ''] = context.positionals;
    using client = await context.connect();
    await context.terminal.out(`${await client.pipelines.revealSecret(session, secretId)}\n`);
    return exitCodes.ok;
  },
};
