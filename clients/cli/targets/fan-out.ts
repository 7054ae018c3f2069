import {
  FinalState,
  RunspaceError,
  type CreateOptions,
  type InvokeOptions,
  type Pipeline,
  type RunspaceClient,
  type Session,
  type SessionRecord,
} from '../../typescript';
import type { Context } from '../context';
import { exitCodeOfReason, exitCodes } from '../exit-code';
import { Interrupts } from '../interrupts';
import { openSession } from '../open-session';
import { GatherPrinter, type GatherSpec } from './gather-printer';
import { exitCodeOfOutcomes, type Outcome } from './outcomes';
import { valueStyles } from '../output/value-styles';
import { recordPrinter, type RecordPrinter } from '../output/records';
import type { SavedStreams } from '../saved-streams';

/** One of the targets of a command. */
export interface FanTarget {
  /** As errors and output name it. */
  readonly name: string;
  /** A session that is there … */
  readonly session?: string;
  /** … or what one is made with, for this command only. */
  readonly create?: CreateOptions;
}

/** One command on many targets. */
export interface FanOut {
  readonly context: Context;
  readonly client: RunspaceClient;
  readonly targets: readonly FanTarget[];
  /** Targets that were named and are not there: told already. */
  readonly missing: number;
  readonly script: string;
  readonly options: InvokeOptions;
  /** How a command is read; left out: it is invoked. */
  readonly open?: (session: string, signal: AbortSignal) => Pipeline;
  readonly saved: SavedStreams;
  /** Targets at a time. */
  readonly throttle: number;
  /** What is shown before what each writes: sessions may be at one and the same target. */
  readonly names: 'target' | 'session';
}

/**
 * Runs the command on all targets, at most so many at a time, started in their order, and shows records as they come. A
 * target that fails delays and ends no other. The exit code says how many failed.
 */
export async function runFanOut(fan: FanOut): Promise<number> {
  const { context, client, targets, throttle } = fan;
  const stopping = new AbortController();
  const leaving = new AbortController();
  using interrupts = new Interrupts(() => {
    if (stopping.signal.aborted) leaving.abort();
    else stopping.abort();
  });
  const isHidden = context.has('hide-computer-name') || targets.length + fan.missing === 1;
  const spec = {
    terminal: context.terminal,
    style: valueStyles(client),
    names: isHidden ? ('hidden' as const) : fan.names,
  };
  const live = recordPrinter(await context.recordFormat('table'), spec);
  const printer = inTurns(
    isGathered(context) ? new GatherPrinter({ ...spec, live, ...gathering(fan) }) : live,
  );
  const outcomes: Outcome[] = [];
  const waiting = targets.entries();
  const work = async (): Promise<void> => {
    for (const [index, target] of waiting) {
      if (stopping.signal.aborted) outcomes[index] = 'stopped';
      else
        outcomes[index] = await runOn(target, fan, {
          printer,
          stopping: stopping.signal,
          leaving: leaving.signal,
        });
    }
  };
  await Promise.all(Array.from({ length: Math.min(throttle, targets.length) }, work));
  await printer.finish();
  return exitCodeOfOutcomes([
    ...outcomes,
    ...Array.from({ length: fan.missing }, () => 'unanswered' as const),
  ]);
}

interface Running {
  readonly printer: RecordPrinter;
  readonly stopping: AbortSignal;
  readonly leaving: AbortSignal;
}

async function runOn(target: FanTarget, fan: FanOut, running: Running): Promise<Outcome> {
  const { context, client } = fan;
  let made: Session | undefined;
  try {
    made = target.create === undefined ? undefined : await openSession(context, client, target.create);
    const session = made?.id ?? target.session ?? '';
    const invoke: FanOut['open'] = (id, signal) =>
      client.pipelines.invoke(id, fan.script, { ...fan.options, signal });
    return await showOne((fan.open ?? invoke)(session, running.leaving), fan, running);
  } catch (error) {
    if (running.leaving.aborted) return 'stopped';
    if (!(error instanceof RunspaceError)) throw error;
    await context.terminal.note(`runspace: ${target.name}: ${error.reason}: ${error.message}\n`);
    return outcomeOf(error.reason);
  } finally {
    // Also where the opening failed or the command goes on: nobody will come back to it.
    await made?.remove().catch(() => undefined);
  }
}

async function showOne(pipeline: Pipeline, { saved, open }: FanOut, running: Running): Promise<Outcome> {
  const stop = (): void => {
    if (open !== undefined) return; // Only read: whoever leaves ends nothing.
    pipeline.stop().catch(() => undefined); // A command that is over needs no stop; its end is on its way.
  };
  running.stopping.addEventListener('abort', stop, { once: true });
  // Of what is only read nothing may be left.
  let outcome: Outcome = open === undefined ? 'failed' : 'succeeded';
  try {
    for await (const batch of pipeline.batches()) {
      saved.save(batch);
      await running.printer.show(batch);
      outcome = batch.map(finalOutcome).find((each) => each !== undefined) ?? outcome;
    }
    return outcome;
  } finally {
    running.stopping.removeEventListener('abort', stop);
  }
}

function finalOutcome(record: SessionRecord): Outcome | undefined {
  if (record.stream !== 'final') return undefined;
  if (record.state === FinalState.FINAL_STATE_COMPLETED) return 'succeeded';
  if (record.state === FinalState.FINAL_STATE_STOPPED) return 'stopped';
  return exitCodeOfReason(record.problem?.reason ?? '') === exitCodes.timedOut ? 'timedOut' : 'failed';
}

function outcomeOf(reason: string): Outcome {
  const code = exitCodeOfReason(reason);
  if (code === exitCodes.noAnswer) return 'unanswered';
  return code === exitCodes.timedOut ? 'timedOut' : 'failed';
}

function isGathered(context: Context): boolean {
  return context.has('gather') || context.has('diff');
}

function gathering({ context, names }: FanOut): Pick<GatherSpec, 'nameOf' | 'onlyDifferent'> {
  const nameOf = (record: SessionRecord): string =>
    names === 'session' ? record.sessionName : record.PSComputerName;
  return { nameOf, onlyDifferent: context.has('diff') };
}

/** Batches of several targets come at once, and are shown one after the other. */
function inTurns(printer: RecordPrinter): RecordPrinter {
  let last: Promise<void> = Promise.resolve();
  return {
    show: (batch) => {
      last = last.then(() => printer.show(batch));
      return last;
    },
    finish: () => last.then(() => printer.finish()),
  };
}
