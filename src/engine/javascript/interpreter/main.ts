/**
 * The interpreter: user code runs on this thread, in node's own global scope; the worker has the pipe to the runner.
 */
import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import source from 'bundled:./worker';
import type { Command } from '../../script/message';
import { Commands } from './commands';
import { completionsOf } from './complete';
import { Marks } from './marks';
import { define, defineModuleLoading } from './modules';
import { Reports } from './reports';
import { newSharedState, RingWriter } from './ring';
import { trimStackTraces } from './stack-traces';
import { StandardStreams } from './standard-streams';
import type { ToMain, ToWorker, WorkerStart } from './thread-message';
import { gateTimers } from './timers';

/** `import()`, which only the text that started us has (bootstrap.ts). */
declare const load: (specifier: string, options?: ImportCallOptions) => Promise<unknown>;

const pipeDescriptor = 3;
const state = newSharedState();
const start: WorkerStart = { state, descriptor: pipeDescriptor };
const worker = new Worker(source, {
  eval: true,
  workerData: start,
  execArgv: [],
  env: {},
  // Else it would open this thread's own, which makes the pipes behind them ones that don't wait.
  stdout: true,
  stderr: true,
});
const toWorker = (message: ToWorker): void => {
  worker.postMessage(message);
};
const ring = new RingWriter(state, () => toWorker({ is: 'wake' }));
const reports = new Reports(ring);
const streams = new StandardStreams({
  text: (descriptor, text) => reports.send({ is: 'text', run: commands.runNumber, descriptor, text }),
  message: (stream, text) => reports.send({ is: 'message', run: commands.runNumber, stream, text }),
});
const commands = new Commands({
  reports,
  streams,
  marks: new Marks(),
  control: state.control,
  endRun: (run) => toWorker({ is: 'endRun', run }),
});
const leave = process.exit.bind(process);
/** How long the last words of a process that ends itself may take. */
const lastWordsMs = 1_000;

worker.on('message', receive);
// Without it nothing is heard or said any more.
worker.on('error', () => process.kill(process.pid, 'SIGKILL'));
prepareProcess();
reports.send({ is: 'ready', version: process.version, runspaceId: randomUUID() });

function receive(message: ToMain): void {
  switch (message.is) {
    case 'command':
      obey(JSON.parse(new TextDecoder().decode(message.bytes)) as Command);
      return;
    case 'stop':
      commands.stop(message.run);
      mendAsyncStack();
      return;
    case 'nudge':
      return;
    case 'leave':
      leave(0);
  }
}

function obey(command: Command): void {
  switch (command.is) {
    case 'open':
      Object.assign(process.env, command.environment);
      reports.maximumLength = command.maximumMessageLength;
      return;
    case 'run':
      commands.run(command);
      return;
    case 'input':
      commands.item(command.run, command.value);
      return;
    case 'inputEnd':
      commands.inputEnd(command.run, command.error);
      return;
    case 'complete':
      reports.send({ is: 'completions', id: command.id, ...completionsOf(command.line) });
      return;
    case 'stop':
      // The worker takes these.
      return;
  }
}

function prepareProcess(): void {
  process.argv = [process.execPath];
  process.execArgv = [];
  const exit = (code?: unknown): never => commands.exit(Number(code ?? process.exitCode ?? 0) | 0);
  Object.defineProperty(process, 'exit', {
    value: exit,
    writable: true,
    enumerable: true,
    configurable: true,
  });
  define('exit', exit);
  defineModuleLoading(load);
  gateTimers(() => commands.timerOwner());
  for (const name of ['abort', 'kill', 'reallyExit']) flushBefore(name);
  trimStackTraces();
  process.setUncaughtExceptionCaptureCallback(uncaught);
}

/** So that a command that ends the interpreter has its last words heard. */
function flushBefore(name: string): void {
  const original: unknown = Reflect.get(process, name);
  if (typeof original !== 'function') return;
  const value = (...args: unknown[]): unknown => {
    ring.flush(lastWordsMs);
    return Reflect.apply(original, process, args);
  };
  Object.defineProperty(process, name, { value, writable: true, enumerable: true, configurable: true });
}

const mending = new Error('not an error: node mends its stack of callbacks when something was thrown');

/** A stop that ends a timer's callback leaves node believing that it still runs. */
function mendAsyncStack(): void {
  process.nextTick(() => {
    throw mending;
  });
}

function uncaught(thrown: Error): void {
  if (thrown !== mending) commands.uncaught(thrown);
}
