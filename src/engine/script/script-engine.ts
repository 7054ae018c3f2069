import { RunspaceError, toError } from '../../core/error';
import type { StreamRecord } from '../../core/record';
import type { Transport } from '../../transport/transport';
import type { Engine, EngineEnd, EngineInfo, EngineName, EngineOptions, Invocation } from '../engine';
import { FrameWire } from './frame-wire';
import type { Incoming } from './incoming';
import { completionsAt, CompletionQuestions } from './completion-questions';
import { InputFeeder } from './input-feeder';
import { lostError, lostFinal, type LastWords } from './lost';
import type { InterpreterExited } from './message';
import { Notices } from './notices';
import { piecesOf } from './pieces';
import type { ReceivedMessage } from './report';
import { toErrorRecord, toDoneReport } from './to-record';
import { ScriptPipeline } from './script-pipeline';
import type { Escalation, Wire } from './wire';
import { fromWire } from './wire-value';
import { withTimeout } from '../with-timeout';

/** How long a mark may be missing while nothing else comes: user code may have closed the descriptor. */
const markPatienceMs = 2_000;
/** How long an engine that was asked to leave may take. */
const closePatienceMs = 3_000;
/** What child processes get after a stop. */
const usualEscalation: Escalation = [
  // Not at once: the interpreter is to hear of the stop first.
  ['SIGINT', 25],
  // Those that a loop has started since.
  ['SIGINT', 125],
  ['SIGTERM', 500],
  ['SIGKILL', 2_000],
];
/** What a message may have beside the object in it. */
const envelopeLength = 4096;

/** What every script engine is opened with. */
export interface ScriptEngineSpec {
  readonly engine: EngineName;
  /** A runner that was just started; from here on the engine owns it. */
  readonly transport: Transport;
  /** What the runner reads before any frame: its own source. */
  readonly bootstrap: Uint8Array;
  /** Variables that the interpreter gets only once it runs. */
  readonly lateEnvironment: Readonly<Record<string, string>>;
  readonly options: EngineOptions;
  /** By default frames. */
  readonly wire?: Wire & LastWords;
  /** By default only child processes are signalled. */
  readonly escalation?: Escalation;
}

/** Waits until the interpreter answers. Rejects with ENGINE_START_FAILED or ENGINE_TIMEOUT; then nothing is left running. */
export async function openScriptEngine(spec: ScriptEngineSpec): Promise<Engine> {
  const engine = new ScriptEngine(spec);
  try {
    await engine.open(spec);
    return engine;
  } catch (thrown) {
    await engine[Symbol.asyncDispose]();
    throw thrown;
  }
}

class ScriptEngine implements Engine {
  readonly ended: Promise<EngineEnd>;

  readonly #name: EngineName;
  readonly #transport: Transport;
  readonly #options: EngineOptions;
  readonly #wire: Wire;
  readonly #words: LastWords;
  readonly #escalation: Escalation;
  readonly #notices: Notices;
  readonly #questions = new CompletionQuestions();
  #info: EngineInfo | undefined;
  #ready: () => void = () => undefined;
  #run = 0;
  #pipeline: ScriptPipeline | undefined;
  #input: InputFeeder | undefined;
  #isClosing = false;
  #lost: RunspaceError | undefined;

  constructor({ engine, transport, options, wire, escalation }: ScriptEngineSpec) {
    this.#name = engine;
    this.#transport = transport;
    this.#options = options;
    this.#wire = wire ?? new FrameWire(transport, options.maximumReceivedObjectSize + envelopeLength);
    this.#words = wire ?? transport;
    this.#escalation = escalation ?? usualEscalation;
    this.#notices = new Notices(options.onNotice);
    this.ended = this.#pump();
  }

  get info(): EngineInfo {
    if (this.#info === undefined) throw new RunspaceError('INTERNAL', 'the engine is not open yet');
    return this.#info;
  }

  async open({ bootstrap, lateEnvironment }: ScriptEngineSpec): Promise<void> {
    const ready = new Promise<'ready'>((resolve) => {
      this.#ready = () => resolve('ready');
    });
    this.#transport.write(bootstrap).catch(ignoreError);
    this.#wire.open(lateEnvironment);
    const { openTimeoutMs } = this.#options;
    const outcome = await withTimeout(Promise.race([ready, this.ended]), openTimeoutMs);
    if (outcome === 'ready') return;
    if (outcome === undefined) {
      const message = `the ${this.#name} engine did not answer within ${openTimeoutMs} ms`;
      throw new RunspaceError('ENGINE_TIMEOUT', message, { facts: { option: 'OpenTimeout' } });
    }
    await this.#requireReached();
    const why = outcome.is === 'lost' ? outcome.error.message : 'it was closed';
    throw new RunspaceError('ENGINE_START_FAILED', `the ${this.#name} engine did not start: ${why}`, {
      ...(outcome.is === 'lost' ? { cause: outcome.error } : {}),
    });
  }

  /** Throws what the transport itself says of its end, where that is more than an exit code. */
  async #requireReached(): Promise<void> {
    const end = await this.#transport.ended;
    if (end.is === 'lost' && end.error === this.#lost) throw end.error;
  }

  invoke(invocation: Invocation): AsyncIterable<readonly StreamRecord[]> {
    if (this.#pipeline !== undefined && !this.#pipeline.isFinished)
      throw new RunspaceError('SESSION_BUSY', 'the engine is running another command');
    this.#run += 1;
    const pipeline = new ScriptPipeline(this.#run, Date.now());
    this.#start(pipeline, invocation);
    return this.#recordsOf(pipeline);
  }

  stop(): void {
    const pipeline = this.#pipeline;
    if (pipeline !== undefined && !pipeline.isFinished) this.#stop(pipeline);
  }

  async complete({ text, cursor }: { readonly text: string; readonly cursor: number }, timeoutMs: number) {
    if (this.#pipeline?.isFinished === false)
      throw new RunspaceError('SESSION_BUSY', 'the engine is running a command');
    const send = (id: number): void => this.#wire.complete(id, text.slice(0, cursor));
    const answer = this.#questions.ask(send, this.ended);
    const found = await withTimeout(answer, timeoutMs);
    if (found !== undefined) return completionsAt(cursor, found);
    throw new RunspaceError('ENGINE_TIMEOUT', `${this.#name} completed nothing within ${timeoutMs} ms`, {
      facts: { phase: 'complete' },
    });
  }

  reset(): Promise<void> {
    const { engine } = this.info;
    return Promise.reject(
      new RunspaceError('UNSUPPORTED', `the ${engine} engine can't reset its runspace; open a new session`, {
        facts: { engine },
      }),
    );
  }

  async close(): Promise<void> {
    this.#leave();
    this.#transport.end();
    await withTimeout(this.ended, closePatienceMs);
    await this.#transport[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
    await this.#transport[Symbol.asyncDispose]();
    await this.ended;
  }

  #leave(): void {
    this.#isClosing = true;
    this.#pipeline?.end({
      stream: 'final',
      state: 'stopped',
      reason: new RunspaceError('STOPPED', 'the command was stopped: its session is closed'),
    });
  }

  #start(pipeline: ScriptPipeline, invocation: Invocation): void {
    if (this.#lost !== undefined || this.#isClosing) {
      pipeline.end(lostFinal(this.#lost ?? new RunspaceError('ENGINE_LOST', 'the engine is closed')));
      return;
    }
    this.#notices.flush();
    this.#pipeline = pipeline;
    this.#input = this.#feederOf(pipeline, invocation.input);
    try {
      this.#wire.run(pipeline.run, invocation);
    } catch (cause) {
      const reason =
        cause instanceof RunspaceError
          ? cause
          : new RunspaceError('DATA_TOO_LARGE', 'the command and its arguments are too large to send', {
              cause,
            });
      pipeline.end({ stream: 'final', state: 'failed', reason });
    }
  }

  #feederOf(pipeline: ScriptPipeline, input: Invocation['input']): InputFeeder | undefined {
    if (input === undefined) return undefined;
    const failed = (error: Error): void => {
      pipeline.fail(
        error instanceof RunspaceError
          ? error
          : new RunspaceError('SCRIPT_FAILED', `the input broke: ${error.message}`, { cause: error }),
      );
      this.#stop(pipeline);
    };
    return new InputFeeder({ input, pipeline, wire: this.#wire, failed });
  }

  async *#recordsOf(pipeline: ScriptPipeline): AsyncGenerator<readonly StreamRecord[]> {
    try {
      for (;;) {
        const records = await pipeline.take();
        yield records;
        if (records.at(-1)?.stream === 'final') return;
      }
    } finally {
      if (!pipeline.isFinished) this.#stop(pipeline);
      pipeline.abandon();
    }
  }

  #stop(pipeline: ScriptPipeline): void {
    const { run, isStopping } = pipeline;
    pipeline.isStopping = true;
    const escalate = (step: Escalation[number][0]): void => {
      if (pipeline.isFinished) return;
      if (step === 'abort') this.#wire.abort(run);
      else
        this.#wire.signalChildren({
          is: 'signalChildren',
          signal: step,
          ageMs: Date.now() - pipeline.startedAt,
        });
    };
    this.#wire.stop(run);
    if (isStopping) return;
    for (const [step, afterMs] of this.#escalation) setTimeout(() => escalate(step), afterMs).unref();
  }

  /** Reads for as long as there is an engine; waits for the consumer of a running command before it reads on. */
  async #pump(): Promise<EngineEnd> {
    try {
      await this.#readAll();
    } catch (thrown) {
      const error = toError(thrown);
      if (!this.#isClosing)
        this.#lost =
          error instanceof RunspaceError ? error : lostError(this.#name, { is: 'lost', error }, this.#words);
      await this.#transport[Symbol.asyncDispose]();
    }
    const end = await this.#transport.ended;
    if (!this.#isClosing) this.#lost ??= lostError(this.#name, end, this.#words);
    this.#notices.flush();
    if (this.#lost === undefined) return { is: 'closed' };
    this.#pipeline?.end(lostFinal(this.#lost));
    return { is: 'lost', error: this.#lost };
  }

  async #readAll(): Promise<void> {
    const pieces = piecesOf(this.#transport);
    for (let next = pieces.next(); ;) {
      const pipeline = this.#pipeline;
      const piece = pipeline?.awaitsMarks ? await withTimeout(next, markPatienceMs) : await next;
      if (piece === undefined) {
        pipeline?.giveUpMarks();
        continue;
      }
      if (piece.done === true) return;
      const { descriptor, bytes } = piece.value;
      for (const incoming of this.#wire.receive(descriptor, bytes)) this.#handle(incoming);
      this.#limitLines();
      this.#notices.deliver();
      await this.#pipeline?.taken();
      next = pieces.next();
    }
  }

  #handle(incoming: Incoming): void {
    const running = this.#pipeline?.isFinished === false ? this.#pipeline : undefined;
    switch (incoming.is) {
      case 'report':
        this.#report(incoming.message);
        return;
      case 'oversized':
        if (running !== undefined) this.#failTooLarge(running);
        return;
      case 'nativeText':
        this.#collectorOf(running?.run ?? 0)?.nativeText(incoming.descriptor, incoming.text);
        return;
      case 'mark':
        if (running?.run === incoming.run) running.markSeen(incoming.descriptor);
        return;
      case 'exited':
        this.#exited(incoming);
        return;
    }
  }

  #report(message: ReceivedMessage): void {
    if (message.is === 'ready') {
      this.#answered(message);
      return;
    }
    if (message.is === 'completions') {
      this.#questions.answered(message);
      return;
    }
    const run = message.integer('run');
    const pipeline = this.#pipeline?.run === run && !this.#pipeline.isFinished ? this.#pipeline : undefined;
    const collector = this.#collectorOf(run);
    switch (message.is) {
      case 'text':
        collector?.text(message.oneOf('descriptor', [1, 2]), message.text('text'));
        return;
      case 'message':
        collector?.record({
          stream: message.oneOf('stream', ['warning', 'debug', 'verbose']),
          message: message.text('text'),
        });
        return;
      case 'value':
        collector?.record({ stream: 'output', value: fromWire(message.field('value')) });
        return;
      case 'error':
        collector?.record(toErrorRecord(message));
        return;
      case 'pull':
        if (pipeline !== undefined) this.#input?.pull();
        return;
      case 'tooLarge':
        if (pipeline !== undefined) this.#failTooLarge(pipeline);
        return;
      case 'done':
        pipeline?.done(toDoneReport(message));
        return;
      default:
        throw new RunspaceError(
          'ENGINE_PROTOCOL_ERROR',
          `the interpreter sent a message that is not known: ${message.is}`,
        );
    }
  }

  #answered(message: ReceivedMessage): void {
    this.#info = {
      engine: this.#name,
      version: message.text('version'),
      runspaceId: message.text('runspaceId'),
      processId: this.#transport.processId,
      abilities: ['completeInput'],
    };
    this.#wire.opened(this.#info.runspaceId);
    this.#ready();
  }

  /** Where records of this run go: to its command, to the notices if that is over, nowhere if it has failed. */
  #collectorOf(run: number): Pick<ScriptPipeline['collector'], 'text' | 'nativeText' | 'record'> | undefined {
    const pipeline = this.#pipeline;
    if (pipeline === undefined || pipeline.run !== run || pipeline.isFinished) return this.#notices.collector;
    return pipeline.hasFailed ? undefined : pipeline.collector;
  }

  #limitLines(): void {
    const running = this.#pipeline;
    const limit = this.#options.maximumReceivedObjectSize;
    if (running !== undefined && !running.hasFailed && running.collector.partialLength > limit)
      this.#failTooLarge(running);
  }

  #failTooLarge(pipeline: ScriptPipeline): void {
    if (pipeline.hasFailed) return;
    const limit = this.#options.maximumReceivedObjectSize;
    pipeline.fail(
      new RunspaceError(
        'OBJECT_TOO_LARGE',
        `the command wrote an object of more than MaximumReceivedObjectSize (${limit} bytes); write smaller ones, or raise the limit`,
        { facts: { option: 'MaximumReceivedObjectSize', limit: String(limit) } },
      ),
    );
    this.#stop(pipeline);
  }

  #exited({ code, signal, why }: InterpreterExited): void {
    if (this.#isClosing) return;
    const words = { diagnostics: () => `${why ?? ''}\n${this.#words.diagnostics()}` };
    this.#lost ??= lostError(this.#name, { is: 'exited', code, signal }, words);
    this.#pipeline?.end(lostFinal(this.#lost));
  }
}

function ignoreError(): void {
  // The transport's end tells.
}
