import { randomUUID } from 'node:crypto';
import { RunspaceError } from '../../core/error';
import type { HostReply } from '../../core/host-reply';
import type { StreamRecord } from '../../core/record';
import { isAtLeast, type ProtocolVersion } from '../../psrp/capability';
import type { ClientEvent } from '../../psrp/events';
import type { HostCall } from '../../psrp/host-call';
import { RunspacePool } from '../../psrp/runspace-pool';
import { isFinalState } from '../../psrp/states';
import type { Transport } from '../../transport/transport';
import type { Engine, EngineEnd, EngineInfo, EngineOptions, Invocation } from '../engine';
import { hostCallUnknown } from '../host-call-unknown';
import { withTimeout } from '../with-timeout';
import { abilitiesAt } from './abilities';
import { answerFrom, type Aside, type AsideAnswer } from './aside';
import { Command } from './command';
import { completeAside, completedNothing, completionsOf } from './complete';
import { deferred } from './deferred';
import {
  asksAtStart,
  closedUnder,
  engineClosed,
  invocationError,
  lostError,
  openFailed,
  openTooSlow,
  readingError,
  runspaceGone,
  tooLarge,
} from './failures';
import { Formatters } from './formatters';
import { Host } from './host';
import { InputFeeder } from './input-feeder';
import { nodeCodec } from './node-codec';
import { prepareSharedKey, sharedKeyCryptography } from './node-cryptography';
import { requireSecureChannel } from './secure-channel';
import { pipelineSpecOf, sendingOf, sendingOfAside, type Sending } from './sending';
import { PoolCalls } from './pool-calls';
import { engineEvent, noise } from './notices';
import { needsPreparation, PreparedCommand } from './prepared-command';
import { checkReset, requireReset, ResetQuestion } from './reset';
import { SafeStop } from './safe-stop';
import { Screen } from './screen';
import { versionIn } from './version-in';

/** How long PowerShell may take to close its runspace, and then to leave. */
const closePatienceMs = 3_000;

/** What the engine is made with. It owns the transport. */
export interface PowerShellEngineSpec {
  readonly transport: Transport;
  readonly options: EngineOptions;
  /** A new lower-case GUID: the runspace's id. */
  readonly runspaceId: string;
  /** The newest version of the protocol to speak. */
  readonly offeredVersion: ProtocolVersion;
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
  readonly #screen = new Screen();
  readonly #host = new Host(this.#screen);
  readonly #poolCalls: PoolCalls;
  readonly #formatters = new Formatters();
  #version = '';
  #phase: Phase = 'its first answer';
  #isOpen = false;
  readonly #opened = deferred<'opened'>();
  readonly #closed = deferred<'closed'>();
  #command: Command | undefined;
  /** The command whose pipelines run, where it takes more than one. */
  #prepared: PreparedCommand | undefined;
  #input: InputFeeder | undefined;
  /** Starts the command that waits until the one before it is closed. */
  #startNext: (() => void) | undefined;
  #openPipelineId: string | undefined;
  #reset: ResetQuestion | undefined;
  /** What must be there before more is read. */
  #awaited: Promise<void> | undefined;
  #isLeaving = false;
  #lost: RunspaceError | undefined;

  /** Writes what the protocol has to send; the gates of psrp bound how much that is. */
  readonly #flush = (): void => {
    const bytes = this.#pool.dataToSend();
    if (bytes !== undefined) this.#transport.write(bytes).catch(ignoreError);
  };

  constructor({ transport, options, runspaceId, offeredVersion }: PowerShellEngineSpec) {
    this.#transport = transport;
    this.#options = options;
    this.#pool = new RunspacePool({
      codec: nodeCodec,
      cryptography: sharedKeyCryptography,
      id: runspaceId,
      offeredVersion,
      maximumObjectSize: options.maximumReceivedObjectSize,
      minRunspaces: 1,
      maxRunspaces: 1,
      host: this.#screen.hostInfo(undefined),
      applicationArguments: options.applicationArguments,
    });
    this.#poolCalls = new PoolCalls({ pool: this.#pool, onHostCall: options.onHostCall, flush: this.#flush });
    this.ended = this.#pump();
  }

  get info(): EngineInfo {
    return {
      engine: 'powershell',
      version: this.#version,
      runspaceId: this.#pool.id,
      processId: this.#transport.processId,
      abilities: abilitiesAt(this.#pool.version),
    };
  }

  /** Waits until the runspace is open. Rejects with ENGINE_START_FAILED or ENGINE_TIMEOUT. */
  async open(): Promise<void> {
    this.#pool.open();
    this.#flush();
    const { openTimeoutMs } = this.#options;
    const outcome = await withTimeout(Promise.race([this.#opened.promise, this.ended]), openTimeoutMs);
    if (outcome === 'opened') return;
    if (outcome === undefined) throw openTooSlow(this.#transport, { openTimeoutMs, phase: this.#phase });
    throw await openFailed(this.#transport, this.#lost);
  }

  invoke(invocation: Invocation): AsyncIterable<readonly StreamRecord[]> {
    this.#requireIdle('the engine is running another command');
    this.#prepared = undefined;
    const fitting = this.#formatters.fit(invocation);
    if (!needsPreparation(fitting, this.#formatters)) return this.#run(sendingOf(fitting, []));
    this.#prepared = new PreparedCommand(fitting, {
      formatters: this.#formatters,
      ask: (aside) => this.#ask(aside),
      run: (sending) => this.#run(sending),
      stopRunning: () => {
        this.#stopRunning();
      },
    });
    return this.#prepared.records();
  }

  respond(callId: bigint, reply: HostReply): void {
    if (this.#command === undefined) throw hostCallUnknown(callId);
    this.#command.respond(callId, reply);
    this.#flush();
  }

  stop(): void {
    if (this.#prepared === undefined) this.#stopRunning();
    else this.#prepared.stop();
  }

  async complete(input: { readonly text: string; readonly cursor: number }, timeoutMs: number) {
    this.#requireIdle('the engine is running a command');
    this.#prepared = undefined;
    const answer = await withTimeout(this.#ask(completeAside(input)), timeoutMs);
    if (answer !== undefined) return completionsOf(answer, input.cursor);
    this.#stopRunning();
    throw completedNothing(timeoutMs);
  }

  async reset(timeoutMs: number): Promise<void> {
    this.#requireIdle('the engine is running a command');
    requireReset(this.#pool.version);
    const question = new ResetQuestion();
    this.#reset = question;
    // PowerShell refuses while a pipeline is open.
    this.#startNext = () => {
      if (this.#lost === undefined && !this.#isLeaving) question.sent(this.#pool.reset());
      this.#flush();
    };
    if (this.#openPipelineId === undefined) this.#goOn();
    const ended = this.ended.then(() => 'ended' as const);
    const outcome = await withTimeout(Promise.race([question.answered, ended]), timeoutMs);
    // A question that was never sent must not be sent after its time.
    if (outcome === undefined) this.#startNext = undefined;
    checkReset(outcome, { timeoutMs, lost: this.#lost });
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
    this.#endCommand({ state: 'stopped', reason: closedUnder() });
  }

  #requireIdle(message: string): void {
    if (this.#command?.isFinished === false || this.#prepared?.isActive === true)
      throw new RunspaceError('SESSION_BUSY', message);
  }

  #stopRunning(): void {
    this.#command?.stop();
    this.#flush();
  }

  #ask(aside: Aside): Promise<AsideAnswer> {
    return answerFrom(this.#run(sendingOfAside(aside, randomUUID())));
  }

  #run(sending: Sending): AsyncGenerator<readonly StreamRecord[]> {
    const command = new Command(this.#screen, sending.display);
    this.#command = command;
    this.#input = undefined;
    this.#startNext = () => {
      this.#start(command, sending);
    };
    const isOver = this.#lost !== undefined || this.#isLeaving;
    if (this.#openPipelineId === undefined || isOver) this.#goOn();
    return command.records(this.#flush);
  }

  /** Starts what waits, now that no pipeline is open. */
  #goOn(): void {
    const start = this.#startNext;
    this.#startNext = undefined;
    start?.();
  }

  #start(command: Command, sending: Sending): void {
    if (command.isFinished) return;
    if (this.#lost !== undefined || this.#isLeaving) {
      command.end({ state: 'failed', reason: this.#lost ?? engineClosed() });
      return;
    }
    const { pipelineId, input } = sending;
    try {
      const pipeline = this.#pool.createPipeline(pipelineId, pipelineSpecOf(sending, this.#screen));
      command.running = { pipeline, stop: new SafeStop(this.#pool, pipeline) };
      this.#openPipelineId = pipelineId;
    } catch (thrown) {
      command.end({ state: 'failed', reason: invocationError(thrown) });
      return;
    }
    this.#flush();
    if (input === undefined) return;
    const { pipeline } = command.running;
    this.#input = new InputFeeder({ input, command, pipeline, flush: this.#flush });
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
    if (this.#awaited === undefined) return;
    await this.#awaited;
    this.#awaited = undefined;
  }

  #handle(event: ClientEvent): void {
    switch (event.type) {
      case 'record':
        if (event.pipelineId === this.#openPipelineId) this.#command?.take(event.record);
        else this.#options.onNotice(event.record);
        return;
      case 'pipelineHostCall':
        if (event.pipelineId === this.#openPipelineId) this.#command?.takeHostCall(event.call);
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
        requireSecureChannel(this.#options.applicationArguments, event.version);
        this.#phase = 'the runspace to open';
        if (!isAtLeast(event.version, '2.4')) this.#awaited = prepareSharedKey();
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
        this.#options.onNotice(engineEvent(event.value));
        return;
      case 'availability':
        this.#command?.running?.stop.answered(event.callId, event.answer);
        this.#reset?.take(event.callId, event.answer);
        return;
      case 'publicKeyRequested':
      case 'sessionKey':
        return;
    }
  }

  #handlePoolHostCall(call: HostCall): void {
    if (call.needsResponse && !this.#isOpen) throw asksAtStart(call.method);
    if (call.needsResponse) {
      this.#poolCalls.ask(call);
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
    throw runspaceGone({ state, wasOpen: this.#isOpen, why: error?.message });
  }

  /** Something wrote past the protocol to the engine's standard output. */
  #handleNoise(text: string): void {
    if (text.trim() === '') return;
    if (this.#command?.isFinished === false) this.#command.add(noise(text));
    else this.#options.onNotice(noise(text));
  }

  #endCommand(final: { readonly state: 'stopped' | 'failed'; readonly reason: RunspaceError }): void {
    this.#command?.end(final);
    void this.#input?.leave();
  }
}

function ignoreError(): void {
  // The transport's end tells.
}
