import { randomUUID } from 'node:crypto';
import { RunspaceError } from '../../src/core/error';
import type { FinalRecord, StreamRecord } from '../../src/core/record';
import type { Engine, EngineEnd, EngineInfo, EngineOptions, Invocation } from '../../src/engine/engine';

/** One command as a test plays its engine: it writes what it is told to, when it is told to. */
export interface ScriptedRun {
  readonly invocation: Invocation;
  /** Writes these records together; resolves when the keeper has taken them. */
  write(...records: readonly StreamRecord[]): Promise<void>;
  /** Writes outputs `1`, `2` … */
  outputs(...values: readonly number[]): Promise<void>;
  end(final?: Omit<FinalRecord, 'stream'>): Promise<void>;
  /** How many batches the keeper has asked for. */
  readonly pulls: number;
  /** Resolves when a stop was asked for. */
  readonly stopAsked: Promise<void>;
}

/** An engine whose commands are played by the test. It answers stops only if `answersStops`. */
export class ScriptedEngine implements Engine {
  readonly info: EngineInfo = {
    engine: 'javascript',
    version: '1',
    runspaceId: randomUUID(),
    processId: undefined,
    abilities: [],
  };
  readonly ended: Promise<EngineEnd>;
  readonly options: EngineOptions;
  answersStops = true;
  /** Its end brings no last record. */
  isMute = false;
  isDisposed = false;
  #settleEnded: (end: EngineEnd) => void = () => undefined;
  readonly #runs: Run[] = [];
  #taken = 0;
  #started: (() => void) | undefined;

  constructor(options: EngineOptions) {
    this.options = options;
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
  }

  /** The next command that the keeper gives to the engine. */
  async nextRun(): Promise<ScriptedRun> {
    while (this.#runs[this.#taken] === undefined) {
      await new Promise<void>((resolve) => {
        this.#started = resolve;
      });
    }
    const run = this.#runs[this.#taken];
    this.#taken += 1;
    if (run === undefined) throw new Error('no run');
    return run;
  }

  /** How many commands the keeper has given to the engine. */
  get runs(): number {
    return this.#runs.length;
  }

  invoke(invocation: Invocation): AsyncIterable<readonly StreamRecord[]> {
    const run = new Run(invocation);
    this.#runs.push(run);
    this.#started?.();
    return run.batches();
  }

  stop(): void {
    this.#runs.at(-1)?.stopRequested(this.answersStops ? 'answer' : 'ignore');
  }

  reset(): Promise<void> {
    return Promise.reject(new RunspaceError('UNSUPPORTED', 'a played engine has nothing to reset'));
  }

  async close(): Promise<void> {
    await this.#end({ is: 'closed' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
    await this.#end({ is: 'closed' });
  }

  /** The engine's process dies. */
  async die(): Promise<void> {
    await this.#end({ is: 'lost', error: new RunspaceError('ENGINE_LOST', 'the engine died') });
  }

  async #end(end: EngineEnd): Promise<void> {
    this.#settleEnded(end);
    const { is, error } = await this.ended.then((first) => ({
      is: first.is,
      error: 'error' in first ? first.error : undefined,
    }));
    const reason = error ?? new RunspaceError('ENGINE_LOST', `the engine is ${is}`);
    if (!this.isMute) this.#runs.at(-1)?.finishQuietly({ stream: 'final', state: 'failed', reason });
  }
}

class Run implements ScriptedRun {
  readonly invocation: Invocation;
  readonly stopAsked: Promise<void>;
  pulls = 0;
  readonly #queue: { readonly records: readonly StreamRecord[]; readonly taken: () => void }[] = [];
  #wake: () => void = () => undefined;
  #noteStop: () => void = () => undefined;
  #isOver = false;

  constructor(invocation: Invocation) {
    this.invocation = invocation;
    this.stopAsked = new Promise((resolve) => {
      this.#noteStop = resolve;
    });
  }

  write(...records: readonly StreamRecord[]): Promise<void> {
    return new Promise((taken) => {
      this.#queue.push({ records, taken });
      this.#wake();
    });
  }

  outputs(...values: readonly number[]): Promise<void> {
    return this.write(
      ...values.map((value): StreamRecord => ({ stream: 'output', value: { type: 'int32', value } })),
    );
  }

  end(final: Omit<FinalRecord, 'stream'> = { state: 'completed' }): Promise<void> {
    this.#isOver = true;
    return this.write({ ...final, stream: 'final' });
  }

  stopRequested(how: 'answer' | 'ignore'): void {
    this.#noteStop();
    if (how === 'answer') this.finishQuietly({ stream: 'final', state: 'stopped' });
  }

  finishQuietly(final: FinalRecord): void {
    if (!this.#isOver) void this.end(final);
  }

  async *batches(): AsyncGenerator<readonly StreamRecord[]> {
    for (;;) {
      this.pulls += 1;
      while (this.#queue.length === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      const batch = this.#queue.shift();
      batch?.taken();
      if (batch !== undefined) yield batch.records;
      if (batch?.records.at(-1)?.stream === 'final') return;
    }
  }
}

/** An opener for a keeper, and the engines that it opened. */
export function scriptedEngines(): {
  readonly open: (options: EngineOptions) => Promise<Engine>;
  readonly opened: readonly ScriptedEngine[];
  last(): ScriptedEngine;
} {
  const opened: ScriptedEngine[] = [];
  return {
    opened,
    open: async (options) => {
      const engine = new ScriptedEngine(options);
      opened.push(engine);
      return engine;
    },
    last: () => {
      const engine = opened.at(-1);
      if (engine === undefined) throw new Error('no engine was opened');
      return engine;
    },
  };
}
