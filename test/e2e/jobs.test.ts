import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import {
  JobOutcome,
  JobState,
  type JobInfo,
  type RunspaceClient,
  type Target,
} from '../../clients/typescript';
import { describeWith } from '../support/requirements';
import { Sshd } from '../support/sshd';
import { Machine } from './support/machine';

/** How many targets end well; with those that do not there are 200. RUNSPACED_JOB_TARGETS changes it. */
const wellCount = Number(process.env['RUNSPACED_JOB_TARGETS'] ?? 182);
const linesPerTarget = 20;

/** What each target does follows from the folder in which it runs. */
function script(countFile: string): string {
  return `
    const fs = require('node:fs');
    const name = process.cwd().split('/').at(-1);
    fs.appendFileSync(${JSON.stringify(countFile)}, name + '\\n');
    if (name.startsWith('hung')) await new Promise((resolve) => setTimeout(resolve, 1e8));
    if (name.startsWith('failing')) throw new Error('it fails here');
    for (let line = 1; line <= ${String(linesPerTarget)}; line += 1) console.log(name + ' ' + line);
  `;
}

async function received(client: RunspaceClient, job: string, options = {}): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const event of client.jobs.receive(job, options)) {
    if (event.is !== 'records') continue;
    for (const record of event.records)
      lines.push(`${String(event.childIndex)}:${record.stream === 'gap' ? 'gap' : String(record.sequence)}`);
  }
  return lines;
}

async function over(client: RunspaceClient, job: string): Promise<JobInfo> {
  const [found] = await client.jobs.wait([job], { timeoutMs: 150_000 });
  if (found === undefined) throw new Error(`job ${job} is not over`);
  return found;
}

describeWith(
  'sshd',
  'P73 P64 P16: a fan-out over 200 targets, 40 of them over ssh, whose daemon is killed twice',
  () => {
    test('comes to its end at every target, and runs nowhere twice', async () => {
      await using machine = new Machine();
      await using sshd = await Sshd.start();
      const overSsh = {
        is: 'ssh',
        host: '127.0.0.1',
        port: sshd.port,
        keyFilePath: sshd.key,
        direct: true,
        options: { UserKnownHostsFile: sshd.knownHosts, GlobalKnownHostsFile: '/dev/null' },
      } as const;
      let daemon = await machine.startReadyDaemon();
      const client = machine.client();
      const countFile = machine.path('count');
      appendFileSync(countFile, '');
      const place = (name: string, target?: Target) => {
        const workingDirectory = machine.path(name);
        mkdirSync(workingDirectory);
        return {
          create: { engine: 'javascript', workingDirectory, ...(target === undefined ? {} : { target }) },
        };
      };
      const closedPort = { is: 'ssh', host: '127.0.0.1', port: 1, configurationFile: 'none' } as const;
      const many = <Item>(count: number, item: (index: number) => Item): readonly Item[] =>
        Array.from({ length: count }, (_, index) => item(index));
      const targets = [
        ...many(5, (index) => place(`hung${String(index)}`)),
        ...many(5, () => ({ session: 'nowhere' })),
        place('failing0'),
        ...many(wellCount, (index) => place(`well${String(index)}`, index % 9 < 2 ? overSsh : undefined)),
        ...many(5, () => ({ create: { engine: 'javascript', target: closedPort } })),
        place('failing1'),
        place('failing2'),
      ];
      const job = await client.jobs.start({
        command: script(countFile),
        targets,
        throttleLimit: 16,
        runTimeoutMs: 20_000,
      });
      for (const share of [0.2, 0.6]) {
        for await (const event of client.jobs.watch()) {
          if (event.is !== 'job') continue;
          const done = readFileSync(countFile, 'utf8').split('\n').length - 1;
          if (done >= share * wellCount) break;
        }
        await daemon.end('SIGKILL');
        daemon = await machine.startReadyDaemon();
      }
      const last = await over(client, job.id);

      const outcomes = last.children.map(({ outcome, problem }) =>
        `${outcome.replace('JOB_OUTCOME_', '')} ${problem?.reason ?? ''}`.trimEnd(),
      );
      expect(outcomes).toEqual([
        ...many(5, () => 'TIMED_OUT RUN_TIMEOUT'),
        ...many(5, () => 'UNREACHABLE SESSION_NOT_FOUND'),
        'FAILED SCRIPT_FAILED',
        ...many(wellCount, () => 'SUCCEEDED'),
        ...many(5, () => 'UNREACHABLE CONNECTION_REFUSED'),
        'FAILED SCRIPT_FAILED',
        'FAILED SCRIPT_FAILED',
      ]);
      expect(last.state).toBe(JobState.JOB_STATE_FAILED);
      const ran = readFileSync(countFile, 'utf8').trimEnd().split('\n');
      expect(new Set(ran).size).toBe(ran.length);
      expect(ran).toHaveLength(wellCount + 8);
      expect(sshd.connections).toBeGreaterThan(0);

      const records = await received(client, job.id);
      expect(new Set(records).size).toBe(records.length);
      for (let index = 11; index < 11 + wellCount; index += 1) {
        const own = records.filter((line) => line.startsWith(`${String(index)}:`));
        expect(own).toEqual(own.map((_, place) => `${String(index)}:${String(place + 1)}`));
        expect(own.length).toBeGreaterThan(linesPerTarget);
      }
      expect(await received(client, job.id)).toEqual([]);
      expect((await client.jobs.get(job.id)).hasMoreData).toBe(false);
    }, 240_000);
  },
);

describe('jobs over sessions that exist', () => {
  test('P15, P72, P74, P76, P77: names from one counter; wait, stop, keep, remove', async () => {
    await using machine = new Machine();
    await machine.startReadyDaemon();
    const client = machine.client();
    const one = await client.sessions.create({ engine: 'javascript', name: 'one' });
    const two = await client.sessions.create({ engine: 'javascript', name: 'two' });
    const targets = [one.id, two.id];
    const first = await client.jobs.start({ command: '1 + 1', targets });
    expect(first.name).toBe('Job1');
    expect(first.children.map(({ name }) => name)).toEqual(['Job2', 'Job3']);
    const done = await over(client, 'Job1');
    expect(done.state).toBe(JobState.JOB_STATE_COMPLETED);
    expect(done.hasMoreData).toBe(true);
    const kept = await received(client, 'Job1', { keep: true });
    expect(kept).toEqual(['0:1', '0:2', '1:1', '1:2']);
    expect(await received(client, 'Job3')).toEqual(['1:1', '1:2']);
    expect(await received(client, 'Job1')).toEqual(['0:1', '0:2']);

    const long = await client.jobs.start({
      name: 'long',
      command: 'await new Promise((resolve) => setTimeout(resolve, 1e8))',
      targets,
      throttleLimit: 1,
    });
    expect(long.number).toBe(4n);
    expect(await client.jobs.wait(['long'], { timeoutMs: 200 })).toEqual([]);
    await expect(client.jobs.remove('long')).rejects.toMatchObject({ reason: 'JOB_RUNNING' });
    await client.jobs.stop('long');
    const stopped = await over(client, 'long');
    expect(stopped.state).toBe(JobState.JOB_STATE_STOPPED);
    expect(stopped.children.map(({ outcome }) => outcome)).toEqual([
      JobOutcome.JOB_OUTCOME_CANCELLED,
      JobOutcome.JOB_OUTCOME_SKIPPED,
    ]);
    expect((await client.jobs.list({ newest: 1 })).map(({ name }) => name)).toEqual(['long']);
    expect(await client.jobs.list({ jobs: ['nothing*'] })).toEqual([]);
    await expect(client.jobs.list({ jobs: ['nothing'] })).rejects.toMatchObject({
      reason: 'JOB_NOT_FOUND',
      metadata: { fully_qualified_error_id: 'JobWithSpecifiedNameNotFound' },
    });
    await client.jobs.remove('long');
    await expect(client.jobs.start({ command: '1', targets: [] })).rejects.toMatchObject({
      reason: 'INVALID_ARGUMENT',
    });
    await expect(client.jobs.start({ command: '1', targets, throttleLimit: -1 })).rejects.toMatchObject({
      reason: 'INVALID_ARGUMENT',
    });
    const live = await client.jobs.start({ command: '2', targets });
    expect(await received(client, live.id, { wait: true })).toHaveLength(4);
  }, 60_000);

  test('P77: a session that is removed under a job stops its child; one that is disconnected goes on', async () => {
    await using machine = new Machine();
    await machine.startReadyDaemon();
    const client = machine.client();
    const [removed, left] = await Promise.all([
      client.sessions.create({ engine: 'javascript', name: 'removed' }),
      client.sessions.create({ engine: 'javascript', name: 'left' }),
    ]);
    const go = machine.path('go');
    const command = `console.log('begun');
      const fs = require('node:fs');
      while (!fs.existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 20));
      'over'`;
    const job = await client.jobs.start({ command, targets: [removed.id, left.id] });
    const begun = new Set<number>();
    for await (const event of client.jobs.receive(job.id, { wait: true, keep: true })) {
      if (event.is === 'records') begun.add(event.childIndex);
      if (begun.size === 2) break;
    }
    await left.disconnect();
    await removed.remove();
    appendFileSync(go, '');
    const { children, state } = await over(client, job.id);
    expect({
      state,
      children: children.map((child) => [child.state, child.outcome]),
      left: (await received(client, job.id)).filter((line) => line.startsWith('1:')),
    }).toEqual({
      state: JobState.JOB_STATE_STOPPED,
      children: [
        [JobState.JOB_STATE_STOPPED, JobOutcome.JOB_OUTCOME_CANCELLED],
        [JobState.JOB_STATE_COMPLETED, JobOutcome.JOB_OUTCOME_SUCCEEDED],
      ],
      left: ['1:1', '1:2', '1:3'],
    });
  }, 60_000);
});
