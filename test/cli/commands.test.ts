import { Machine } from '../e2e/support/machine';
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

function ok(stdout: string, stderr = ''): object {
  return { code: 0, stdout, stderr };
}

async function newSession(name: string, ...flags: readonly string[]): Promise<void> {
  expect(await shell.run('new', name, '--engine', 'javascript', ...flags)).toEqual(ok(`${name}\n`));
}

describe('a session by its verbs', () => {
  test('P30 a variable that one program sets is there for the next', async () => {
    await newSession('kept');
    expect(await shell.run('invoke', 'kept', '--', 'var p = 40; undefined')).toEqual(ok(''));
    expect(await shell.run('invoke', 'kept', '--', 'p + 2')).toEqual(ok('42\n'));
  });

  test('P45 P46 connect, disconnect, rename and remove print the name, and may be repeated', async () => {
    await newSession('verbs');
    expect(await shell.run('connect', 'verbs')).toEqual(ok('verbs\n'));
    expect(await shell.run('cnsn', 'verbs', '--idle-timeout', '1h')).toEqual(
      ok('verbs\n', expect.stringContaining('OPTION_HAS_NO_EFFECT') as never),
    );
    expect(await shell.run('disconnect', 'verbs', '--idle-timeout', '3h')).toEqual(ok('verbs\n'));
    expect(await shell.run('disconnect', 'verbs')).toEqual(ok('verbs\n'));
    expect(await shell.run('rename', 'verbs', 'renamed')).toEqual(ok('renamed\n'));
    expect(await shell.run('rm', 'renamed')).toEqual(ok('renamed\n'));
    expect(await shell.run('rm', 'renamed')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('removed'),
    });
  });

  test("P31 P47 the list shows state and availability as this client sees them, under PowerShell's columns", async () => {
    await newSession('listed');
    await shell.run('connect', 'listed');
    const other = new Shell(machine, { RUNSPACED_CLIENT_ID: 'another' });
    const [mine, theirs] = await Promise.all([shell.run('ls', 'listed'), other.run('ls', 'listed')]);
    expect(mine.stdout).toMatch(
      /^Id +Name +Transport +ComputerName +ComputerType +State +ConfigurationName +Availability +Engine +IdleLeft +Running\n +\d+ listed +local +localhost +RemoteMachine +Opened +javascript +Available +javascript/,
    );
    expect(theirs.stdout).toMatch(/listed .* Disconnected .* Busy /);
  });

  test('P33 who is not connected is refused, until they take over', async () => {
    await newSession('taken');
    await shell.run('connect', 'taken');
    const other = new Shell(machine, { RUNSPACED_CLIENT_ID: 'another' });
    expect(await other.run('invoke', 'taken', '-o', 'json', '--', '1')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('"reason":"CONNECTED_ELSEWHERE"'),
    });
    expect(await other.run('invoke', 'taken', '--take-over', '--', '1')).toEqual(ok('1\n'));
  });

  test('P50 an idle timeout is taken as an option or a flag, from 60 s on', async () => {
    await newSession('idle', '--session-option', 'IdleTimeout=60000,OutputBufferingMode=Drop');
    const { stdout } = await shell.run('show', 'idle', '-o', 'json');
    expect((JSON.parse(stdout) as { options: object }).options).toMatchObject({
      idleTimeout: '60s',
      outputBufferingMode: 'OUTPUT_BUFFERING_MODE_DROP',
    });
    expect(await shell.run('new', '--engine', 'javascript', '--idle-timeout', '59999')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/IdleTimeout/),
    });
  });

  test('P58 an explicit option wins over the client default', async () => {
    const withDefaults = new Shell(machine, {
      RUNSPACED_SESSION_OPTION: 'IdleTimeout=5h,OutputBufferingMode=Drop',
    });
    await withDefaults.run('new', 'defaults', '--engine', 'javascript', '--idle-timeout', '7h');
    const { stdout } = await shell.run('show', 'defaults', '-o', 'json');
    expect((JSON.parse(stdout) as { options: object }).options).toMatchObject({
      idleTimeout: '25200s',
      outputBufferingMode: 'OUTPUT_BUFFERING_MODE_DROP',
    });
  });

  test('P59 what is not chosen has its default', async () => {
    await newSession('plain');
    const { stdout } = await shell.run('show', 'plain', '-o', 'json');
    expect((JSON.parse(stdout) as { options: object }).options).toMatchObject({
      idleTimeout: '7200s',
      openTimeout: '180s',
      outputBufferingMode: 'OUTPUT_BUFFERING_MODE_BLOCK',
      maximumReceivedObjectSize: '209715200',
    });
  });

  test('P39 a name that is taken is refused, and what it may be called is said', async () => {
    await newSession('unique');
    expect(await shell.run('new', 'unique', '--engine', 'javascript')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('unique'),
    });
    expect(await shell.run('new', '123', '--engine', 'javascript')).toMatchObject({ code: 2 });
  });

  test('a session has the folder and the variables of who opened it', async () => {
    await newSession('placed', '--env', 'COLOUR=green', '-C', '/');
    const script =
      '`${process.cwd()} ${process.env.COLOUR} ${process.env.PATH !== undefined} ${process.env.RUNSPACED_HOME}`';
    expect(await shell.run('invoke', 'placed', '--', script)).toEqual(ok('/ green true undefined\n'));
  });

  test('P127 with --what-if nothing is done, and patterns name many', async () => {
    await newSession('many1');
    await newSession('many2');
    expect((await shell.run('rm', 'many*', '--what-if')).stdout).toMatch(
      /^What if: session 'many1' \(Id \d+\) would be ended\nWhat if: session 'many2' \(Id \d+\) would be ended\n$/,
    );
    expect(await shell.run('rm', 'many*')).toEqual(ok('many1\nmany2\n'));
    expect(await shell.run('rm', 'many*')).toEqual(ok(''));
    expect(await shell.run('rm', 'many1')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('many1'),
    });
  });

  test.each([
    ['json', (text: string) => (JSON.parse(text) as { name: string }[]).map(({ name }) => name)],
    [
      'ndjson',
      (text: string) =>
        text
          .trim()
          .split('\n')
          .map((line) => (JSON.parse(line) as { name: string }).name),
    ],
    ['name', (text: string) => text.trim().split('\n')],
    ['yaml', (text: string) => [...text.matchAll(/^ {2}name: (.*)$/gm)].map(([, name]) => name)],
  ])('-o %s lists sessions', async (format, names) => {
    await shell.run('new', `as-${format}`, '--engine', 'javascript');
    expect(names((await shell.run('ls', `as-${format}`, '-o', format)).stdout)).toEqual([`as-${format}`]);
  });
});

describe('the default session', () => {
  test('P01 a script without a session runs in a child scope of the kept session `default`', async () => {
    const own = new Shell(machine, { RUNSPACED_CLIENT_ID: 'own' });
    expect(await own.run('invoke', '--engine', 'javascript', '--', 'var q = 1; undefined')).toEqual(ok(''));
    expect(await own.run('invoke', '--', 'typeof q')).toEqual(ok('undefined\n'));
    expect(await own.run('invoke', '--no-new-scope', '--', 'var q = 2; undefined')).toEqual(ok(''));
    expect(await own.run('invoke', '--', 'q')).toEqual(ok('2\n'));
    expect((await own.run('ls', '-o', 'name')).stdout).toMatch(/^default$/m);
  });

  test('P28 --no-new-scope is refused with a session, before any connection', async () => {
    const nowhere = new Shell(machine, { RUNSPACED_ADDRESS: 'unix:///nowhere' });
    expect(await nowhere.run('invoke', 'work', '--no-new-scope', '--', '1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--no-new-scope is not valid together with a session'),
    });
  });

  test('P02 what makes a session is refused with one', async () => {
    expect(await shell.run('invoke', 'work', '--engine', 'javascript', '--', '1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--engine is not valid together with a session'),
    });
  });
});

describe('the command line', () => {
  test('help and version need no daemon', async () => {
    const alone = new Shell(machine, { RUNSPACED_ADDRESS: 'unix:///nowhere' });
    expect(await alone.run('--version')).toEqual(ok('0.1.0\n'));
    expect(await alone.run('help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('receive, rcsn'),
    });
    expect(await alone.run('ls', '--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('--output'),
    });
  });

  test('a daemon that is not there is exit code 3, and says how to start one', async () => {
    const alone = new Shell(machine, { RUNSPACED_ADDRESS: 'unix:///nowhere' });
    expect(await alone.run('ls')).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringContaining('start one with: runspaced'),
    });
    expect(await alone.run('ls', '-o', 'json')).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^\{"error":\{"reason":"DAEMON_UNREACHABLE".*\}\}\n$/),
    });
  });

  test('wrong usage is exit code 2 on standard error', async () => {
    expect(await shell.run('lst')).toEqual({
      code: 2,
      stdout: '',
      stderr: "runspace: there is no command 'lst' (did you mean list?); see: runspace help\n",
    });
  });

  test('completion knows the sessions, and starts nothing', async () => {
    await newSession('completed');
    expect(await shell.run('__complete', '--', 'receive', 'compl')).toEqual(ok('completed\n'));
    const alone = new Shell(machine, { RUNSPACED_AUTOSTART: '1', RUNSPACED_HOME: machine.path('never') });
    expect(await alone.run('__complete', '--', 'receive', '')).toEqual(ok(''));
    expect(machine.processes('daemon')).toHaveLength(1);
  });

  test('the status names the daemon, its keepers and its engines', async () => {
    const { stdout } = await shell.run('status', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      stateFolder: machine.home,
      engines: [{ name: 'powershell' }, { name: 'javascript' }, { name: 'python' }, { name: 'bash' }],
    });
  });
});
