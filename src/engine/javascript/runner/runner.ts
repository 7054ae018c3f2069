/**
 * The runner: the parent of the interpreter, and all that the engine sees of it.
 *
 * It knows nothing of messages. What comes on stdin in the message lane goes to the interpreter's private pipe, and what comes
 * from there and from the interpreter's stdout and stderr goes to the runner's stdout, each in its lane. While stdout
 * is not read, none of them is. When stdin ends, the interpreter is asked to leave, and everything it started is killed.
 */
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import source from 'bundled:../interpreter/main';
import { bootstrapBytes, bootstrapScript } from '../bootstrap';
import { frameHeader, FrameReader, lane, type Frame } from '../../script/frame';
import type { InterpreterExited, SignalChildren } from '../../script/message';
import { descendantsOf } from './descendants';

/** How long the interpreter may take to leave when it is asked to. */
const leavePatienceMs = 1_500;
/** How long its pipes must be silent, once it is gone, to count as drained: processes it left behind have them open. */
const silenceMs = 200;
/** The start of a process is known to 10 ms. */
const ageToleranceMs = 20;

// Without this flag node aborts the process when a stop ends a timer's callback.
const flags = ['--no-force-async-hooks-checks'];

const interpreter = spawn(process.execPath, [...flags, '-e', bootstrapScript(3)], {
  stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
});
const messages = interpreter.stdio[3] as Socket;
// Not process.stdout: that one may block.
const output = new Socket({ fd: 1, readable: false, writable: true });

const sources: readonly (readonly [kind: number, stream: Readable])[] = [
  [lane.messages, messages],
  [lane.nativeStdout, interpreter.stdio[1] as Socket],
  [lane.nativeStderr, interpreter.stdio[2] as Socket],
];
let lastHeard = Date.now();
let isLeaving = false;

messages.on('error', ignoreError);
messages.write(bootstrapBytes(source));
for (const [kind, stream] of sources) forward(kind, stream);
output.on('drain', () => {
  for (const [, stream] of sources) stream.resume();
});
output.on('error', leave);
interpreter.on('error', () => gone({ is: 'exited', code: undefined, signal: undefined }));
interpreter.on('exit', (code, signal) =>
  gone({ is: 'exited', code: code ?? undefined, signal: signal ?? undefined }),
);
receive();

function forward(kind: number, stream: Readable): void {
  stream.on('data', (bytes: Buffer) => {
    lastHeard = Date.now();
    if (!send({ kind, bytes })) for (const [, other] of sources) other.pause();
  });
}

function send({ kind, bytes }: Frame): boolean {
  output.cork();
  output.write(frameHeader(kind, bytes.length));
  const isWelcome = output.write(bytes);
  output.uncork();
  return isWelcome;
}

function receive(): void {
  const frames = new FrameReader();
  process.stdin.on('data', (piece: Buffer) => {
    for (const frame of frames.receive(piece)) {
      if (frame.kind === lane.messages) toInterpreter(frame.bytes);
      else control(JSON.parse(Buffer.from(frame.bytes).toString('utf8')) as SignalChildren);
    }
  });
  process.stdin.on('end', leave);
  process.stdin.on('error', leave);
}

function toInterpreter(bytes: Uint8Array): void {
  if (messages.write(bytes)) return;
  process.stdin.pause();
  messages.once('drain', () => process.stdin.resume());
}

function control({ signal, ageMs }: SignalChildren): void {
  if (interpreter.pid === undefined) return;
  for (const descendant of descendantsOf(interpreter.pid))
    if (descendant.ageMs <= ageMs + ageToleranceMs) kill(descendant.processId, signal);
}

function kill(processId: number, signal: NodeJS.Signals): void {
  try {
    process.kill(processId, signal);
  } catch {
    // It ended in the meantime.
  }
}

/** The interpreter has gone by itself: tell it after everything that it wrote. */
function gone(exited: InterpreterExited): void {
  if (isLeaving) return;
  const isDrained = sources.every(([, stream]) => stream.readableEnded || stream.destroyed);
  const isSilent = !output.writableNeedDrain && Date.now() - lastHeard > silenceMs;
  if (!isDrained && !isSilent) {
    setTimeout(() => gone(exited), silenceMs / 20);
    return;
  }
  send({ kind: lane.control, bytes: Buffer.from(JSON.stringify(exited)) });
  output.end(() => process.exit());
}

/** The engine has gone, or wants the interpreter to. */
function leave(): void {
  if (isLeaving) return;
  isLeaving = true;
  const left = descendantsOf(process.pid);
  const end = (): void => {
    for (const { processId } of left) kill(processId, 'SIGKILL');
    process.exit();
  };
  messages.end();
  interpreter.once('exit', end);
  setTimeout(end, leavePatienceMs);
  if (interpreter.exitCode !== null || interpreter.signalCode !== null) end();
}

function ignoreError(): void {
  // The interpreter's exit tells.
}
