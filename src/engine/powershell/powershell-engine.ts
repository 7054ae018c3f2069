import { RunspaceError } from '../../core/error';
import type { StreamRecord } from '../../core/record';
import type { Value } from '../../core/value';
import { entryOf, textOf } from '../../psrp/clixml/properties';
import { scriptPipeline } from '../../psrp/create-pipeline';
import type { ClientEvent } from '../../psrp/events';
import type { HostCall } from '../../psrp/host-call';
import { RunspacePool } from '../../psrp/runspace-pool';
import { isFinalState } from '../../psrp/states';
import type { Transport } from '../../transport/transport';
import type { Engine, EngineEnd, EngineInfo, EngineOptions, Invocation } from '../engine';
import { Command } from './command';
import { describeEnd, invocationError, lastWords, lostError, readingError } from './failures';
import { answerOf, Host } from './host';
import { InputFeeder } from './input-feeder';
import { nodeCodec } from './node-codec';
import { SafeStop } from './safe-stop';
import { holdsSecureString, secureStringUnsupported } from './secrets';

/** How long PowerShell may take to close its runspace, and then to leave. */
const closePatienceMs = 3_000;

/** What the engine is made with. It owns the transport. */
export interface PowerShellEngineSpec {
  readonly transport: Transport;
  readonly options: EngineOptions;
  /** A new lower-case GUID: the runspace's id. */
  readonly runspaceId: string;
}

/** How far opening has come; what an error names when it goes no further. */
type Phase = 'its first answer' | 'the runspace to open';

/**
 * PowerShell behind a transport. One loop reads it for as long as it lives and waits for the consumer of the running
 * command before it reads on; everything that is to be sent goes out after what was read has been handled.
 */
export class PowerShellEngine implements Engine {
  readonly ended: Promise<EngineEnd>;
  readonly #transport: Transport;
  readonly #options: EngineOptions;
  readonly #pool: RunspacePool;
  readonly #host = new Host();
  #version = '';
  #phase: Phase = 'its first answer';
  #isOpen = false;
  readonly #opened = deferred<'opened'>();
  readonly #closed = deferred<'closed'>();
  #command: Command | undefined;
  #input: InputFeeder | undefined;
  /** Starts the command that waits until the one before it is closed. */
  #startNext: (() => void) | undefined;
  #openPipelineId: string | undefined;
  #isLeaving = false;
  #lost: RunspaceError | undefined;

  constructor({ transport, options, runspaceId }: PowerShellEngineSpec) {
    this.#transport = transport;
    this.#options = options;
    this.#pool = new RunspacePool({
      codec: nodeCodec,
      id: runspaceId,
      offeredVersion: '2.4',
      maximumObjectSize: options.maximumReceivedObjectSize,
      minRunspaces: 1,
      maxRunspaces: 1,
      host: { is: 'text' },
      applicationArguments: options.applicationArguments,
    });
    this.ended = this.#pump();
  }

  get info(): EngineInfo {
    return {
      engine: 'powershell',
      version: this.#version,
      runspaceId: this.#pool.id,
      processId: this.#transport.processId,
    };
  }

  /** Waits until the runspace is open. Rejects with ENGINE_START_FAILED or ENGINE_TIMEOUT. */
  async open(): Promise<void> {
    this.#pool.open();
    this.#flush();
    const { openTimeoutMs } = this.#options;
    const outcome = await withTimeout(Promise.race([this.#opened.promise, this.ended]), openTimeoutMs);
    if (outcome === 'opened') return;
    if (outcome === undefined) {
      const waited = `waited ${openTimeoutMs} ms (OpenTimeout) for ${this.#phase}`;
      throw new RunspaceError('ENGINE_TIMEOUT', `the powershell engine did not open: ${waited}`, {
        facts: { option: 'OpenTimeout', phase: this.#phase },
      });
    }
    const lost = this.#lost;
    if (lost?.code === 'ENGINE_PROTOCOL_ERROR' || lost?.code === 'ENGINE_START_FAILED') throw lost;
    const end = describeEnd(await this.#transport.ended);
    const cause = lost === undefined ? {} : { cause: lost };
    throw new RunspaceError(
      'ENGINE_START_FAILED',
      `the powershell engine ended before it opened: ${end}${lastWords(this.#transport)}`,
      cause,
    );
  }

  invoke(invocation: Invocation): AsyncIterable<readonly StreamRecord[]> {
    if (this.#command?.isFinished === false) {
      throw new RunspaceError('SESSION_BUSY', 'the engine is running another command');
    }
    const command = new Command();
    this.#command = command;
    this.#input = undefined;
    this.#startNext = () => {
      this.#start(command, invocation);
    };
    const isOver = this.#lost !== undefined || this.#isLeaving;
    if (this.#openPipelineId === undefined || isOver) this.#goOn();
    return this.#recordsOf(command);
  }

  stop(): void {
    this.#command?.stop();
    this.#flush();
  }

  async close(): Promise<void> {
    this.#leave();
    this.#pool.close();
    this.#flush();
    await withTimeout(Promise.race([this.#closed.promise, this.ended]), closePatienceMs);
    this.#transport.end();
    await withTimeout(this.ended, closePatienceMs);
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
    await this.#transport[Symbol.asyncDispose]();
    await this.ended;
  }

  #leave(): void {
    this.#isLeaving = true;
    const reason = new RunspaceError('STOPPED', 'the command was stopped: its session is closed');
    this.#endCommand({ state: 'stopped', reason });
  }

  /** Starts what waits, now that no pipeline is open. */
  #goOn(): void {
    const start = this.#startNext;
    this.#startNext = undefined;
    start?.();
  }

  #start(command: Command, invocation: Invocation): void {
    if (command.isFinished) return;
    if (this.#lost !== undefined || this.#isLeaving) {
      const reason = this.#lost ?? new RunspaceError('ENGINE_LOST', 'the engine is closed');
      command.end({ state: 'failed', reason });
      return;
    }
    const { pipelineId, script, newScope, input } = invocation;
    try {
      this.#requireSendable(invocation.arguments.map((argument) => argument.value));
      const spec = scriptPipeline(
        {
          script,
          arguments: invocation.arguments,
          hasInput: input !== undefined,
          host: { is: 'text' },
          ...(newScope ? { useLocalScope: true } : {}),
        },
        nodeCodec,
      );
      const pipeline = this.#pool.createPipeline(pipelineId, spec);
      command.running = { pipeline, stop: new SafeStop(this.#pool, pipeline) };
      this.#openPipelineId = pipelineId;
    } catch (thrown) {
      command.end({ state: 'failed', reason: invocationError(thrown) });
      return;
    }
    this.#flush();
    if (input === undefined) return;
    const flush = (): void => {
      this.#flush();
    };
    const check = (item: Value): void => {
      this.#requireSendable([item]);
    };
    this.#input = new InputFeeder({ input, check, command, pipeline: command.running.pipeline, flush });
  }

  #requireSendable(values: readonly Value[]): void {
    const { version } = this.#pool;
    if (version === undefined || version === '2.4' || !values.some(holdsSecureString)) return;
    throw secureStringUnsupported(version);
  }

  async *#recordsOf(command: Command): AsyncGenerator<readonly StreamRecord[]> {
    try {
      for (;;) {
        const records = await command.queue.take();
        yield records;
        if (records.at(-1)?.stream === 'final') return;
      }
    } finally {
      // A consumer that leaves early may invoke again as soon as it has left.
      command.queue.abandon();
      command.stop();
      this.#flush();
      await command.queue.finished;
    }
  }

  /** Reads for as long as there is an engine. */
  async #pump(): Promise<EngineEnd> {
    try {
      for await (const chunk of this.#transport.output) await this.#take(chunk);
    } catch (thrown) {
      this.#lost = readingError(thrown, this.#transport);
      await this.#transport[Symbol.asyncDispose]();
    }
    const end = await this.#transport.ended;
    if (this.#isLeaving) return { is: 'closed' };
    this.#lost ??= lostError(end, this.#transport);
    this.#endCommand({ state: 'failed', reason: this.#lost });
    return { is: 'lost', error: this.#lost };
  }

  async #take(chunk: Uint8Array): Promise<void> {
    this.#pool.receiveData(chunk);
    for (let event = this.#pool.nextEvent(); event !== undefined; event = this.#pool.nextEvent()) {
      this.#handle(event);
    }
    this.#flush();
    this.#input?.progress();
    await this.#command?.queue.taken();
  }

  #handle(event: ClientEvent): void {
    switch (event.type) {
      case 'record':
        if (event.pipelineId === this.#openPipelineId) this.#command?.take(event.record);
        else this.#options.onNotice(event.record);
        return;
      case 'pipelineHostCall':
        if (event.pipelineId === this.#openPipelineId) this.#handleHostCall(event.call);
        else this.#handlePoolHostCall(event.call);
        return;
      case 'pipelineState':
        if (event.pipelineId !== this.#openPipelineId || !isFinalState(event.state)) return;
        this.#command?.finish(event.state, event.error);
        void this.#input?.leave();
        return;
      case 'pipelineClosed':
        this.#openPipelineId = undefined;
        this.#goOn();
        return;
      case 'objectTooLarge':
        this.#command?.fail(tooLarge(event.limit));
        return;
      case 'noise':
        this.#handleNoise(event.text);
        return;
      case 'negotiated':
        this.#phase = 'the runspace to open';
        return;
      case 'applicationPrivateData':
        this.#version = versionIn(event.data);
        return;
      case 'poolState':
        this.#handlePoolState(event);
        return;
      case 'poolClosed':
        this.#closed.resolve('closed');
        return;
      case 'poolHostCall':
        this.#handlePoolHostCall(event.call);
        return;
      case 'userEvent':
        this.#options.onNotice({
          stream: 'information',
          value: event.value,
          message: 'engine event',
          tags: ['event'],
        });
        return;
      case 'availability':
        this.#command?.running?.stop.answered(event.callId, event.answer);
        return;
      case 'publicKeyRequested':
      case 'sessionKey':
        return;
    }
  }

  #handleHostCall(call: HostCall): void {
    if (call.needsResponse) this.#command?.running?.pipeline.respond(call, answerOf(call));
    else this.#command?.takeHostCall(call);
  }

  #handlePoolHostCall(call: HostCall): void {
    if (call.needsResponse) {
      this.#pool.respond(call, answerOf(call));
      return;
    }
    const effect = this.#host.take(call);
    if (effect.is === 'record') this.#options.onNotice(effect.record);
  }

  #handlePoolState({ state, error }: Extract<ClientEvent, { type: 'poolState' }>): void {
    if (state === 'opened') {
      this.#isOpen = true;
      this.#opened.resolve('opened');
    }
    if (this.#isLeaving || (state !== 'closed' && state !== 'broken')) return;
    const reason = error === undefined ? '' : `: ${error.message}`;
    throw this.#isOpen
      ? new RunspaceError(
          'ENGINE_LOST',
          `the powershell engine's runspace is ${state}${reason}; open a new session`,
        )
      : new RunspaceError('ENGINE_START_FAILED', `the powershell engine refused to open a runspace${reason}`);
  }

  /** Something wrote past the protocol to the engine's standard output. */
  #handleNoise(text: string): void {
    if (text.trim() === '') return;
    const record = {
      stream: 'warning',
      message: `written to the engine's standard output: ${text}`,
    } as const;
    if (this.#command?.isFinished === false) this.#command.add(record);
    else this.#options.onNotice(record);
  }

  #endCommand(final: { readonly state: 'stopped' | 'failed'; readonly reason: RunspaceError }): void {
    this.#command?.end(final);
    void this.#input?.leave();
  }

  /** Writes what the protocol has to send; the gates of psrp bound how much that is. */
  #flush(): void {
    const bytes = this.#pool.dataToSend();
    if (bytes !== undefined) this.#transport.write(bytes).catch(ignoreError);
  }
}

function ignoreError(): void {
  // The transport's end tells.
}

function tooLarge(limit: number): RunspaceError {
  return new RunspaceError(
    'OBJECT_TOO_LARGE',
    `the command wrote an object of more than MaximumReceivedObjectSize (${limit} bytes); write smaller ones, or raise the limit`,
    { facts: { option: 'MaximumReceivedObjectSize', limit: String(limit) } },
  );
}

function versionIn(privateData: Value): string {
  return textOf(entryOf(entryOf(privateData, 'PSVersionTable'), 'PSVersion')) ?? '';
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Undefined: it took too long. */
async function withTimeout<Result>(result: Promise<Result>, timeoutMs: number): Promise<Result | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined);
    }, timeoutMs);
  });
  try {
    return await Promise.race([result, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
