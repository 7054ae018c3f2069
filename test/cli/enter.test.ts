import { join } from 'node:path';
import { readFileSync, statSync } from 'node:fs';
import { Machine } from '../e2e/support/machine';
import { onTerminal } from './support/on-terminal';
import { Shell } from './support/shell';

let machine: Machine;
let shell: Shell;

beforeAll(async () => {
  machine = new Machine();
  await machine.startReadyDaemon();
  shell = new Shell(machine);
}, 60_000);

afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

describe('P37 enter', () => {
  test('lines from a pipe run one after the other, each entry as long as it takes', async () => {
    await shell.run('new', 'piped', '--engine', 'javascript');
    const input =
      'var x = 5\nfunction twice(n) {\n  return 2 * n\n}\ntwice(x)\nthrow new Error("no")\n"after"\nexit\n"never"\n';
    expect(await shell.runWith(input, 'enter', 'piped')).toEqual({
      code: 0,
      stdout: '10\nafter\n',
      stderr: expect.stringContaining('Error: no'),
    });
  });

  test('a terminal has a prompt and a history; Ctrl-C stops the command and not the session; Ctrl-D leaves', async () => {
    await shell.run('new', 'typed', '--engine', 'javascript');
    const typing = onTerminal(machine, 'enter', 'typed');
    const type = async (text: string): Promise<void> => {
      await typing.sees('[localhost]: JS> ');
      typing.child.stdin?.write(text);
    };
    await type('var y = 20; y + 1\r');
    await typing.sees('\n21');
    await type('console.log("be" + "gun"); for (;;);\r');
    await typing.sees('begun');
    typing.child.stdin?.write('\u0003');
    await typing.sees('stopped');
    await type('y + 2\r');
    await typing.sees('\n22');
    await type('\u0004');
    expect(await typing.ended).toMatchObject({ code: 0 });
    const history = join(machine.home, 'history');
    expect([readFileSync(history, 'utf8').split('\n')[0], statSync(history).mode & 0o777]).toEqual([
      'var y = 20; y + 1',
      0o600,
    ]);
    expect(await shell.run('invoke', 'typed', '--', 'y')).toMatchObject({ stdout: '20\n' });
  });

  test('a failing command in bash is nothing to speak of: its code is there for the next one, and for who piped the lines', async () => {
    await shell.run('new', 'shelled', '--engine', 'bash');
    expect(
      await shell.runWith('false\necho $?\nls /nowhere 2>/dev/null\n(exit 7)\n', 'enter', 'shelled'),
    ).toEqual({
      code: 7,
      stdout: '1\n',
      stderr: '',
    });
  });

  test.each([
    [
      'javascript',
      'JS',
      ['const shoeBox = { lengthOfLace: 41 }', 'shoeBox.lengthO', 'fLace', ' + 1', '\n42'],
    ],
    ['python', 'PY', ['shoe_box = {"lace": 41}', 'shoe_b', 'ox', '["lace"] + 1', '\n42']],
    ['bash', 'bash', ['shoe_box=4', 'echo "<$shoe_b', 'ox', '>"2', '<4>2']],
  ])(
    'Tab completes what a %s session knows',
    async (engine, prompt, [script = '', before = '', completion = '', after = '', shown = '']) => {
      await shell.run('new', `tab-${engine}`, '--engine', engine);
      await shell.run('invoke', `tab-${engine}`, '--', script);
      const typing = onTerminal(machine, 'enter', `tab-${engine}`);
      await typing.sees(`[localhost]: ${prompt}> `);
      typing.child.stdin?.write(`${before}\t`);
      await typing.sees(completion);
      typing.child.stdin?.write(`${after}\r`);
      await typing.sees(shown);
      await typing.sees(`[localhost]: ${prompt}> `);
      typing.child.stdin?.write('\u0004');
      expect(await typing.ended).toMatchObject({ code: 0 });
    },
  );

  test('a session that another client uses is entered only by taking over', async () => {
    await shell.run('new', 'used', '--engine', 'javascript');
    await new Shell(machine, { RUNSPACED_CLIENT_ID: 'another' }).run('connect', 'used');
    expect(await shell.runWith('1\n', 'enter', 'used')).toMatchObject({ code: 5 });
    expect(await shell.runWith('1\n', 'enter', 'used', '--take-over')).toMatchObject({
      code: 0,
      stdout: '1\n',
    });
  });
});
