import {
  FinalState,
  type InvokeOptions,
  type OutputTextFormat,
  type Pipeline,
  type RunspaceClient,
  type SessionRecord,
} from '../typescript';
import type { Context } from './context';
import { exitCodeOfReason, exitCodes } from './exit-code';
import { BrokenPipe } from './failure';
import { CallAnswerer, type CallAnswererParts } from './host-calls';
import { Interrupts, type Interruption } from './interrupts';
import type { RecordFormat } from './flags';
import { recordPrinter } from './output/records';
import { valueStyles } from './output/value-styles';
import { textFormatOf } from './output/value-texts';
import { resumeCommand } from './resume';
import type { SavedStreams } from './saved-streams';

/** A command whose records are to be shown. */
export interface Showing {
  readonly context: Context;
  readonly client: RunspaceClient;
  /** The session as the user names it. */
  readonly session: string;
  /** Begins to read; leaves when the signal says so. */
  readonly open: (leave: AbortSignal) => Promise<Pipeline>;
  /** Files that get records too. */
  readonly saved?: SavedStreams;
  /** What the first Ctrl-C does. */
  readonly onInterrupt: 'stop' | 'leave';
  /** What becomes of questions where there is no terminal to ask them on. */
  readonly unattended: CallAnswererParts['unattended'];
  /** As at a shell's prompt: an exit code is passed on and not spoken of. */
  readonly isShell?: boolean;
}

type FinalOf<Record> = Record extends { readonly stream: 'final' } ? Record : never;
type Final = FinalOf<SessionRecord>;

/** Shows a command's records to their end and gives the exit code. Says how to go on reading when it has to leave. */
export async function showPipeline(showing: Showing): Promise<number> {
  const leave = new AbortController();
  const pipeline = await showing.open(leave.signal);
  const shown = new Shown(showing, pipeline);
  using interrupts = new Interrupts((interruption) => shown.interrupt(interruption, leave));
  try {
    return await shown.toEnd(leave);
  } catch (error) {
    if (!isLeaving(error, leave.signal)) {
      if (pipeline.id !== undefined) await shown.sayHowToResume();
      throw error;
    }
    if (shown.isUnanswered) return exitCodes.noAnswer;
    await shown.sayHowToResume();
    return error instanceof BrokenPipe ? exitCodes.ok : exitCodes.interrupted;
  } finally {
    leave.abort();
  }
}

function isLeaving(error: unknown, signal: AbortSignal): boolean {
  return error instanceof BrokenPipe || (signal.aborted && error === signal.reason);
}

class Shown {
  readonly #showing: Showing;
  readonly #pipeline: Pipeline;
  /** Number of the last record that was written out. */
  #written: bigint | undefined;
  #isStopping = false;
  #isUnanswered = false;
  /** The message of the last error that was shown. */
  #lastError: string | undefined;

  constructor(showing: Showing, pipeline: Pipeline) {
    this.#showing = showing;
    this.#pipeline = pipeline;
  }

  /** Whether the command was left since it asks what nobody is there to answer. */
  get isUnanswered(): boolean {
    return this.#isUnanswered;
  }

  async toEnd(leave: AbortController): Promise<number> {
    const { context, client } = this.#showing;
    using answerer = this.#answerer(leave);
    const printer = recordPrinter(await context.recordFormat('table'), {
      terminal: context.terminal,
      style: valueStyles(client),
    });
    let final: Final | undefined;
    for await (const batch of this.#pipeline.batches()) {
      const last = this.#pipeline.lastSequence;
      await answerer.settle(batch);
      const calls = this.#pipeline.waitingCalls(batch);
      answerer.prepare(calls);
      this.#showing.saved?.save(batch);
      await printer.show(batch);
      this.#written = last;
      answerer.take(calls);
      final = batch.find((record) => record.stream === 'final') ?? final;
      this.#lastError = batch.findLast((record) => record.stream === 'error')?.message ?? this.#lastError;
    }
    await printer.finish();
    return final === undefined ? exitCodes.ok : await this.#conclude(final);
  }

  /** Ctrl-C stops the command where that is meant, once; whatever comes next leaves. */
  interrupt(interruption: Interruption, leave: AbortController): void {
    const stops = interruption === 'interrupt' && this.#showing.onInterrupt === 'stop' && !this.#isStopping;
    if (!stops) {
      leave.abort();
      return;
    }
    this.#isStopping = true;
    this.#stop().catch(() => {
      leave.abort(); // The stop could not be delivered; the command may go on.
    });
  }

  #answerer(leave: AbortController): CallAnswerer {
    return new CallAnswerer({
      ...this.#showing,
      pipeline: this.#pipeline,
      interrupted: () => {
        this.interrupt('interrupt', leave);
      },
      leave: () => {
        this.#isUnanswered = true;
        leave.abort();
      },
    });
  }

  async sayHowToResume(): Promise<void> {
    const { context, session } = this.#showing;
    const after = this.#written ?? this.#pipeline.snapshot?.afterSequence ?? 0n;
    const command = resumeCommand(context, { session, pipeline: this.#pipeline.id, after });
    await context.terminal.note(`runspace: the command goes on; to go on reading: ${command}\n`);
  }

  async #stop(): Promise<void> {
    const { context, session } = this.#showing;
    const { problem } = await this.#pipeline.stop();
    if (problem === undefined) return;
    const remedy = `Ctrl-C again leaves it; runspace stop ${session} --force ends the engine`;
    await context.terminal.note(`runspace: ${problem.message}; ${remedy}\n`);
  }

  async #conclude({ state, problem, exitCode }: Final): Promise<number> {
    const { context } = this.#showing;
    const isText = isTextFormat(await context.recordFormat('table'));
    const passesOn = this.#showing.isShell === true || context.has('exit-code');
    const usesOwn = passesOn && exitCode !== undefined;
    if (isText && problem !== undefined && !this.#hasSaid(problem)) {
      await context.terminal.note(`runspace: ${problem.message === '' ? problem.reason : problem.message}\n`);
    }
    if (isText && exitCode !== undefined && exitCode !== 0 && !usesOwn) {
      await context.terminal.note(`runspace: the script ended with exit code ${String(exitCode)}\n`);
    }
    return usesOwn ? exitCode & 0xff : this.#exitCodeOf(state, problem?.reason);
  }

  /** Whether an error record said already why the command failed. */
  #hasSaid({ reason, message }: NonNullable<Final['problem']>): boolean {
    return this.#lastError !== undefined && (reason === 'SCRIPT_FAILED' || message === this.#lastError);
  }

  #exitCodeOf(state: FinalState, reason: string | undefined): number {
    if (state === FinalState.FINAL_STATE_COMPLETED) return exitCodes.ok;
    if (state === FinalState.FINAL_STATE_STOPPED && this.#isStopping) return exitCodes.interrupted;
    return exitCodeOfReason(reason ?? '') === exitCodes.timedOut ? exitCodes.timedOut : exitCodes.failed;
  }
}

/** The form of output values that the daemon is asked for. */
export async function formatOption(context: Context): Promise<{ readonly format?: OutputTextFormat }> {
  const format = textFormatOf(await context.recordFormat('table'));
  return format === undefined ? {} : { format };
}

/** What PowerShell fills where it knows of no terminal. */
const widthWithoutTerminal = 120;

/** Output for people is laid out by the engine, where it can. */
export async function displayOption(context: Context): Promise<Pick<InvokeOptions, 'display'>> {
  if ((await context.recordFormat('table')) !== 'table') return {};
  return { display: { columns: context.terminal.size?.columns ?? widthWithoutTerminal } };
}

/** Whether notices and errors stand beside the output as text. */
function isTextFormat(format: RecordFormat): boolean {
  return ['table', 'clixml', 'values'].includes(format);
}
