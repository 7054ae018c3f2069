import { writeFileSync } from 'node:fs';
import { JobOutcome } from '../../clients/typescript';
import { Machine, type Ran } from '../e2e/support/machine';
import { onTerminal } from './support/on-terminal';
import { Shell } from './support/shell';

let machine: Machine;

beforeAll(async () => {
  machine = new Machine();
  await machine.startReadyDaemon();
  for (const name of ['a1', 'a2']) await run('new', name, '--engine', 'javascript');
}, 60_000);

afterAll(() => machine[Symbol.asyncDispose]());

const run = (...words: readonly string[]): Promise<Ran> => machine.run('runspace', words);
const runWith = (input: string, ...words: readonly string[]): Promise<Ran> =>
  new Shell(machine).runWith(input, ...words);
const linesOf = ({ stdout }: Ran): readonly string[] => stdout.split('\n').filter((line) => line !== '');
const sorted = (ran: Ran): readonly string[] => linesOf(ran).toSorted();

const nobody = 'ssh://127.0.0.1:1';

test('P121 P64: --targets takes any mix; each ends in one way, and a summary names those that did not succeed', async () => {
  const { stdout, stderr, code } = await run('invoke', '--targets', `a*,nope,${nobody}`, '--', '6 * 7');
  expect([stdout.split('\n').toSorted(), code]).toEqual([['', 'a1: 42', 'a2: 42'], 4]);
  expect(stderr).toContain('runspace: 2 of 4 succeeded; 2 unreachable: 127.0.0.1,nope\n');
});

test('P121: --targets does not go with another way to say where', async () => {
  for (const words of [
    ['--session', 'a1'],
    ['--computer-name', 'b'],
  ]) {
    const { code, stderr } = await run('invoke', '--targets', 'a1', ...words, '--', '1');
    expect([code, stderr]).toEqual([2, expect.stringContaining('--targets is not valid together with --')]);
  }
});

describe('targets as data', () => {
  test('P123: JSON objects on standard input, one a line or as a list, each with parameters of its own', async () => {
    const lines = '{"Session":"a1"}\n{"session":"a2"}\n';
    const list = '[{"SESSION":"a1"},"a2"]';
    const ran = await Promise.all(
      [lines, list].map((input) => runWith(input, 'invoke', '--targets', '-', '--', 'args[0] ?? 1')),
    );
    expect(ran.map((each) => [sorted(each), each.code])).toEqual([
      [['a1: 1', 'a2: 1'], 0],
      [['a1: 1', 'a2: 1'], 0],
    ]);
  });

  test('P123: a configuration, a container and a host by their names of parameters, in a file too', async () => {
    const file = machine.path('targets.json');
    writeFileSync(
      file,
      JSON.stringify([
        { HostName: '127.0.0.1', Port: 1, UserName: 'x', Options: { ConnectTimeout: 3 } },
        { ComputerName: 'localhost', ConfigurationName: 'no.such.configuration' },
        { ContainerId: 'no-such-container' },
        { VMName: 'vm' },
      ]),
    );
    const { code, stderr } = await run('invoke', '--targets', `@${file}`, '--engine', 'bash', '--', 'echo 1');
    expect([code, stderr]).toEqual([2, expect.stringContaining('virtual machines')]);
    writeFileSync(file, JSON.stringify([{ ComputerName: 'localhost', ConfigurationName: 'no.such' }, 'a1']));
    const other = await run('invoke', '--targets', `@${file}`, '--', '1');
    expect([other.stdout, other.code, other.stderr]).toEqual([
      'a1: 1\n',
      4,
      expect.stringContaining('no.such'),
    ]);
  });

  test.each([
    ['{"Sesion":"a1"}', /element 1: there is no parameter "Sesion"; there are Session, /],
    ['{"Session":"a1","ComputerName":"b"}', /names more than one target/],
    ['{"Port":1}', /names no target/],
    ['{"Session":"a1"}\n{"Session":}', /line 2 is no JSON/],
    ['{"HostName":"h","HOSTNAME":"i"}', /"HostName" and "HOSTNAME" are the same/],
    ['', /names nothing/],
  ])('P123: what is wrong with %j is told before anything is connected', async (input, message) => {
    const { code, stderr } = await runWith(input, 'invoke', '--targets', '-', '--', '1');
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  test('P123: --params FILE splats; what the line gives itself wins', async () => {
    const file = machine.path('params.yaml');
    writeFileSync(
      file,
      'Session: [a1, a2]\nThrottleLimit: 1\nArgumentList: [5, {x: 1}]\nHideComputerName: true\n',
    );
    const all = await run('invoke', '--params', file, '--', 'args[0] + args[1].x');
    const own = await run(
      'invoke',
      '--params',
      file,
      '--args-json',
      '[7,{"x":2}]',
      '--',
      'args[0] + args[1].x',
    );
    expect([linesOf(all), linesOf(own)]).toEqual([
      ['6', '6'],
      ['9', '9'],
    ]);
    writeFileSync(file, '{"Sessoin":"a1"}');
    const wrong = await run('invoke', '--params', file, '--', '1');
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('"Sessoin"')]);
  });
});

test('@last:failed means those of the last run that did not succeed, of a job too', async () => {
  await run('invoke', 'a2', '--', 'var bad = true');
  const script = 'if (globalThis.bad) throw new Error("no"); "well"';
  const first = await run('invoke', '--targets', `a1,a2,${nobody}`, '--', script);
  await run('invoke', 'a2', '--', 'bad = false');
  const again = await run('invoke', '--targets', '@last:failed', '--', script);
  const unreachable = await run(
    'invoke',
    '--targets',
    '@last:unreachable',
    '--as-job',
    '-o',
    'name',
    '--',
    '1',
  );
  await run('job', 'wait', unreachable.stdout.trim());
  const ofJob = await run('invoke', '--targets', '@last:failed', '--', script);
  const none = await run('invoke', '--targets', '@last:succeeded', '--', '1');
  expect([first.code, again.stdout, again.code, ofJob.code, none.code]).toEqual([4, 'a2: well\n', 4, 5, 2]);
  expect(again.stderr).not.toContain('a1');
  expect(none.stderr).toContain('the last run had no target');
});

test('P64: a limit for the whole run ends what is not over, and says so', async () => {
  const { code, stderr } = await run(
    ...['invoke', '--targets', 'a1,a2', '--throttle-limit', '1', '--total-timeout', '1s', '--'],
    'await new Promise(() => undefined)',
  );
  expect([code, stderr]).toEqual([124, expect.stringContaining('2 timed out: a[1-2]')]);
  expect((await run('invoke', 'a1', '--', '1')).stdout).toBe('1\n');
});

test('P16: 3000 targets, of which nobody is there, each told once and never more than the limit at a time', async () => {
  const file = machine.path('fleet.txt');
  const hosts = Array.from(
    { length: 3_000 },
    (_, index) => `ssh://127.1.${String(Math.floor(index / 250))}.${String((index % 250) + 1)}:1`,
  );
  writeFileSync(file, hosts.join('\n'));
  using client = machine.client();
  const places = hosts.map((host) => ({
    create: {
      engine: 'bash',
      target: { is: 'ssh', host: host.slice(6, -2), port: 1, configurationFile: 'none' } as const,
    },
  }));
  const started = await client.jobs.start({ command: 'true', targets: places, throttleLimit: 16 });
  let most = 0;
  for await (const event of client.jobs.watch({ jobs: [started.id] })) {
    if (event.is !== 'job') continue;
    const sessions = await client.sessions.list();
    most = Math.max(most, sessions.filter(({ transport }) => transport === 'ssh').length);
    if (event.job.endTime !== undefined) break;
  }
  const { children } = await client.jobs.get(started.id);
  const ended = new Set(children.map(({ outcome }) => outcome));
  expect([children.length, [...ended]]).toEqual([3_000, [JobOutcome.JOB_OUTCOME_UNREACHABLE]]);
  // One whose opening failed is still being forgotten while the next begins.
  expect(most).toBeLessThanOrEqual(2 * 16);
}, 300_000);

describe('on a terminal', () => {
  const slow =
    'console.log("begun"); await new Promise((done) => setTimeout(done, globalThis.waitMs ?? 0)); console.log("over")';

  test('a line says how far the run is, and Ctrl-C with s stops all and names them', async () => {
    await run('invoke', '--session', 'a*', '--', 'waitMs = 600000');
    const running = onTerminal(machine, 'invoke', '--targets', 'a1,a2', '--', slow);
    await running.sees('0 of 2 over · 2 running');
    running.child.stdin?.write('\u0003');
    await running.sees('[s]top all');
    running.child.stdin?.write('s');
    const { stdout, code } = await running.ended;
    expect([code, stdout]).toEqual([130, expect.stringContaining('0 of 2 succeeded; 2 cancelled: a[1-2]')]);
  });

  test('P35 P73: Ctrl-C with d detaches: what runs goes on as a job, from where it was shown', async () => {
    await run('invoke', '--session', 'a*', '--', 'waitMs = 2000');
    const running = onTerminal(machine, 'invoke', '--targets', 'a1,a2', '--', slow);
    await running.sees('begun');
    await running.sees('begun');
    await running.sees('2 running');
    running.child.stdin?.write('\u0003');
    await running.sees('[d]etach');
    running.child.stdin?.write('d');
    await running.sees('it goes on as a job');
    const { stdout, code } = await running.ended;
    const [, job = ''] = /runspace job receive (\S+) --wait/.exec(stdout) ?? [];
    const received = await run('job', 'receive', job, '--wait', '--hide-computer-name');
    expect([code, linesOf(received)]).toEqual([0, ['over', 'over']]);
  });
});
