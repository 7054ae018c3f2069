import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Machine, type Ran } from '../e2e/support/machine';
import { Shell } from './support/shell';

let machine: Machine;

beforeAll(async () => {
  machine = new Machine();
  await machine.startReadyDaemon();
  for (const name of ['s1', 's2']) await run('new', name, '--engine', 'javascript');
}, 60_000);

afterAll(() => machine[Symbol.asyncDispose]());

const run = (...args: readonly string[]): Promise<Ran> => machine.run('runspace', args);
const linesOf = ({ stdout }: Ran): readonly string[] => stdout.split('\n').filter((line) => line !== '');

/** Starts a job over both sessions; its name. */
async function started(script: string, ...more: readonly string[]): Promise<string> {
  const ran = await run('invoke', '--session', 's1,s2', '--as-job', '-o', 'name', ...more, '--', script);
  if (ran.code !== 0) throw new Error(ran.stderr);
  return ran.stdout.trim();
}

const three =
  'for (const number of [1, 2, 3]) { console.log(`e${number}`); await new Promise((done) => setTimeout(done, 30)); }';

test('P87 P70 P15 P125: a job over two sessions is there at once, with all its properties', async () => {
  const name = await started(three);
  const { stdout } = await run('job', 'show', name, '-o', 'json');
  const job = JSON.parse(stdout) as Record<string, unknown>;
  const children = job['children'] as Record<string, unknown>[];
  const number = Number(job['number']);
  expect({
    name: job['name'],
    type: job['typeName'],
    location: job['location'],
    command: job['command'],
    children: children.map((child) => child['name']),
  }).toEqual({
    name: `Job${String(number)}`,
    type: 'RemoteJob',
    location: 'localhost,localhost',
    command: three,
    children: [`Job${String(number + 1)}`, `Job${String(number + 2)}`],
  });
  const waited = await run('job', 'wait', name);
  const listed = await run('job', 'ls');
  expect([waited.code, listed.stdout]).toEqual([
    0,
    expect.stringMatching(new RegExp(`${name}\\s+RemoteJob\\s+Completed\\s+True`)),
  ]);
});

test('P71 P75 P76: without waiting it is received child by child, once; then there is nothing, and no more data', async () => {
  const name = await started(three);
  await run('job', 'wait', name);
  const kept = await run('job', 'receive', name, '--keep', '--hide-computer-name');
  const received = await run('job', 'receive', name, '--hide-computer-name');
  const again = await run('job', 'receive', name);
  const listed = await run('job', 'ls', name);
  expect([linesOf(kept), linesOf(received), again.stdout, again.code, listed.stdout]).toEqual([
    ['e1', 'e2', 'e3', 'e1', 'e2', 'e3'],
    ['e1', 'e2', 'e3', 'e1', 'e2', 'e3'],
    '',
    0,
    expect.stringMatching(/Completed\s+False/),
  ]);
});

test('P71: a job that runs is followed to its end', async () => {
  const name = await started(three);
  const received = await run('job', 'receive', name, '--wait', '--hide-computer-name');
  expect(linesOf(received).toSorted()).toEqual(['e1', 'e1', 'e2', 'e2', 'e3', 'e3']);
});

test('P72 P77: a job that runs is removed only by force, and leaves its sessions as they were', async () => {
  const name = await started('await new Promise((done) => setTimeout(done, 600_000))', '--job-name', 'long');
  const refused = await run('job', 'rm', name);
  const late = await run('job', 'wait', name, '--timeout', '200ms');
  const removed = await run('job', 'rm', name, '--force');
  const after = await run('invoke', 's1', '--', '6 * 7');
  expect([name, refused.code === 0, late.code, removed.code, after.stdout]).toEqual([
    'long',
    false,
    124,
    0,
    '42\n',
  ]);
  expect(refused.stderr).toContain('--force');
});

test('P77 P64: where one child fails the job has failed, and what the other wrote is there', async () => {
  await run('invoke', 's2', '--', 'globalThis.fails = true; undefined');
  const name = await started('if (globalThis.fails) throw new Error("no"); "well"');
  await run('job', 'wait', name);
  const received = await run('job', 'receive', name, '--hide-computer-name');
  const listed = await run('job', 'ls', name);
  expect([received.stdout, listed.stdout]).toEqual(['well\n', expect.stringMatching(/\sFailed\s/)]);
  await run('invoke', 's2', '--', 'delete globalThis.fails');
});

test('P74: a name that is none is an error', async () => {
  const { code, stderr } = await run('job', 'show', 'nope');
  expect([code, stderr]).toEqual([5, expect.stringContaining('nope')]);
});

test('P74: jobs are listed by state, command, more data and number, with their children where asked', async () => {
  const well = await started('"filter well"');
  const bad = await started('throw new Error("filter bad")');
  const long = await started('await new Promise(() => undefined); "filter long"');
  await run('job', 'wait', well, bad);
  await run('job', 'receive', well);
  const names = async (...filter: readonly string[]) =>
    linesOf(await run('job', 'ls', '-o', 'name', '--command', '*filter*', ...filter));
  const children = (name: string) => [1, 2].map((next) => `Job${String(Number(name.slice(3)) + next)}`);
  const listed = {
    all: await names(),
    completed: await names('--state', 'completed'),
    either: await names('--state', 'Failed', '--state', 'running'),
    more: await names('--has-more-data', 'true', '--state', 'Failed', '--state', 'Completed'),
    none: await names('--has-more-data', 'false', '--state', 'Completed'),
    newest: await names('--newest', '1'),
    children: await names('--newest', '1', '--include-child-job'),
    failed: await names('--child-job-state', 'failed'),
    pattern: await names('nothing*'),
  };
  await run('job', 'rm', long, '--force');
  expect(listed).toEqual({
    all: [well, bad, long],
    completed: [well],
    either: [bad, long],
    more: [bad],
    none: [well],
    newest: [long],
    children: [long, ...children(long)],
    failed: [bad, ...children(bad)],
    pattern: [],
  });
});

test.each([
  { given: ['ls', '--state', 'odd'], said: "no job state 'odd'" },
  { given: ['ls', '--newest', '0'], said: '--newest must be a number' },
  { given: ['ls', '--has-more-data', 'perhaps'], said: 'true or false' },
  {
    given: ['receive', 'Job1', '--auto-remove-job'],
    said: '--auto-remove-job is valid only together with --wait',
  },
  { given: ['receive', 'Job1', '--write-events'], said: '--write-events is valid only together with --wait' },
])('P74 P76: job $given is refused, and says what would do', async ({ given, said }) => {
  const { code, stderr } = await run('job', ...given);
  expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
});

test('P76: followed with its state and itself in the results, a job is removed once it was received', async () => {
  const name = await started(three);
  const options = ['--wait', '--auto-remove-job', '--write-events', '--write-job-in-results'];
  const received = await run('job', 'receive', name, '--hide-computer-name', ...options);
  const after = await run('job', 'show', name);
  expect([linesOf(received).filter((line) => /^e\d$/.test(line)).length, after.code]).toEqual([6, 5]);
  expect(received.stdout).toMatch(new RegExp(`^\\s*Id[^]*${name}\\s+RemoteJob[^]*e1`));
  expect(received.stderr).toContain(`runspace: ${name}: Completed`);
});

test.each([
  ['kept', ['--keep']],
  ['received of one session only', ['--session', 's1']],
])(
  'P76: a job whose output was %s is not removed by --auto-remove-job, and that is said',
  async (_, more) => {
    const name = await started('"left"');
    const received = await run('job', 'receive', name, '--wait', '--auto-remove-job', ...more);
    const rest = await run('job', 'receive', name, '--session', 's2', '--hide-computer-name');
    expect([received.stderr, linesOf(rest)]).toEqual([
      expect.stringContaining(`job '${name}' stays`),
      ['left'],
    ]);
  },
);

test('P74: in a listing with children each says how it went itself', async () => {
  const name = await started('1');
  await run('job', 'wait', name);
  const { stdout } = await run('job', 'ls', name, '--include-child-job');
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .slice(2)
      .map((line) => line.trimEnd().split(/\s+/).at(-1)),
  ).toEqual(['Succeeded', 'Succeeded']);
});

test('P71: what was written in one session, or at no such target, is received alone; the job itself writes nothing', async () => {
  const name = await started('"here"');
  await run('job', 'wait', name);
  const receive = async (...more: readonly string[]) =>
    linesOf(await run('job', 'receive', name, '--keep', '--hide-computer-name', ...more));
  expect({
    session: await receive('--session', 's2'),
    location: await receive('--location', 'local*'),
    elsewhere: await receive('--location', 'elsewhere'),
    alone: await receive('--no-recurse'),
  }).toEqual({ session: ['here'], location: ['here', 'here'], elsewhere: [], alone: [] });
});

test('P72: --any waits for the first job that is over', async () => {
  const [short, long] = [await started('1'), await started('await new Promise(() => undefined)')];
  const waited = await run('job', 'wait', short, long, '--any', '-o', 'name', '--timeout', '60s');
  await run('job', 'rm', long, '--force');
  expect([waited.code, linesOf(waited)]).toEqual([0, [short]]);
});

test('P116: a job is watched from its start to its removal, and Ctrl-C ends that', async () => {
  const watcher = machine.start('runspace', ['job', 'watch', '-o', 'ndjson']);
  const events: Record<string, unknown>[] = [];
  const closed = once(watcher, 'close');
  const seen = async (is: (event: Record<string, unknown>) => boolean): Promise<void> => {
    for await (const event of follow) {
      events.push(event);
      if (is(event)) return;
    }
  };
  const follow = lines(watcher);
  await seen(({ event }) => event === 'ready');
  const name = await started('"watched"');
  const jobOf = ({ job }: Record<string, unknown>) => (job ?? {}) as Record<string, unknown>;
  await seen((event) => jobOf(event)['name'] === name && jobOf(event)['state'] === 'JOB_STATE_COMPLETED');
  await run('job', 'rm', name);
  await seen(({ event }) => event === 'removed');
  watcher.kill('SIGINT');
  const [code] = (await closed) as [number];
  const { id } = jobOf(events.find((event) => jobOf(event)['name'] === name) ?? {});
  expect([events.at(-1), code]).toEqual([{ event: 'removed', jobId: id }, 130]);
}, 60_000);

/** What a program prints, a JSON object a line. One reader takes up where the last one ended. */
function lines({ stdout }: ChildProcess): AsyncIterable<Record<string, unknown>> {
  if (stdout === null) throw new Error('the program has no standard output');
  const iterator = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<Record<string, unknown>>> => {
    const result = await iterator.next();
    if (result.done === true) return { done: true, value: undefined };
    return { done: false, value: JSON.parse(result.value) as Record<string, unknown> };
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

test('P127: with --what-if job stop and job rm only say which jobs they mean', async () => {
  const name = await started('await new Promise(() => undefined)', '--job-name', 'spared');
  const said = [await run('job', 'stop', 'spare*', '--what-if'), await run('job', 'rm', name, '--what-if')];
  const listed = await run('job', 'ls', 'spared');
  await run('job', 'rm', 'spared', '--force');
  expect(said.map(({ code, stdout }) => [code, stdout])).toEqual([
    [0, expect.stringMatching(/^What if: job 'spared' \(Id \d+\) would be stopped\n$/)],
    [0, expect.stringMatching(/^What if: job 'spared' \(Id \d+\) would be removed\n$/)],
  ]);
  expect(listed.stdout).toMatch(/spared\s+RemoteJob\s+Running/);
});

test('P70: a child says how much it wrote on each stream, while it runs and later', async () => {
  const script =
    'console.log(1); console.log(2); console.warn("w"); console.debug("d"); await new Promise((done) => setTimeout(done, globalThis.holdMs ?? 0))';
  await run('invoke', '--session', 's*', '--', 'holdMs = 600000');
  const name = await started(script);
  const written = async () => {
    const { children } = JSON.parse((await run('job', 'show', name, '-o', 'json')).stdout) as {
      children: { written?: Record<string, string> }[];
    };
    return children.map(({ written: counts }) => counts);
  };
  const counts = {
    output: '2',
    error: '0',
    warning: '1',
    verbose: '0',
    debug: '1',
    information: '0',
    progress: '0',
  };
  let now = await written();
  while (now.some((each) => each?.['debug'] !== '1')) now = await written();
  await run('job', 'stop', name);
  await run('job', 'wait', name);
  expect([now, await written()]).toEqual([
    [counts, counts],
    [counts, counts],
  ]);
  await run('invoke', '--session', 's*', '--', 'holdMs = 0');
}, 60_000);

test('P71: one stream of a job is received alone', async () => {
  const name = await started('console.log("out"); console.warn("careful")');
  await run('job', 'wait', name);
  const { stdout, stderr } = await run('job', 'receive', name, '--stream', 'warning', '--keep', '--hcn');
  expect([stdout, stderr]).toEqual(['', 'WARNING: careful\nWARNING: careful\n']);
});

test('P115: what a job wrote can be folded afterwards', async () => {
  const name = await started('"same"');
  await run('job', 'wait', name);
  const { stdout } = await run('job', 'receive', name, '--keep', '--gather', '--session', 's1,s2');
  expect(stdout).toContain('same\n');
  expect(stdout.match(/same/g)).toHaveLength(1);
});

test('P14 P15: a job gets pipeline input, and every target gets all of it', async () => {
  const words = ['invoke', '--session', 's1,s2', '--as-job', '-o', 'name', '--input-format', 'lines', '--'];
  const script = 'let sum = 0; for await (const line of input) sum += Number(line); sum';
  const lines = Array.from({ length: 1_000 }, (_, index) => String(index + 1)).join('\n');
  const { stdout } = await new Shell(machine).runWith(lines, ...words, script);
  const received = await run('job', 'receive', stdout.trim(), '--wait', '--hide-computer-name');
  expect(linesOf(received)).toEqual(['500500', '500500']);
});

test('P34 P48: a command that runs goes into a job; what was received before is not in it', async () => {
  await run('new', 'detached', '--engine', 'javascript');
  const script =
    'for (let number = 1; number <= 4; number += 1) { console.log(number); await new Promise((done) => setTimeout(done, 200)); }';
  await run('invoke', 'detached', '--detach', '--', script);
  const made = await run('receive', 'detached', '--out-target', 'job', '--job-name', 'Taken');
  const received = await run('job', 'receive', 'Taken', '--wait');
  const reused = await run('receive', 'detached', '-o', 'name');
  const host = await run('receive', 'detached', '--out-target', 'host', '--after', '0');
  expect([made.stdout, linesOf(received), reused.stdout, linesOf(host)]).toEqual([
    expect.stringMatching(/Taken\s+RemoteJob/),
    ['1', '2', '3', '4'],
    'Taken\n',
    ['1', '2', '3', '4'],
  ]);
  const without = await run('receive', 's1', '--job-name', 'ignored', '--out-target', 'host');
  expect(without.code).toBe(0);
});
