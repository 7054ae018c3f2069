import { readFileSync } from 'node:fs';
import type { RunspaceClient, Session } from '../../clients/typescript';
import { Machine } from '../e2e/support/machine';
import { Calls } from './support/calls';
import { valuesOf } from './support/served';

const mebibyte = 1024 * 1024;
/** What a daemon or keeper may grow by while output flows past somebody who does not read. */
const mayGrowBy = 160 * mebibyte;

let machine: Machine;
let client: RunspaceClient;
let calls: Calls;
let daemonPid: number;

beforeAll(async () => {
  machine = new Machine();
  daemonPid = (await machine.startReadyDaemon()).pid;
  client = machine.client();
  const { addresses } = await client.daemon.status();
  calls = new Calls((addresses[0] ?? '').replace('unix:', ''));
}, 60_000);

afterAll(async () => {
  calls[Symbol.dispose]();
  await machine[Symbol.asyncDispose]();
}, 60_000);

/** The most memory that each process of the daemon ever held. */
function peaks(): readonly number[] {
  const pids = [daemonPid, ...machine.processes('keeper').map(({ pid }) => pid)];
  return pids.map((pid) => {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
    return Number(kibibytes) * 1024;
  });
}

/** A command that writes this many records of this many bytes each. */
const flood = (count: number, bytes: number): string =>
  `const text = 'x'.repeat(${String(bytes)}); for (let i = 0; i < ${String(count)}; i++) { console.log(text); if (i % 16 === 0) await new Promise(setImmediate); }`;

/** Starts a flood, opens a stream of it that is never read, and gives what ends that. */
async function floodUnread(session: string, script: string): Promise<{ id: string; leave: () => void }> {
  const { id } = await calls.start(session, script);
  const stream = calls.open(session, { pipeline: id, afterSequence: 0n });
  stream.on('error', () => undefined);
  return {
    id,
    leave: () => {
      stream.cancel();
    },
  };
}

async function finished(session: string, id: string): Promise<void> {
  const watch = calls.watch([session]);
  await watch.next('session', ({ value }) => value.runningPipelineId !== id);
  watch.cancel();
}

/** How long commands of another session take meanwhile, in ms. */
async function roundTrips(session: Session, until: Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  const over = new AbortController();
  void until.finally(() => {
    over.abort();
  });
  do {
    const before = performance.now();
    await valuesOf(session, '1');
    times.push(performance.now() - before);
  } while (!over.signal.aborted);
  return times;
}

test('a client that opens a stream and never reads costs little memory while 200 MB flow, and slows nobody for long', async () => {
  await client.sessions.create({ name: 'flood', engine: 'javascript' });
  const other = await client.sessions.create({ name: 'other', engine: 'javascript' });
  await valuesOf(other, '1');
  const before = peaks();
  const { id, leave } = await floodUnread('flood', flood(3_200, 64 * 1024));
  const times = await roundTrips(other, finished('flood', id));
  const grown = peaks().map((bytes, index) => bytes - (before[index] ?? 0));
  leave();
  expect(Math.max(...grown)).toBeLessThan(mayGrowBy);
  expect(Math.max(...times)).toBeLessThan(5_000);
  expect((await calls.pipeline('flood', id)).lastSequence).toBe(3_201n);
}, 300_000);

test('twenty clients that never read cost little memory', async () => {
  await client.sessions.create({ name: 'crowd', engine: 'javascript' });
  const before = peaks();
  const { id, leave } = await floodUnread('crowd', flood(800, 64 * 1024));
  const more = Array.from({ length: 19 }, () => calls.open('crowd', { pipeline: id, afterSequence: 0n }));
  for (const stream of more) stream.on('error', () => undefined);
  await finished('crowd', id);
  const grown = peaks().map((bytes, index) => bytes - (before[index] ?? 0));
  for (const stream of more) stream.cancel();
  leave();
  expect(Math.max(...grown)).toBeLessThan(mayGrowBy);
}, 300_000);

test('large records that nobody takes are held one at a time', async () => {
  await client.sessions.create({ name: 'large', engine: 'javascript' });
  const before = peaks();
  const { id, leave } = await floodUnread('large', flood(60, 10 * mebibyte));
  await finished('large', id);
  const grown = peaks().map((bytes, index) => bytes - (before[index] ?? 0));
  leave();
  // Several copies of one record, and what the collector has not taken yet; all records would be 600 MiB.
  expect(Math.max(...grown)).toBeLessThan(320 * mebibyte);
}, 300_000);

test('a slow reader gets everything in the end', async () => {
  await client.sessions.create({ name: 'slow', engine: 'javascript' });
  const { id } = await calls.start('slow', flood(200, 64 * 1024));
  const stream = calls.open('slow', { pipeline: id, afterSequence: 0n });
  await finished('slow', id);
  let last = 0n;
  for await (const { event } of stream)
    if (event?.$case === 'batch') last = event.value.records.at(-1)?.sequence ?? last;
  expect(last).toBe(201n);
}, 120_000);
