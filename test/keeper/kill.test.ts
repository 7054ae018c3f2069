import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionId } from '../../src/core/ids';
import { RunspaceState } from '../../src/gen/runspace/v1/session';
import type { KeeperClient } from '../../src/keeper/client';
import { isSameProcess } from '../../src/keeper/processes';
import { sessionFiles } from '../../src/keeper/session-files';
import { reading, receive, short, start } from '../support/keeper';
import { adoption, KeeperProcesses } from '../support/keeper-process';
import { eventually, refusal } from './support/kept-session';

jest.setTimeout(60_000);

const counting =
  'for (let i = 1; i <= 1e9; i++) { console.log(i); if (i % 50 === 0) await new Promise(r => setTimeout(r, 1)); }';

/** Reads until a number is reached; the numbers it was given. */
async function readUntil(client: KeeperClient, session: SessionId, last: bigint): Promise<bigint[]> {
  const numbers: bigint[] = [];
  const request = reading(session, { pipeline: '1' });
  for await (const { event } of client.receivePipeline(request, AbortSignal.timeout(20_000))) {
    if (event?.$case === 'batch') numbers.push(...event.value.records.map(({ sequence }) => sequence));
    if ((numbers.at(-1) ?? 0n) >= last) break;
  }
  return numbers;
}

const whole = (length: number) => Array.from({ length }, (_, index) => BigInt(index + 1));

test('a keeper killed in mid-command: another takes over, the records are whole, the last says KEEPER_LOST', async () => {
  await using processes = new KeeperProcesses();
  const first = await processes.spawn();
  const session = await processes.open(first);
  await first.client.startPipeline(start(session, counting));
  const seen = await readUntil(first.client, session, 1_000n);
  await processes.kill(first);

  const second = await processes.spawn();
  const adopted = await second.client.adoptSession(adoption(session, first.stored.id));
  const { records, gaps } = await receive(second.client, session, { pipeline: '1' });
  expect(adopted.session).toMatchObject({
    runspaceState: RunspaceState.RUNSPACE_STATE_BROKEN,
    problem: { reason: 'KEEPER_LOST' },
  });
  expect(records.length).toBeGreaterThan(seen.length);
  expect([records.map(({ sequence }) => sequence), gaps]).toEqual([whole(records.length), []]);
  expect(records.map(short).at(-1)).toBe(`${records.length} final failed KEEPER_LOST`);
});

test('what waits and what is finished survives too, with request ids: nothing runs twice', async () => {
  await using processes = new KeeperProcesses();
  const first = await processes.spawn();
  const session = await processes.open(first);
  const done = start(session, '"done"');
  await first.client.startPipeline(done);
  await receive(first.client, session, { pipeline: '1' });
  await first.client.acknowledgeRecords({ sessionId: session, pipeline: '1', sequence: 2n });
  const waits = start(session, '"never"');
  await first.client.startPipeline(start(session, counting));
  await first.client.startPipeline(waits);
  await processes.kill(first);

  const second = await processes.spawn();
  await second.client.adoptSession(adoption(session, first.stored.id));
  const { pipelines } = await second.client.listPipelines({ sessionId: session });
  const again = await Promise.all([done, waits].map((request) => second.client.startPipeline(request)));
  expect(pipelines.map(({ number, problem }) => [number, problem?.reason])).toEqual([
    [1n, undefined],
    [2n, 'KEEPER_LOST'],
    [3n, 'KEEPER_LOST'],
  ]);
  expect(pipelines[0]).toMatchObject({ lastSequence: 2n, acknowledgedSequence: 2n, exitCode: undefined });
  expect(again.map(({ pipeline }) => pipeline?.number)).toEqual([1n, 3n]);
  expect(await refusal(second.client.startPipeline({ ...done, fingerprint: 'x' }))).toBe('REQUEST_ID_REUSED');
  expect(await refusal(second.client.startPipeline(start(session, '1')))).toBe('SESSION_BROKEN');
});

test('the engine of a killed keeper is ended by the one that takes over', async () => {
  await using processes = new KeeperProcesses();
  const first = await processes.spawn();
  const session = await processes.open(first);
  const { engineRecord } = sessionFiles(processes.layout, session);
  const { process: engine } = JSON.parse(readFileSync(engineRecord, 'utf8')) as {
    process: { pid: number; start: string };
  };
  await first.client.startPipeline(start(session, 'for (;;) {}'));
  await processes.kill(first);
  const second = await processes.spawn();
  await second.client.adoptSession(adoption(session, first.stored.id));
  await eventually(() => (isSameProcess(engine) ? undefined : true));
  expect(existsSync(engineRecord)).toBe(false);
});

test('a session of a keeper that lives is not taken over', async () => {
  await using processes = new KeeperProcesses();
  const [first, second] = [await processes.spawn(), await processes.spawn()];
  const session = await processes.open(first);
  expect(await refusal(second.client.adoptSession(adoption(session, first.stored.id)))).toBe(
    'STATE_FOLDER_LOCKED',
  );
});

test('a torn tail is cut: what was half written was never shown, and numbers go on without a hole', async () => {
  await using processes = new KeeperProcesses();
  const first = await processes.spawn();
  const session = await processes.open(first);
  await first.client.startPipeline(start(session, counting));
  await readUntil(first.client, session, 100n);
  await processes.kill(first);
  const { pipelines, pipelineLog } = sessionFiles(processes.layout, session);
  const segments = readdirSync(pipelines, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.segment'),
  );
  for (const name of segments) appendFileSync(join(pipelines, name), Buffer.alloc(700, 0x5a));
  appendFileSync(pipelineLog, '{"started":{"id":"torn');

  const second = await processes.spawn();
  await second.client.adoptSession(adoption(session, first.stored.id));
  const { records } = await receive(second.client, session, { pipeline: '1' });
  expect(records.map(({ sequence }) => sequence)).toEqual(whole(records.length));
});

test('a keeper survives SIGINT and SIGHUP, and leaves with its engines at SIGTERM', async () => {
  await using processes = new KeeperProcesses();
  const keeper = await processes.spawn();
  const session = await processes.open(keeper);
  process.kill(keeper.pid, 'SIGINT');
  process.kill(keeper.pid, 'SIGHUP');
  await keeper.client.startPipeline(start(session, 'process.ppid'));
  const { records } = await receive(keeper.client, session);
  process.kill(keeper.pid, 'SIGTERM');
  await keeper.client.lost;
  expect(records).toHaveLength(2);
  const { engineRecord } = sessionFiles(processes.layout, session);
  expect(() => readFileSync(engineRecord)).toThrow('ENOENT');
});

test('a session that floods does not slow its neighbour beyond bounds', async () => {
  await using processes = new KeeperProcesses();
  const keeper = await processes.spawn();
  const [loud, quiet] = [await processes.open(keeper), await processes.open(keeper)];
  const roundTrips = async (): Promise<number[]> => {
    const times: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const before = performance.now();
      const { pipeline } = await keeper.client.startPipeline(start(quiet, '1'));
      await receive(keeper.client, quiet, { pipeline: pipeline?.id ?? '' });
      times.push(performance.now() - before);
    }
    return times.sort((a, b) => a - b);
  };
  const calm = await roundTrips();
  await keeper.client.startPipeline(start(loud, 'const line = "x".repeat(5000); for (;;) console.log(line)'));
  const under = await roundTrips();
  // The machine's own load is in both; what one turn of the loud session takes is not above 50 ms.
  expect((under[10] ?? 0) - (calm[10] ?? 0)).toBeLessThan(500);
});
