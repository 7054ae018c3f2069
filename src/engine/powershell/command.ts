import { RunspaceError } from '../../core/error';
import type { HostReply } from '../../core/host-reply';
import type { ErrorStreamRecord, FinalRecord, StreamRecord } from '../../core/record';
import type { FinalPipelineState } from '../../core/pipeline-state';
import type { HostCall } from '../../psrp/host-call';
import type { Pipeline } from '../../psrp/pipeline';
import type { WrittenRecord } from '../../psrp/records';
import { hostCallUnknown } from '../host-call-unknown';
import { DisplayReader, type DisplaySpec } from './display';
import { factOf, Host } from './host';
import { answerOf, asksPerson, hostCallRecord } from './host-question';
import { RecordQueue } from './record-queue';
import type { SafeStop } from './safe-stop';
import type { Screen } from './screen';

/** One command, seen from the engine: what PowerShell tells of it becomes records, the last of them the final one. */
export class Command {
  readonly queue = new RecordQueue();
  /** Undefined until the command before it is closed. */
  running: { readonly pipeline: Pipeline; readonly stop: SafeStop } | undefined;
  readonly #host: Host;
  readonly #display: DisplayReader | undefined;
  /** Calls that wait for a person, by their id. */
  readonly #calls = new Map<bigint, HostCall>();
  #failure: RunspaceError | undefined;
  #exitCode: number | undefined;

  constructor(screen: Screen, display: DisplaySpec | undefined) {
    this.#host = new Host(screen);
    this.#display = display === undefined ? undefined : new DisplayReader(display);
  }

  get isFinished(): boolean {
    return this.queue.isFinished;
  }

  /** Its records to the final one, in batches. A consumer that leaves before stops it; `flush` sends what there is to send. */
  async *records(flush: () => void): AsyncGenerator<readonly StreamRecord[]> {
    try {
      for (;;) {
        const records = await this.queue.take();
        yield records;
        if (records.at(-1)?.stream === 'final') return;
      }
    } finally {
      // A consumer that leaves early may invoke again as soon as it has left.
      this.queue.abandon();
      this.stop();
      flush();
      await this.queue.finished;
    }
  }

  /** PowerShell wrote a record. After a failure on our side nothing more is taken. */
  take(record: WrittenRecord): void {
    this.running?.stop.begun();
    this.#host.noteRecord(record);
    const taken = this.#display === undefined ? record : this.#display.read(record);
    if (taken !== undefined) this.add(taken);
  }

  /** Adds a record that PowerShell did not write. */
  add(record: StreamRecord): void {
    if (this.#failure === undefined) this.queue.add(record);
  }

  /** PowerShell told or asked the host something. */
  takeHostCall(call: HostCall): void {
    this.running?.stop.begun();
    if (call.needsResponse) {
      this.#ask(call);
      return;
    }
    const effect = this.#host.take(call);
    if (effect.is === 'record') this.add(effect.record);
    if (effect.is === 'exit') this.#exitCode = effect.code;
  }

  /** Answers a call. Throws HOST_CALL_UNKNOWN, and INVALID_ARGUMENT for an answer that does not fit: then it waits on. */
  respond(callId: bigint, reply: HostReply): void {
    const call = this.#calls.get(callId);
    if (call === undefined || this.running === undefined) throw hostCallUnknown(callId);
    const answer = answerOf(call, reply);
    this.#calls.delete(callId);
    this.running.pipeline.respond(call, answer);
  }

  /** Asks PowerShell to end it; a command that was not sent yet ends at once. */
  stop(): void {
    if (this.isFinished) return;
    if (this.running === undefined) this.#end({ state: 'stopped', reason: stopped() });
    else this.running.stop.request();
  }

  /** Something can't be handed on: the command is to be stopped, and will end as failed. */
  fail(error: RunspaceError): void {
    if (this.#failure !== undefined || this.isFinished) return;
    this.add({
      stream: 'error',
      message: error.message,
      fullyQualifiedErrorId: error.code,
      category: 'InvalidOperation',
    });
    this.#failure = error;
    if (this.running === undefined) this.#end({ state: 'failed', reason: error });
    else this.running.stop.request();
  }

  /** PowerShell's word that it is over. An error that ended it comes as a record first. */
  finish(state: FinalPipelineState, error: ErrorStreamRecord | undefined): void {
    if (state === 'failed' && error !== undefined) this.add(error);
    this.#end(
      this.#failure === undefined ? finalOf(state, error) : { state: 'failed', reason: this.#failure },
    );
  }

  /** Ends it without PowerShell's word. */
  end(final: Pick<FinalRecord, 'state' | 'reason'>): void {
    this.#end(final);
  }

  #ask(call: HostCall): void {
    if (!asksPerson(call.method)) {
      this.running?.pipeline.respond(call, factOf(call));
    } else if (this.queue.isFinished || this.queue.isAbandoned || this.#failure !== undefined) {
      this.running?.pipeline.respond(call, answerOf(call, { is: 'unanswered' }));
    } else {
      this.#calls.set(call.callId, call);
      this.add(hostCallRecord(call));
    }
  }

  #end(final: Pick<FinalRecord, 'state' | 'reason'>): void {
    const exitCode = this.#exitCode === undefined ? {} : { exitCode: this.#exitCode };
    this.#calls.clear();
    this.queue.end({ stream: 'final', ...final, ...exitCode });
  }
}

function finalOf(
  state: FinalPipelineState,
  error: ErrorStreamRecord | undefined,
): Pick<FinalRecord, 'state' | 'reason'> {
  switch (state) {
    case 'completed':
      return { state };
    case 'stopped':
      return { state, reason: stopped() };
    case 'failed':
      return { state, reason: scriptFailed(error) };
  }
}

function stopped(): RunspaceError {
  return new RunspaceError('STOPPED', 'the command was stopped');
}

function scriptFailed(error: ErrorStreamRecord | undefined): RunspaceError {
  const id = error?.fullyQualifiedErrorId;
  const facts = id === undefined ? {} : { fully_qualified_id: id };
  return new RunspaceError('SCRIPT_FAILED', error?.message ?? 'the script failed', { facts });
}
