import { Machine } from '../e2e/support/machine';
import { describeWith } from '../support/requirements';
import { Shell } from './support/shell';

describeWith('python3', 'the command line with Python', () => {
  let machine: Machine;
  let shell: Shell;

  beforeAll(async () => {
    machine = new Machine();
    await machine.startReadyDaemon();
    shell = new Shell(machine);
    await shell.run('new', 'work', '--engine', 'python');
  }, 60_000);

  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  });

  test('P30 P113 commands in a session keep its variables', async () => {
    await shell.run('invoke', 'work', '--', 'p = 17930240');
    expect((await shell.run('invoke', 'work', '--', 'p')).stdout).toBe('17930240\n');
  });

  test.each([
    ['P68 values', 'print("a"); [1, "b", True, 1.5, None][1]', 'a\nb\n'],
    ['a table of a dict', '{"a": 1}', 'Name Value\n---- -----\na    1\n'],
    ['nothing', 'None', ''],
    ['an integer of any size', '2**100', '1267650600228229401496703205376\n'],
  ])('%s are shown', async (_what, script, stdout) => {
    expect(await shell.run('invoke', 'work', '--', script)).toEqual({ code: 0, stdout, stderr: '' });
  });

  test('P60 an error, a warning and stderr go to standard error, and the command fails', async () => {
    const script = 'import sys, warnings\nwarnings.warn("w")\nprint("e", file=sys.stderr)\nprint("out")\n1/0';
    const { code, stdout, stderr } = await shell.run('invoke', 'work', '--', script);
    expect([code, stdout]).toEqual([1, 'out\n']);
    expect(stderr).toMatch(
      /WARNING: w\ne\nZeroDivisionError: division by zero\n {4}File "<command-\d+>", line 5/,
    );
  });

  test('P30 an exit code ends the command and keeps the session', async () => {
    const { stderr } = await shell.run('invoke', 'work', '--', 'import sys; stays = 3; sys.exit(7)');
    expect(stderr).toMatch(/exit code 7/);
    expect((await shell.run('invoke', 'work', '--', 'stays')).stdout).toBe('3\n');
  });

  test('P10 arguments and standard input reach the script', async () => {
    const script = 'import json; json.dumps([args, [line.rstrip() for line in pipeline_input]])';
    const words = ['invoke', 'work', '--args-json', '[1,"x"]', '--', script];
    expect((await shell.runWith('a\nb\n', ...words)).stdout).toBe('[[1, "x"], ["a", "b"]]\n');
  });

  test('P67 a stop ends an endless loop, and the session goes on', async () => {
    const running = shell.start('invoke', 'work', '--', 'print("begun", flush=True)\nwhile True: pass');
    await running.sees('begun');
    running.child.kill('SIGINT');
    await running.ended;
    await shell.run('stop', 'work');
    expect((await shell.run('invoke', 'work', '--', '1')).stdout).toBe('1\n');
  });

  test('P113 enter takes blocks, and an empty line ends them', async () => {
    const entries = 'def twice(x):\n    return 2 * x\n\ntwice(21)\n';
    expect((await shell.runWith(entries, 'enter', 'work')).stdout).toContain('42');
  });

  test('P113 an interpreter that ends itself leaves a broken session that says why', async () => {
    await shell.run('new', 'dies', '--engine', 'python');
    await shell.run('invoke', 'dies', '--', 'import os; print("last words"); os._exit(3)');
    const { code, stderr } = await shell.run('invoke', 'dies', '--', '1');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/exit code 3/);
    expect((await shell.run('receive', 'dies', '--after', '0')).stdout).toContain('last words');
  });
});
