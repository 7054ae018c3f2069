/**
 * The interpreter's second thread: it has the private pipe, so that a stop is heard whatever the main thread does.
 *
 * A stop is first said to the main thread, which hears it if its event loop turns. If the run has not ended shortly after, the
 * main thread's code is terminated, through the inspector, and told again: so round and round until the run is over. A termination
 * that came too late waits for the next code that runs, whichever that is; so commands are held back, and the main
 * thread is nudged, until each termination has been answered.
 */
import { Session } from 'node:inspector';
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { frameBytes, FrameReader } from '../../script/frame';
import type { Command, DoneReport } from '../../script/message';
import { MessageAssembler, toParts } from '../../script/parts';
import { RingReader, slot } from './ring';
import type { ToMain, ToWorker, WorkerStart } from './thread-message';

/** How long the main thread may take to hear of a stop by itself. */
const hearingMs = 15;
const nudgeEveryMs = 5;
/** How long the main thread may take to leave before the process is killed. */
const leavePatienceMs = 300;
/** Commands come from the engine, which has its own limits. */
const noLimit = Number.MAX_SAFE_INTEGER;

const { state, descriptor } = workerData as WorkerStart;
const ring = new RingReader(state);
const pipe = new Socket({ fd: descriptor });
const inspector = new Session();
inspector.connectToMainThread();

let isWriting = false;
/** The last run that the main thread was told of, or that was not to run. */
let lastRun = 0;
const stoppedEarly = new Set<number>();
const stopping = new Map<number, Promise<void>>();
const heldBack: Uint8Array[] = [];

parentPort?.on('message', (message: ToWorker) => {
  if (message.is === 'wake') drain();
  else void stop(message.run);
});
process.on('uncaughtException', () => process.kill(process.pid, 'SIGKILL'));
pipe.on('error', leave);
pipe.on('end', leave);
receive();
drain();

function receive(): void {
  const frames = new FrameReader();
  const assembler = new MessageAssembler(noLimit);
  pipe.on('data', (piece: Buffer) => {
    for (const frame of frames.receive(piece)) {
      const assembled = assembler.receive(frame);
      if (assembled?.is !== 'message') continue;
      if (assembled.isUrgent) urgent(assembled.bytes);
      else command(assembled.bytes);
    }
  });
}

function urgent(bytes: Uint8Array): void {
  const message = JSON.parse(textOf(bytes)) as Command;
  if (message.is !== 'stop') return;
  if (message.run > lastRun) stoppedEarly.add(message.run);
  else {
    Atomics.store(state.control, slot.stopRequested, message.run);
    void stop(message.run);
  }
}

/** A run that is held back has not begun: a stop of it does not wait for the main thread, which has not heard of it. */
function command(bytes: Uint8Array): void {
  if (stopping.size > 0) {
    heldBack.push(bytes);
    return;
  }
  const run = runOf(bytes);
  if (run !== undefined) lastRun = run;
  if (run !== undefined && stoppedEarly.delete(run)) neverRun(run);
  else toMain({ is: 'command', bytes });
}

/** The number of the run that a command begins; a long command is not parsed for it. */
function runOf(bytes: Uint8Array): number | undefined {
  const start = /^\{"is":"run","run":(\d+)/.exec(textOf(bytes.subarray(0, 40)));
  return start?.[1] === undefined ? undefined : Number(start[1]);
}

/** (Settled for the main thread, which is idle: another stop of it has nothing to end.) */
function neverRun(run: number): void {
  Atomics.store(state.control, slot.settledRun, run);
  const report: DoneReport = { is: 'done', run, state: 'stopped', marked: [] };
  for (const frame of toParts(Buffer.from(JSON.stringify(report)))) pipe.write(frameBytes(frame));
}

function stop(run: number): Promise<void> {
  const already = stopping.get(run);
  if (already !== undefined) return already;
  const stopped = stopRounds(run).then(() => {
    stopping.delete(run);
    drain();
    if (stopping.size === 0) for (const bytes of heldBack.splice(0)) command(bytes);
  });
  stopping.set(run, stopped);
  return stopped;
}

async function stopRounds(run: number): Promise<void> {
  while (!isSettled(run)) {
    toMain({ is: 'stop', run });
    for (let waited = 0; waited < hearingMs && !isSettled(run); waited += 1) await delay(1);
    if (!isSettled(run)) await terminate();
    drain();
  }
}

function isSettled(run: number): boolean {
  return Atomics.load(state.control, slot.settledRun) >= run;
}

/** Resolves when the main thread's code has been ended, whatever it was. */
function terminate(): Promise<void> {
  return new Promise((resolve) => {
    const nudging = setInterval(() => {
      toMain({ is: 'nudge' });
    }, nudgeEveryMs);
    inspector.post('Runtime.terminateExecution', () => {
      clearInterval(nudging);
      resolve();
    });
  });
}

/** Moves what is in the ring to the pipe, no faster than that takes it. */
function drain(): void {
  if (isWriting) return;
  const bytes = ring.take();
  if (bytes === undefined) return;
  isWriting = true;
  pipe.write(bytes, () => {
    isWriting = false;
    ring.noteWritten(bytes.length);
    drain();
  });
}

function leave(): void {
  // Node waits for inspectors when it exits.
  inspector.disconnect();
  toMain({ is: 'leave' });
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), leavePatienceMs);
}

function toMain(message: ToMain): void {
  parentPort?.postMessage(message);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
