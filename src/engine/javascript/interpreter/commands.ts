/**
 * Runs commands, one at a time, on the main thread. A stop may end any of this code at any point: so each step leaves
 * a state from which `stop` can finish the run, and finishing twice does no harm (the engine takes the first word).
 */
import { EventEmitter } from 'node:events';
import { types } from 'node:util';
import type { DoneReport, RunCommand } from '../../script/message';
import type { WireValue } from '../../script/wire-value';
import { Evaluator } from './evaluate';
import { fromWire } from './from-wire';
import type { Marks } from './marks';
import { define } from './modules';
import { PipelineInput } from './pipeline-input';
import { prepareScript } from './prepare-script';
import type { Reports } from './reports';
import { slot } from './ring';
import type { StandardStreams } from './standard-streams';
import { describeThrown } from './thrown';
import type { TimerOwner } from './timers';
import { toWire, TooLarge } from './to-wire';

interface Run {
  readonly number: number;
  readonly mark: string;
  readonly input: PipelineInput;
  /** Its timers are no longer to fire. */
  isStopped: boolean;
  /** `process.exit` was called. */
  exitCode: number | undefined;
}

type Outcome = Pick<DoneReport, 'state' | 'reason' | 'exitCode'>;

/** What the runs of one interpreter have in common. */
export interface CommandsSurroundings {
  readonly reports: Reports;
  readonly streams: StandardStreams;
  readonly marks: Marks;
  readonly control: Int32Array;
  /** Ends the running code at once. */
  readonly endRun: (run: number) => void;
}

const uncaughtEvent = 'uncaughtException';
// Timers of our own must fire whatever becomes of the run.
const nextTurn = setImmediate;

/** The interpreter's commands. */
export class Commands {
  readonly #surroundings: CommandsSurroundings;
  readonly #evaluator = new Evaluator();
  #current: Run | undefined;
  /** The run whose timer's callback is being called; it may be over. */
  #acting: Run | undefined;
  /** The run whose timer's callback has just thrown. */
  #thrower: Run | undefined;

  constructor(surroundings: CommandsSurroundings) {
    this.#surroundings = surroundings;
  }

  /** The number of the command that code running now belongs to, or 0. */
  get runNumber(): number {
    return this.#owner?.number ?? 0;
  }

  get #owner(): Run | undefined {
    return this.#acting ?? this.#current;
  }

  /** Starts a command. */
  run(command: RunCommand): void {
    const { reports } = this.#surroundings;
    const pull = (): void => {
      reports.send({ is: 'pull', run: command.run });
    };
    const run: Run = {
      number: command.run,
      mark: command.mark,
      input: new PipelineInput(command.hasInput ? pull : undefined),
      isStopped: false,
      exitCode: undefined,
    };
    this.#current = run;
    process.exitCode = undefined;
    try {
      defineArguments(command);
    } catch (thrown) {
      this.#fail(run, thrown);
      return;
    }
    define('input', run.input);
    const name = `command-${run.number}`;
    const script = prepareScript(command.script, { newScope: command.newScope, name });
    this.#evaluator.evaluate(name, script, {
      resolved: (value) => this.#resolved(run, value),
      rejected: (thrown) => this.#fail(run, thrown),
      terminated: () => this.#terminated(run),
    });
  }

  /** An item of the running command's input. */
  item(run: number, value: WireValue): void {
    if (this.#current?.number === run) this.#current.input.item(value);
  }

  /** The end of the running command's input. */
  inputEnd(run: number, error: string | undefined): void {
    if (this.#current?.number === run) this.#current.input.end(error);
  }

  /** A stop, or `process.exit`: ends the run that has this number, if it still runs. */
  stop(number: number): void {
    const run = this.#current;
    if (run?.number === number) this.#terminated(run);
  }

  /** `process.exit`: does not return. */
  exit(code: number): never {
    const run = this.#owner;
    if (run === undefined || run !== this.#current)
      throw new Error('process.exit() ends the command that calls it, and that one is over');
    run.exitCode = code;
    run.isStopped = true;
    this.#surroundings.endRun(run.number);
    for (;;) Atomics.wait(this.#surroundings.control, slot.never, 0);
  }

  /** Something was thrown that nobody caught: it ends the running command, as it would end a program without a handler. */
  uncaught(thrown: unknown): void {
    const run = this.#thrower ?? this.#current;
    this.#thrower = undefined;
    if (process.listenerCount(uncaughtEvent) > 0)
      EventEmitter.prototype.emit.call(process, uncaughtEvent, thrown, uncaughtEvent);
    else if (run !== undefined && run === this.#current) this.#failNow(run, thrown);
    else this.#surroundings.reports.send(describeThrown(thrown, 0));
  }

  /** Whose a timer is that is set now. */
  timerOwner(): TimerOwner | undefined {
    const run = this.#owner;
    if (run === undefined) return undefined;
    return { isStopped: () => run.isStopped, act: (action) => this.#act(run, action) };
  }

  #act(run: Run, action: () => unknown): unknown {
    this.#acting = run;
    try {
      return action();
    } catch (thrown) {
      this.#thrower = run;
      throw thrown;
    } finally {
      this.#acting = undefined;
    }
  }

  /** The script has run to its end; a promise as its result is waited for. */
  #resolved(run: Run, value: unknown): void {
    if (types.isPromise(value)) {
      value.then(
        (settled) => this.#resolved(run, settled),
        (thrown: unknown) => this.#fail(run, thrown),
      );
      return;
    }
    if (this.#current !== run) return;
    if (this.#isToStop(run)) {
      this.#terminated(run);
      return;
    }
    this.#report(run, value);
    // One turn later, so that a rejection that nobody handles still belongs to this run.
    nextTurn(() => this.#settle(run, { state: 'completed' }));
  }

  #report(run: Run, value: unknown): void {
    if (value === undefined) return;
    const { reports } = this.#surroundings;
    try {
      reports.send({ is: 'value', run: run.number, value: toWire(value, reports.maximumLength) });
    } catch (thrown) {
      if (!(thrown instanceof TooLarge)) throw thrown;
      reports.send({ is: 'tooLarge', run: run.number });
    }
  }

  #fail(run: Run, thrown: unknown): void {
    if (this.#current === run) this.#failNow(run, thrown);
  }

  /** A stop also ends what the run waits for, such as a child process; how the run takes that is of no interest. */
  #isToStop(run: Run): boolean {
    return Atomics.load(this.#surroundings.control, slot.stopRequested) === run.number;
  }

  #failNow(run: Run, thrown: unknown): void {
    if (this.#isToStop(run)) {
      this.#terminated(run);
      return;
    }
    const report = describeThrown(thrown, run.number);
    this.#surroundings.reports.send(report);
    run.isStopped = true;
    this.#settle(run, { state: 'failed', reason: report.message });
  }

  #terminated(run: Run): void {
    run.isStopped = true;
    const { exitCode } = run;
    this.#settle(run, exitCode === undefined ? { state: 'stopped' } : { state: 'completed', exitCode });
  }

  #settle(run: Run, outcome: Outcome): void {
    if (this.#current !== run) return;
    const { reports, streams, marks, control } = this.#surroundings;
    streams.flush();
    const marked = marks.write(run.mark);
    reports.send({ is: 'done', run: run.number, ...outcome, marked });
    this.#current = undefined;
    this.#acting = undefined;
    Atomics.store(control, slot.settledRun, run.number);
  }
}

function defineArguments({ positional, named }: RunCommand): void {
  define('args', positional.map(fromWire));
  define('named', Object.fromEntries(named.map(([name, value]) => [name, fromWire(value)])));
}
