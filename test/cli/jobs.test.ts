import { Machine, type Ran } from '../e2e/support/machine';

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
