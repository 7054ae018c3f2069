import { commands } from '../../clients/cli/commands';
import { candidatesFor } from '../../clients/cli/completion/candidates';

const source = { commands, sessions: async () => ['work', 'web1'], configurations: async () => ['ops'] };

test.each([
  [['rec'], ['receive']],
  [
    ['receive', ''],
    ['work', 'web1'],
  ],
  [['receive', 'we'], ['web1']],
  [
    ['rcsn', 'w'],
    ['work', 'web1'],
  ],
  [['rm', 'work', 'we'], ['web1']],
  [
    ['receive', 'work', ''],
    ['work', 'web1'],
  ],
  [
    ['ls', '-o', 'n'],
    ['ndjson', 'name'],
  ],
  [['ls', '--output=js'], ['--output=json']],
  [
    ['ls', '--state', 'open'],
    ['opening', 'opened'],
  ],
  [['--home', '/tmp', 'sho'], ['show']],
  [
    ['new', '--engine', ''],
    ['powershell', 'javascript', 'python', 'bash'],
  ],
  [['new', '--name', ''], []],
  [['new', '--configuration-name', ''], ['ops']],
  [['configuration', 'un'], ['unregister']],
  [['config', 'show', 'o'], ['ops']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['help', 'ren'], ['rename']],
  [
    ['invoke', 'work', '--no-'],
    ['--no-new-scope', '--no-wait'],
  ],
  [['invoke', 'work', '--', 'wo'], []],
  [
    ['nonsense', ''],
    [
      'new',
      'invoke',
      'receive',
      'enter',
      'list',
      'show',
      'describe',
      'pipelines',
      'watch',
      'job',
      'connect',
      'disconnect',
      'respond',
      'stop',
      'rename',
      'reset',
      'reveal',
      'remove',
      'configuration',
      'status',
      'completion',
      'version',
      'help',
    ],
  ],
])('%p is completed to %p', async (words, expected) => {
  expect(await candidatesFor(words, source)).toEqual({ is: 'words', words: expected });
});

test.each([
  [['invoke', '-f', '']],
  [['invoke', '--file-path=']],
  [['new', '-C', '']],
  [['config', 'register', '']],
])('%p is left to the shell', async (words) => {
  expect(await candidatesFor(words, source)).toEqual({ is: 'files' });
});
