import { RunspaceError, type Session, type SessionRecord } from '../../typescript';
import { exitCodes } from '../exit-code';
import { Interrupts, type Interruption } from '../interrupts';
import { canAsk } from '../keyboard';
import { openSession } from '../open-session';
import type { RecordPrinter } from '../output/records';
import type { FanOut, FanTarget } from './fan';
import { goOnAsJob, type Left } from './go-on-as-job';
import { askWhatToDo } from './interrupt-menu';
import { keepLastRun } from './last-run';
import { exitCodeOfOutcomes, outcomeOfError, outcomeOfRecord, summaryOf, type Outcome } from './outcomes';
import { RunStatus } from './run-status';
import { targetPrinter } from './target-printer';

/**
 * Runs the command on all targets, at most so many at a time, started in their order, and shows records as they come. A
 * target that fails delays and ends no other; each ends in exactly one way. The exit code says how many failed. Ctrl-C
 * stops what runs and begins nothing more; on a terminal it asks first, and what runs can go on as a job.
 */
export function runFanOut(fan: FanOut): Promise<number> {
  return new FanRun(fan).run();
}

/** How long a stop by the total time limit is waited for. */
const stopPatienceMs = 10_000;

class FanRun {
  readonly #fan: FanOut;
  readonly #outcomes: (Outcome | undefined)[];
  readonly #running = new Map<number, Left>();
  /** Names by the ids of sessions: what was said on the line, since several sessions may be at one place. */
  readonly #names = new Map<string, string>();
  readonly #status: RunStatus;
  readonly #waiting: IterableIterator<[number, FanTarget]>;
  /** What runs is stopped, and nothing more begins. */
  readonly #stopping = new AbortController();
  /** What runs is left. */
  readonly #leaving = new AbortController();
  #isTimeUp = false;
  #isAsking = false;
  #isDetached = false;

  constructor(fan: FanOut) {
    this.#fan = fan;
    this.#outcomes = fan.targets.map(() => undefined);
    this.#waiting = fan.targets.entries();
    for (const { session, name } of fan.targets) if (session !== undefined) this.#names.set(session, name);
    this.#status = new RunStatus(
      fan.context.terminal,
      fan.targets.map(({ name }) => name),
    );
  }

  async run(): Promise<number> {
    const { context, client, targets, missing, throttle } = this.#fan;
    using _interrupts = new Interrupts((interruption) => {
      this.#interrupted(interruption);
    });
    using _deadline = this.#watchTime(context.duration('total-timeout'));
    const printer = await targetPrinter(context, client, {
      nameOf: (record) => this.#nameOf(record),
      isHidden: context.has('hide-computer-name') || targets.length + missing.length === 1,
    });
    using _status = this.#status;
    await Promise.all(Array.from({ length: Math.min(throttle, targets.length) }, () => this.#work(printer)));
    await printer.finish();
    await this.#status.end();
    return this.#isDetached ? exitCodes.ok : await this.#conclude();
  }

  #nameOf(record: SessionRecord): string {
    return this.#names.get(record.sessionId) ?? record.PSComputerName;
  }

  async #work(printer: RecordPrinter): Promise<void> {
    for (const [index, target] of this.#waiting) {
      if (this.#isDetached) return;
      if (this.#stopping.signal.aborted) this.#outcomes[index] = this.#isTimeUp ? 'timedOut' : 'skipped';
      else this.#outcomes[index] = await this.#runOn(index, target, printer);
      this.#status.ended(index, this.#outcomes[index]);
    }
  }

  async #runOn(index: number, target: FanTarget, printer: RecordPrinter): Promise<Outcome | undefined> {
    const { context, client, script, options, open } = this.#fan;
    this.#status.begun(index);
    let made: Session | undefined;
    try {
      made = await this.#open(target);
      const session = made?.id ?? target.session ?? '';
      this.#names.set(session, target.name);
      const { signal } = this.#leaving;
      const pipeline =
        open?.(session, signal) ?? client.pipelines.invoke(session, script, { ...options, signal });
      const running: Left = { session, pipeline, isMade: made !== undefined, shown: 0n };
      this.#running.set(index, running);
      return await this.#show(running, target, printer);
    } catch (error) {
      if (this.#isDetached) return undefined;
      if (this.#leaving.signal.aborted || this.#stopping.signal.aborted) return this.#ended('cancelled');
      if (!(error instanceof RunspaceError)) throw error;
      await context.terminal.note(`runspace: ${target.name}: ${error.reason}: ${error.message}\n`);
      return outcomeOfError(error.reason, this.#running.has(index));
    } finally {
      const isKept = this.#isDetached && this.#running.has(index);
      if (!this.#isDetached) this.#running.delete(index);
      // Also where the opening failed or the command goes on: nobody will come back to it.
      if (!isKept) await made?.remove().catch(() => undefined);
    }
  }

  async #open({ create }: FanTarget): Promise<Session | undefined> {
    const { context, client } = this.#fan;
    return create === undefined
      ? undefined
      : await openSession(context, client, { ...(await create()), signal: this.#stopping.signal });
  }

  async #show(running: Left, { name }: FanTarget, printer: RecordPrinter): Promise<Outcome> {
    const { context, saved, open } = this.#fan;
    const { pipeline } = running;
    const stop = (): void => {
      if (open !== undefined) return; // Only read: whoever leaves ends nothing.
      pipeline.stop().catch(() => undefined); // A command that is over needs no stop; its end is on its way.
    };
    const { signal } = this.#stopping;
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    // Of what is only read nothing may be left.
    let outcome: Outcome = open === undefined ? 'failed' : 'succeeded';
    const exitCode = context.has('exit-code') ? 'counts' : 'is shown';
    try {
      for await (const batch of pipeline.batches()) {
        const last = pipeline.lastSequence;
        saved.save(batch);
        await printer.show(batch);
        running.shown = last;
        outcome =
          batch.map((record) => outcomeOfRecord(record, exitCode)).find((each) => each !== undefined) ??
          outcome;
        await this.#tellExitCode(name, batch);
      }
      return outcome === 'cancelled' ? this.#ended(outcome) : outcome;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async #tellExitCode(name: string, batch: readonly SessionRecord[]): Promise<void> {
    const final = batch.find((record) => record.stream === 'final');
    if (final === undefined || (final.exitCode ?? 0) === 0) return;
    const code = String(final.exitCode);
    await this.#fan.context.terminal.note(`runspace: ${name}: the script ended with exit code ${code}\n`);
  }

  #ended(outcome: Outcome): Outcome {
    return this.#isTimeUp ? 'timedOut' : outcome;
  }

  #watchTime(limitMs: number | undefined): Disposable {
    const timers: NodeJS.Timeout[] = [];
    const after = (ms: number, action: () => void): void => {
      timers.push(setTimeout(action, ms));
    };
    if (limitMs !== undefined)
      after(limitMs, () => {
        this.#isTimeUp = true;
        this.#stopping.abort();
        after(stopPatienceMs, () => {
          this.#leaving.abort();
        });
      });
    return {
      [Symbol.dispose]: () => {
        for (const timer of timers) clearTimeout(timer);
      },
    };
  }

  #interrupted(interruption: Interruption): void {
    if (this.#stopping.signal.aborted) this.#leaving.abort();
    else if (interruption === 'interrupt' && this.#mayAsk()) void this.#ask();
    else this.#stopping.abort();
  }

  /** Input is typed, or comes from a pipe that nobody else can go on with. */
  #mayAsk(): boolean {
    const { open, options, targets } = this.#fan;
    return (
      open === undefined && options.input === undefined && targets.length > 1 && canAsk() && !this.#isAsking
    );
  }

  async #ask(): Promise<void> {
    const { context } = this.#fan;
    this.#isAsking = true;
    const answer = await askWhatToDo(context.terminal);
    this.#isAsking = false;
    switch (answer) {
      case 'goOn':
        return;
      case 'stop':
        this.#stopping.abort();
        return;
      case 'detach':
        await this.#detach().catch(async (error: unknown) => {
          if (!(error instanceof RunspaceError)) throw error;
          await context.terminal.note(`runspace: no job was made of it: ${error.message}\n`);
        });
    }
  }

  /** What runs goes on as a job, and so does what has not begun; what is over has been shown. */
  async #detach(): Promise<void> {
    this.#isDetached = true;
    try {
      const rest = [...this.#waiting].map(([, target]) => target);
      await goOnAsJob(this.#fan, { running: [...this.#running.values()], rest });
    } catch (error) {
      this.#isDetached = false;
      throw error;
    }
    this.#leaving.abort();
  }

  async #conclude(): Promise<number> {
    const { context, targets, missing } = this.#fan;
    const ended = targets.map(({ name }, index) => ({ name, outcome: this.#outcomes[index] ?? 'skipped' }));
    const all = [...ended, ...missing.map((name) => ({ name, outcome: 'unreachable' as const }))];
    const isWell = all.every(({ outcome }) => outcome === 'succeeded');
    if (all.length > 1 && (!isWell || context.terminal.isShown))
      await context.terminal.note(`runspace: ${summaryOf(all)}\n`);
    const kept = targets.flatMap(({ name, origin }, index) =>
      origin === undefined ? [] : [{ name, origin, outcome: ended[index]?.outcome ?? 'skipped' }],
    );
    if (kept.length > 0) await keepLastRun(context, { targets: kept });
    return exitCodeOfOutcomes(all.map(({ outcome }) => outcome));
  }
}
