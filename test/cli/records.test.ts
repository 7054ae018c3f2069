import { writeFileSync } from 'node:fs';
import { Machine } from '../e2e/support/machine';
import { Shell } from './support/shell';

let machine: Machine;
let shell: Shell;

beforeAll(async () => {
  machine = new Machine();
  await machine.startReadyDaemon();
  shell = new Shell(machine);
  await shell.run('new', 'work', '--engine', 'javascript');
}, 60_000);

afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

async function fresh(name: string): Promise<void> {
  await shell.run('new', name, '--engine', 'javascript');
}

type Line = Readonly<Record<string, unknown>>;

function lines(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

describe('what a command writes', () => {
  test.each([
    ["'text'", 'text\n'],
    ['42', '42\n'],
    ['true', 'true\n'],
    ['1e21', '1e+21\n'],
    ['null', ''],
    ['undefined', ''],
    ['[1, "a", null, true]', '1\na\ntrue\n'],
    ['({Id: 7, ProcessName: "p"})', 'Id ProcessName\n-- -----------\n 7 p\n'],
    ['({a: 1, b: 2, c: 3, d: 4, e: [1]})', 'a : 1\nb : 2\nc : 3\nd : 4\ne : [1]\n'],
    ['console.log("a"); console.log("b"); 3', 'a\nb\n3\n'],
  ])('P68 %s is shown as %j', async (script, stdout) => {
    expect(await shell.run('invoke', 'work', '--', script)).toEqual({ code: 0, stdout, stderr: '' });
  });

  test('P60 everything but output goes to standard error', async () => {
    const script =
      'console.log("out"); console.warn("careful"); console.debug("detail"); console.error("err")';
    expect(await shell.run('invoke', 'work', '--', script)).toEqual({
      code: 0,
      stdout: 'out\n',
      stderr: 'WARNING: careful\nDEBUG: detail\nerr\n',
    });
  });

  test('P64 a script that fails says why and is exit code 1', async () => {
    expect(await shell.run('invoke', 'work', '--', '1; throw new TypeError("no way")')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^TypeError: no way\n/),
    });
  });

  test('P62 P127 -o ndjson writes one record a line', async () => {
    const { stdout } = await shell.run('invoke', 'work', '-o', 'ndjson', '--', 'console.warn("w"); 42');
    const read = lines(stdout);
    expect(read).toMatchObject([
      { sequence: '1', stream: 'warning', message: 'w' },
      { sequence: '2', stream: 'output', value: { int32: 42 } },
      { sequence: '3', stream: 'final', state: 'FINAL_STATE_COMPLETED' },
    ]);
    expect(read.map((line) => Object.keys(line))).toEqual(
      read.map((): unknown =>
        expect.arrayContaining([
          'PSComputerName',
          'RunspaceId',
          'PSShowComputerName',
          'pipelineId',
          'sessionId',
          'time',
        ]),
      ),
    );
  });

  test.each(['json', 'yaml'])('-o %s writes one document', async (format) => {
    const { stdout } = await shell.run('invoke', 'work', '-o', format, '--', '1');
    expect(stdout.match(/sequence/g)).toHaveLength(2);
    expect(stdout.charAt(0)).toBe(format === 'json' ? '[' : '-');
  });

  test('P12 arguments arrive in order, as text or with their types', async () => {
    const script = 'args.map((arg) => `${typeof arg} ${arg}`)';
    const { stdout } = await shell.run(
      'invoke',
      'work',
      '--arg',
      '1',
      '--args-json',
      '[1,true,null,1.5]',
      '--args',
      'x y',
      '--',
      script,
    );
    expect(stdout).toBe('string 1\nnumber 1\nboolean true\nobject null\nnumber 1.5\nstring x y\n');
  });

  test('P11 a script comes from a file or from standard input', async () => {
    const path = machine.path('script.js');
    writeFileSync(path, Buffer.from('\ufeff`${args[0]} grün`', 'utf16le'));
    expect(await shell.run('invoke', 'work', '-f', path, '--arg', 'so')).toMatchObject({
      code: 0,
      stdout: 'so grün\n',
    });
    expect(await shell.runWith('6 * 7', 'invoke', 'work', '--file-path', '-')).toMatchObject({
      code: 0,
      stdout: '42\n',
    });
  });

  test("a script's exit code is shown, and used only when asked for", async () => {
    const script = 'process.exit(3)';
    expect(await shell.run('invoke', 'work', '--', script)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('exit code 3'),
    });
    expect(await shell.run('invoke', 'work', '--exit-code', '--', script)).toMatchObject({ code: 3 });
  });

  test.each(['--timeout', '--output-timeout'])(
    '%s ends the command with exit code 124 and keeps the session',
    async (flag) => {
      await shell.run('invoke', 'work', '--', 'var alive = "alive"; undefined');
      expect(await shell.run('invoke', 'work', flag, '300ms', '--', 'for (;;);')).toMatchObject({
        code: 124,
        stdout: '',
      });
      expect(await shell.run('invoke', 'work', '--', 'alive')).toMatchObject({ code: 0, stdout: 'alive\n' });
    },
  );
});

const forever = 'console.log("begun"); await new Promise(() => setInterval(() => undefined, 1000))';
const slowly =
  'for (let i = 1; i <= 5; i++) { console.log("n" + i); await new Promise((go) => setTimeout(go, 100)); }';

describe('leaving and coming back', () => {
  test('P67 Ctrl-C stops the command and keeps the session', async () => {
    await fresh('stopped');
    const running = shell.start('invoke', 'stopped', '--', forever);
    await running.sees('begun');
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 130 });
    expect(await shell.run('invoke', 'stopped', '--', '1')).toEqual({ code: 0, stdout: '1\n', stderr: '' });
  });

  test('P32 P35 SIGTERM leaves the command running, and says how to go on reading', async () => {
    await fresh('left');
    const running = shell.start('invoke', 'left', '--', forever);
    await running.sees('begun');
    running.child.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    expect([code, stderr]).toEqual([
      130,
      expect.stringMatching(/to go on reading: runspace receive left --after 1 --pipeline [-0-9a-f]{36}\n/),
    ]);
    const { stdout } = await shell.run('ls', 'left', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject([{ runningCommand: expect.stringContaining('begun') }]);
  });

  test('P34 a killed client is followed by a receive that misses nothing', async () => {
    await fresh('killed');
    const running = shell.start('invoke', 'killed', '--', slowly);
    await running.sees('n2');
    running.child.kill('SIGKILL');
    await running.ended;
    const { stdout } = await shell.run('receive', 'killed');
    const all = ['n1', 'n2', 'n3', 'n4', 'n5'];
    expect(all.slice(-stdout.trim().split('\n').length)).toEqual(stdout.trim().split('\n'));
    expect(stdout).toMatch(/n3\nn4\nn5\n$/);
  });

  test('P48 what was read to its end is not there to receive again, and that is no error', async () => {
    await fresh('read');
    expect(await shell.run('receive', 'read')).toEqual({ code: 0, stdout: '', stderr: '' });
    await shell.run('invoke', 'read', '--', '1');
    expect(await shell.run('receive', 'read')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('P48 P49 --after 0 shows all of the newest command, also what was acknowledged', async () => {
    await fresh('again');
    await shell.run('invoke', 'again', '--', '"one"');
    await shell.run('invoke', 'again', '--', '"two"');
    expect(await shell.run('receive', 'again', '--after', '0')).toMatchObject({ code: 0, stdout: 'two\n' });
    expect(await shell.run('receive', 'again', '--pipeline', '1', '--after', '0')).toMatchObject({
      code: 0,
      stdout: 'one\n',
    });
  });

  test('--keep acknowledges nothing, and a detached command is received from its start', async () => {
    await fresh('detached');
    const started = await shell.run('invoke', 'detached', '--detach', '--', '"a"');
    expect(started).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^[-0-9a-f]{36}\n$/),
      stderr: expect.stringContaining('runspace receive detached --pipeline '),
    });
    const receive = ['receive', 'detached'];
    expect(await shell.run(...receive, '--keep')).toMatchObject({ code: 0, stdout: 'a\n' });
    expect(await shell.run(...receive)).toMatchObject({ code: 0, stdout: 'a\n' });
    expect(await shell.run(...receive)).toMatchObject({ code: 0, stdout: '' });
  });

  test('--no-follow ends after what is there', async () => {
    await fresh('now');
    const running = shell.start('invoke', 'now', '--', forever);
    await running.sees('begun');
    expect(await shell.run('receive', 'now', '--after', '0', '--no-follow')).toMatchObject({
      code: 0,
      stdout: 'begun\n',
    });
    running.child.kill('SIGINT');
    await running.ended;
  });

  test('P44 --no-wait is refused by a busy session, and a waiting command is listed', async () => {
    await fresh('busy');
    const running = shell.start('invoke', 'busy', '--', forever);
    await running.sees('begun');
    expect(await shell.run('invoke', 'busy', '--no-wait', '-o', 'json', '--', '1')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('SESSION_BUSY'),
    });
    const waiting = shell.start('invoke', 'busy', '--detach', '--', '"after"');
    await waiting.ended;
    expect((await shell.run('pipelines', 'busy')).stdout).toMatch(/2 [-0-9a-f]{36} NotStarted +ForTurn/);
    expect(await shell.run('stop', 'busy')).toMatchObject({ code: 0 });
    await running.ended;
    expect(await shell.run('receive', 'busy', '--pipeline', '2')).toMatchObject({
      code: 0,
      stdout: 'after\n',
    });
  });

  test('a broken pipe is exit code 0', async () => {
    await fresh('piped');
    const running = shell.start(
      'invoke',
      'piped',
      '--',
      'for (let i = 0; i < 1e5; i++) console.log("line " + i)',
    );
    await running.sees('line 1');
    running.child.stdout?.destroy();
    expect(await running.ended).toMatchObject({ code: 0 });
  });

  test('P41 a client outlives the daemon: every record once', async () => {
    await using own = new Machine();
    const first = await own.startReadyDaemon();
    const ownShell = new Shell(own);
    await ownShell.run('new', 'work', '--engine', 'javascript');
    const running = ownShell.start('invoke', 'work', '--', slowly);
    await running.sees('n1');
    await first.end('SIGKILL');
    await own.startReadyDaemon();
    expect(await running.ended).toEqual({ code: 0, stdout: 'n1\nn2\nn3\nn4\nn5\n', stderr: '' });
  });
});
