import { commands } from '../../clients/cli/commands';
import { flagOf, flags, type FlagName } from '../../clients/cli/flags';
import { commandHelp, generalHelp } from '../../clients/cli/help';
import { knownFlags, longNames, parseLine } from '../../clients/cli/parse';
import { candidatesFor } from '../../clients/cli/completion/candidates';

const visible = commands.filter(({ isHidden }) => isHidden !== true);

function parse(...words: string[]): ReturnType<typeof parseLine> {
  return parseLine(words, commands);
}

describe('the table of flags', () => {
  test('no two names mean two flags in one command', () => {
    const clashes = commands.flatMap((command) => {
      const names = knownFlags(command).flatMap((name) => [
        ...longNames(name),
        flagOf(name).letter ?? `--${name}`,
      ]);
      return names.filter((name, index) => names.indexOf(name) !== index);
    });
    expect(clashes).toEqual([]);
  });

  test('every flag belongs to some command', () => {
    const used = new Set(commands.flatMap((command) => knownFlags(command)));
    expect((Object.keys(flags) as FlagName[]).filter((name) => !used.has(name))).toEqual([]);
  });

  test('no two commands share a name or alias', () => {
    const names = commands.flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(names).toHaveLength(new Set(names).size);
  });

  test('help names every flag of a command, with its aliases, and every command', () => {
    for (const command of visible) {
      const help = commandHelp(command);
      expect(
        knownFlags(command)
          .flatMap(longNames)
          .filter((name) => !help.includes(`--${name}`)),
      ).toEqual([]);
    }
    expect(visible.filter(({ name }) => !generalHelp(commands).includes(`  ${name}`))).toEqual([]);
  });

  test('completion offers exactly the flags of a command, and exactly the commands', async () => {
    const source = { commands, sessions: async () => [], configurations: async () => ['ops'] };
    for (const command of visible) {
      const offered = await candidatesFor([command.name, '-'], source);
      expect(offered).toEqual({
        is: 'words',
        words: knownFlags(command)
          .flatMap(longNames)
          .map((name) => `--${name}`),
      });
    }
    expect(await candidatesFor([''], source)).toEqual({
      is: 'words',
      words: visible.map(({ name }) => name),
    });
  });
});

describe('a command line', () => {
  test.each([
    [['ls', '-o', 'json'], 'json'],
    [['ls', '-ojson'], 'json'],
    [['ls', '-o=json'], 'json'],
    [['ls', '--output', 'json'], 'json'],
    [['ls', '--output=json'], 'json'],
    [['ls', '-ao', 'json'], 'json'],
    [['ls', '--OUTPUT=json'], 'json'],
  ])('%p gives the output format', (words, format) => {
    expect(parse(...words).given).toContainEqual({ name: 'output', value: format });
  });

  test("P122 PowerShell's aliases name commands and flags", () => {
    const { command, given } = parse('icm', 'work', '--args', 'a', '--ps-path', 'x.ps1');
    expect([command?.name, given]).toEqual([
      'invoke',
      [
        { name: 'arg', value: 'a' },
        { name: 'file-path', value: 'x.ps1' },
      ],
    ]);
  });

  test('what follows -- is taken as it is', () => {
    expect(parse('invoke', 'work', '--', '--no-wait', '-o', '--')).toMatchObject({
      given: [],
      positionals: ['work'],
      rest: ['--no-wait', '-o', '--'],
    });
  });

  test('flags may stand before the command', () => {
    expect(parse('--home', '/tmp/x', 'ls')).toMatchObject({
      command: { name: 'list' },
      given: [{ name: 'home', value: '/tmp/x' }],
    });
  });

  test('a value may look like a flag', () => {
    expect(parse('invoke', '--arg', '-5', '--', '1').given).toEqual([{ name: 'arg', value: '-5' }]);
  });

  test.each([
    [['lst'], "there is no command 'lst' (did you mean list?)"],
    [['ls', '--outptu', 'json'], 'runspace list has no flag --outptu (did you mean --output?)'],
    [['ls', '-x'], 'runspace list has no flag -x'],
    [['ls', '-o'], '-o needs a value: -o FORMAT'],
    [['ls', '-o', 'json', '-o', 'yaml'], '--output was given twice'],
    [['connect'], 'runspace connect needs a session'],
    [['rename', 'work'], 'runspace rename needs a name'],
    [['show', 'a', 'b'], "runspace show does not take 'b'"],
    [['ls', '--', 'x'], 'runspace list takes nothing after --'],
    [['ls', '--all=yes'], '--all takes no value'],
    [['ls', '--no-wait'], 'runspace list has no flag --no-wait'],
  ])('%p is refused: %s', (words, message) => {
    expect(() => parse(...words)).toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(message) }),
    );
  });

  test('help is given also where words are missing', () => {
    expect(parse('receive', '--help').command?.name).toBe('receive');
  });
});
