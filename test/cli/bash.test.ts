import { Machine } from '../e2e/support/machine';
import { Shell } from './support/shell';

describe('the command line with bash', () => {
  let machine: Machine;
  let shell: Shell;

  beforeAll(async () => {
    machine = new Machine();
    await machine.startReadyDaemon();
    shell = new Shell(machine);
    await shell.run('new', 'work', '--engine', 'bash');
  }, 60_000);

  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  });

  test('P30 P113 commands in a session keep its variables, also across an exit', async () => {
    const { stderr } = await shell.run('invoke', 'work', '--', 'p=17930240; cd /usr; exit 7');
    expect(stderr).toMatch(/exit code 7/);
    expect((await shell.run('invoke', 'work', '--', 'echo "$p $PWD $?"')).stdout).toBe('17930240 /usr 7\n');
  });

  test('P60 stdout and stderr go where they belong', async () => {
    const script = 'echo out; echo problem >&2';
    expect(await shell.run('invoke', 'work', '--', script)).toEqual({
      code: 0,
      stdout: 'out\n',
      stderr: 'problem\n',
    });
  });

  test('P60 a script that is no bash fails', async () => {
    const { code, stdout, stderr } = await shell.run('invoke', 'work', '--', 'echo )');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/SyntaxError: line 1: syntax error/);
  });

  test('P10 arguments and standard input reach the script', async () => {
    const script = 'echo "$# $1"; while read -r line; do echo "<$line>"; done';
    const words = ['invoke', 'work', '--arg', 'a b', '--', script];
    expect((await shell.runWith('x\ny z\n', ...words)).stdout).toBe('1 a b\n<x>\n<y z>\n');
  });

  test('P67 a stop ends an endless loop, and the session goes on', async () => {
    const running = shell.start('invoke', 'work', '--', 'echo begun; while :; do :; done');
    await running.sees('begun');
    await shell.run('stop', 'work');
    await running.ended;
    expect((await shell.run('invoke', 'work', '--', 'echo "$p"')).stdout).toBe('17930240\n');
  });
});
