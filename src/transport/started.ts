import { setTimeout as delay } from 'node:timers/promises';
import { RunspaceError } from '../core/error';
import { couldNotRun, neverStarted, startRefused, type Attempt } from './start-failure';
import { signalLine, StartReader, type Start, type Started } from './start-line';
import type { Transport, TransportEnd } from './transport';

/** A shell at another place that was told a start line, and what it takes to deal with the program that it becomes. */
export interface Beginning extends Attempt {
  /** The bytes of that shell: its standard output, and its standard error where the spec wants that carried. */
  readonly channel: Transport;
  /** What goes before all else to its standard input. */
  readonly preface: Uint8Array;
  readonly nonce: string;
  /** The program must be started within this time. */
  readonly timeoutMs: number;
  /** Has another shell there run a line; resolves when it has, rejects where that can't be done. */
  readonly run: (line: string) => Promise<void>;
  /** Looks whether the place itself has come to an end, and says so; else undefined. */
  readonly explain?: (end: TransportEnd) => Promise<RunspaceError | undefined>;
}

/** How long a disposed program may take to leave on SIGTERM. */
const leaveGraceMs = 2_000;
const shownWords = 2_000;

/**
 * The transport of a program that a shell at another place becomes. What a login writes before it is dropped. It owns the
 * channel, also where it rejects: with ENGINE_NOT_FOUND, ENGINE_START_FAILED, ENGINE_TIMEOUT, or as `explain` says.
 */
export async function startedTransport(beginning: Beginning): Promise<Transport> {
  const { channel, preface } = beginning;
  const output = new AfterMark(channel.output, beginning.nonce);
  const errors = channel.errors === undefined ? undefined : new AfterMark(channel.errors, beginning.nonce);
  try {
    // What can't be written is told by the channel's end.
    channel.write(preface).catch(() => undefined);
    const started = await startOf(beginning, output, errors);
    return new StartedTransport(beginning, started, { output, errors });
  } catch (thrown) {
    await channel[Symbol.asyncDispose]();
    throw thrown;
  }
}

async function startOf(
  beginning: Beginning,
  output: AfterMark,
  errors: AfterMark | undefined,
): Promise<Started> {
  const { channel, explain } = beginning;
  const start = await withinTime(beginning, output);
  if (start?.is === 'started') return start;
  if (start?.is === 'refused') throw startRefused(start.why, beginning);
  const end = await channel.ended;
  await errors?.begun;
  const words = [output.noise(), errors?.noise() ?? channel.diagnostics()].join('\n').trim();
  throw (await explain?.(end)) ?? neverStarted({ end, words: words.slice(-shownWords) }, beginning);
}

async function withinTime(
  { timeoutMs, spec, place }: Beginning,
  output: AfterMark,
): Promise<Start | undefined> {
  const patience = new AbortController();
  const late = delay(timeoutMs, 'late' as const, { signal: patience.signal, ref: false });
  try {
    const start = await Promise.race([output.begun, late]);
    if (start !== 'late') return start;
  } finally {
    patience.abort();
    late.catch(() => undefined);
  }
  throw new RunspaceError(
    'ENGINE_TIMEOUT',
    `${spec.program} was not started ${place.text} within ${String(timeoutMs)} ms${said(output.noise())}`,
    { facts: { ...place.facts, option: 'OpenTimeout', phase: 'start' } },
  );
}

function said(noise: string): string {
  return noise === '' ? '' : `; it said: ${noise}`;
}

/** What follows the mark in a stream of bytes. Reads up to the mark at once, and then at its consumer's pace. */
class AfterMark {
  /** What the mark says; undefined: it never came. */
  readonly begun: Promise<Start | undefined>;
  /** Whether nothing has come after the mark so far. */
  isEmpty = true;
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #reader: StartReader;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>, nonce: string) {
    this.#source = source[Symbol.asyncIterator]();
    this.#reader = new StartReader(nonce);
    this.begun = this.#begin();
  }

  noise(): string {
    return this.#reader.noise();
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    try {
      if ((await this.begun) === undefined) return;
      if (this.#rest.length > 0) yield this.#take(this.#rest);
      for (let next = await this.#source.next(); next.done !== true; next = await this.#source.next())
        yield this.#take(next.value);
    } finally {
      await this.#source.return?.();
    }
  }

  async #begin(): Promise<Start | undefined> {
    for (let next = await this.#source.next(); next.done !== true; next = await this.#source.next()) {
      const read = this.#reader.receive(next.value);
      if (read === undefined) continue;
      this.#rest = read.rest;
      return read.start;
    }
    return undefined;
  }

  #take(bytes: Uint8Array): Uint8Array {
    this.isEmpty = false;
    return bytes;
  }
}

class StartedTransport implements Transport {
  /** It is a process of another place. */
  readonly processId = undefined;
  readonly output: AsyncIterable<Uint8Array>;
  readonly errors?: AsyncIterable<Uint8Array>;
  readonly ended: Promise<TransportEnd>;
  readonly #beginning: Beginning;
  readonly #started: Started;
  readonly #output: AfterMark;
  #hasEnded = false;
  /** Its end was asked for, and needs no explanation. */
  #isLeaving = false;
  #disposed: Promise<void> | undefined;

  constructor(
    beginning: Beginning,
    started: Started,
    { output, errors }: { readonly output: AfterMark; readonly errors: AfterMark | undefined },
  ) {
    this.#beginning = beginning;
    this.#started = started;
    this.#output = output;
    this.output = output.bytes();
    if (errors !== undefined) this.errors = errors.bytes();
    this.ended = this.#end();
  }

  /** Without what came up to the mark. */
  diagnostics(): string {
    const { channel, nonce } = this.#beginning;
    const text = channel.diagnostics();
    const mark = text.lastIndexOf(`${nonce} `);
    return mark < 0 ? text : text.slice(text.indexOf('\n', mark) + 1);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#beginning.channel.write(bytes);
  }

  end(): void {
    this.#isLeaving = true;
    this.#beginning.channel.end();
  }

  signal(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void {
    if (!this.#hasEnded) void this.#send(signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    const { channel } = this.#beginning;
    this.end();
    if (!this.#hasEnded) {
      await this.#send('SIGTERM');
      await Promise.race([channel.ended, delay(leaveGraceMs, undefined, { ref: false })]);
    }
    // Also what it has started and left behind; the channel is of another process, and may be gone long before.
    await this.#send('SIGKILL');
    await channel[Symbol.asyncDispose]();
    await this.ended;
  }

  /** Where that can't be done the place is out of reach, or nothing is left to be signalled; `ended` tells. */
  async #send(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#beginning.run(signalLine(this.#started, signal)).catch(() => undefined);
  }

  async #end(): Promise<TransportEnd> {
    const { channel, explain } = this.#beginning;
    const end = await channel.ended;
    this.#hasEnded = true;
    if (this.#isLeaving) return end;
    const problem = (await explain?.(end)) ?? this.#startProblem(end);
    return problem === undefined ? end : { is: 'lost', error: problem };
  }

  #startProblem(end: TransportEnd): RunspaceError | undefined {
    if (!this.#output.isEmpty) return undefined;
    return couldNotRun({ end, words: this.diagnostics().trim().slice(-shownWords) }, this.#beginning);
  }
}
