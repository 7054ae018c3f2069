import {
  FinalState,
  type Pipeline,
  type RunspaceClient,
  type SessionRecord,
  type ValueStyle,
} from '../typescript';
import type { Context } from './context';
import { exitCodeOfReason, exitCodes } from './exit-code';
import { BrokenPipe } from './failure';
import { Interrupts, type Interruption } from './interrupts';
import { recordPrinter } from './output/records';
import { resumeCommand } from './resume';

/** A command whose records are to be shown. */
export interface Showing {
  readonly context: Context;
  readonly client: RunspaceClient;
  /** The session as the user names it. */
  readonly session: string;
  /** Begins to read; leaves when the signal says so. */
  readonly open: (leave: AbortSignal) => Promise<Pipeline>;
  /** What the first Ctrl-C does. */
  readonly onInterrupt: 'stop' | 'leave';
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
    return await shown.toEnd();
  } catch (error) {
    if (!isLeaving(error, leave.signal)) {
      if (pipeline.id !== undefined) await shown.sayHowToResume();
      throw error;
    }
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
  #hasSaidError = false;

  constructor(showing: Showing, pipeline: Pipeline) {
    this.#showing = showing;
    this.#pipeline = pipeline;
  }

  async toEnd(): Promise<number> {
    const { context, client } = this.#showing;
    const printer = recordPrinter(await context.format('table'), {
      terminal: context.terminal,
      style: styleOnce(client),
    });
    let final: Final | undefined;
    for await (const batch of this.#pipeline.batches()) {
      const last = this.#pipeline.lastSequence;
      await printer.show(batch);
      this.#written = last;
      final = batch.find((record) => record.stream === 'final') ?? final;
      this.#hasSaidError ||= batch.some(({ stream }) => stream === 'error');
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
    const isText = (await context.format('table')) === 'table';
    const usesOwn = context.has('exit-code') && exitCode !== undefined;
    if (isText && problem !== undefined && !(problem.reason === 'SCRIPT_FAILED' && this.#hasSaidError)) {
      await context.terminal.note(`runspace: ${problem.message === '' ? problem.reason : problem.message}\n`);
    }
    if (isText && exitCode !== undefined && exitCode !== 0 && !usesOwn) {
      await context.terminal.note(`runspace: the script ended with exit code ${String(exitCode)}\n`);
    }
    return usesOwn ? exitCode & 0xff : this.#exitCodeOf(state, problem?.reason);
  }

  #exitCodeOf(state: FinalState, reason: string | undefined): number {
    if (state === FinalState.FINAL_STATE_COMPLETED) return exitCodes.ok;
    if (state === FinalState.FINAL_STATE_STOPPED && this.#isStopping) return exitCodes.interrupted;
    return exitCodeOfReason(reason ?? '') === exitCodes.timedOut ? exitCodes.timedOut : exitCodes.failed;
  }
}

/** The engine decides how values are written; the daemon is asked once. */
function styleOnce(client: RunspaceClient): (sessionId: string) => Promise<ValueStyle> {
  let style: Promise<ValueStyle> | undefined;
  return (sessionId) => (style ??= styleOf(client, sessionId));
}

async function styleOf(client: RunspaceClient, sessionId: string): Promise<ValueStyle> {
  try {
    const { info } = await client.sessions.get(sessionId, { timeoutMs: 5_000 });
    return info.engine === 'powershell' ? 'powershell' : 'script';
  } catch {
    return 'powershell'; // The session was removed meanwhile; its records are still to be shown.
  }
}
