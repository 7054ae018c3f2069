import { RunspaceError, toError } from '../../core/error';
import type { ErrorStreamRecord, FinalRecord, StreamRecord } from '../../core/record';
import type { Value } from '../../core/value';
import type { Invocation } from '../engine';
import type { AskAside, AsideAnswer } from './aside';
import type { Formatters } from './formatters';
import { hasPreferences, restorePreferences, setPreferences, type SetPreferences } from './preferences';
import { sendingOf, type Sending } from './sending';
import {
  evaluateUsing,
  isUnknown,
  listUsing,
  mayUse,
  planUsing,
  withEvaluated,
  type UsingPlan,
  type UsingValues,
} from './using';

/** What a prepared command gets from its engine. */
interface PreparedParts {
  readonly ask: AskAside;
  readonly formatters: Formatters;
  /** Runs the command itself. */
  readonly run: (sending: Sending) => AsyncIterable<readonly StreamRecord[]>;
  /** Asks the pipeline that runs now to end. */
  readonly stopRunning: () => void;
}

/** Whether a command takes more than its own pipeline. */
export function needsPreparation(invocation: Invocation, formatters: Formatters): boolean {
  const { script, commands, preferences, usingValues = [] } = invocation;
  // Where the language is off nothing can be asked, and a text with a $ was refused before.
  if (commands !== undefined) return false;
  const isPlain = !hasPreferences(preferences) && usingValues.length === 0 && !mayUse(script);
  return !isPlain || formatters.mustBeAskedFor(invocation);
}

/** Thrown inside to end the command before it began. */
class EndedEarly extends Error {
  constructor(readonly final: FinalRecord) {
    super('the command ended before it began');
  }
}

/**
 * A command with asides around its own pipeline: before it `$Using:` expressions get their values and preferences are
 * set, after it, however it ended, preferences get their old values back. Only then its final record comes. A stop ends
 * what runs, but for setting and giving back: these are over at once, and half of them would change the session.
 */
export class PreparedCommand {
  readonly #invocation: Invocation;
  readonly #parts: PreparedParts;
  #phase: 'reading' | 'setting' | 'running' | 'restoring' | 'over' = 'reading';
  #isStopped = false;
  #set: SetPreferences | undefined;

  constructor(invocation: Invocation, parts: PreparedParts) {
    this.#invocation = invocation;
    this.#parts = parts;
  }

  /** Whether something of it still runs. */
  get isActive(): boolean {
    return this.#phase !== 'over';
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#phase === 'reading' || this.#phase === 'running') this.#parts.stopRunning();
  }

  async *records(): AsyncGenerator<readonly StreamRecord[]> {
    try {
      yield* this.#records();
    } catch (thrown) {
      yield await this.#endEarly(thrown);
    } finally {
      await this.#restore();
      this.#phase = 'over';
    }
  }

  async *#records(): AsyncGenerator<readonly StreamRecord[]> {
    const usingValues = await this.#usingValues();
    const invocation = await this.#withFormatters();
    await this.#setPreferences();
    this.#requireGoing();
    this.#phase = 'running';
    for await (const records of this.#parts.run(sendingOf(invocation, usingValues))) {
      const last = records.at(-1);
      if (last?.stream !== 'final') {
        yield records;
        continue;
      }
      const warnings = await this.#restore();
      this.#phase = 'over';
      yield [...records.slice(0, -1), ...warnings, last];
    }
  }

  async #endEarly(thrown: unknown): Promise<readonly StreamRecord[]> {
    await this.#restore();
    this.#phase = 'over';
    if (thrown instanceof EndedEarly) return [thrown.final];
    if (!(thrown instanceof RunspaceError)) throw toError(thrown);
    return [errorRecordOf(thrown), { stream: 'final', state: 'failed', reason: thrown }];
  }

  async #usingValues(): Promise<UsingValues> {
    const { script, usingValues = [] } = this.#invocation;
    if (!mayUse(script)) return [];
    const plan = planUsing(script, usingValues, await this.#expressions());
    return plan.toEvaluate.length === 0 ? plan.values : await this.#evaluated(plan);
  }

  /** What the script has; undefined where the session may not parse. */
  async #expressions(): Promise<readonly Value[] | undefined> {
    this.#requireGoing();
    const { outputs, final } = await this.#parts.ask(listUsing(this.#invocation.script));
    if (final.state === 'completed') return isUnknown(outputs) ? undefined : outputs;
    if (final.reason?.code === 'SCRIPT_FAILED') return undefined;
    throw new EndedEarly(final);
  }

  async #evaluated(plan: UsingPlan): Promise<UsingValues> {
    const { outputs } = await this.#answer(evaluateUsing(this.#invocation.script, plan.toEvaluate));
    return withEvaluated(plan, outputs);
  }

  /** The invocation as the engine's formatters let it be, asked where they are unknown. */
  async #withFormatters(): Promise<Invocation> {
    const { formatters, ask } = this.#parts;
    if (!formatters.mustBeAskedFor(this.#invocation)) return this.#invocation;
    this.#requireGoing();
    return formatters.asked(this.#invocation, ask);
  }

  async #setPreferences(): Promise<void> {
    const { preferences } = this.#invocation;
    if (!hasPreferences(preferences)) return;
    this.#requireGoing();
    this.#phase = 'setting';
    const { outputs } = await this.#answer(setPreferences(preferences));
    this.#set = { preferences, before: outputs };
  }

  /** An aside that must come to its end. Throws what the command ends with, where it did not. */
  async #answer(aside: Parameters<AskAside>[0]): Promise<AsideAnswer> {
    this.#requireGoing();
    const answer = await this.#parts.ask(aside);
    if (answer.final.state !== 'completed') throw new EndedEarly(answer.final);
    const [error] = answer.errors;
    if (error !== undefined) throw new RunspaceError('SCRIPT_FAILED', error.message);
    return answer;
  }

  #requireGoing(): void {
    if (!this.#isStopped) return;
    const reason = new RunspaceError('STOPPED', 'the command was stopped');
    throw new EndedEarly({ stream: 'final', state: 'stopped', reason });
  }

  /** Gives preferences back, once; what could not be given back is told. */
  async #restore(): Promise<readonly StreamRecord[]> {
    const set = this.#set;
    if (set === undefined) return [];
    this.#set = undefined;
    this.#phase = 'restoring';
    const { final, errors } = await this.#parts.ask(restorePreferences(set));
    const why = errors[0]?.message ?? final.reason?.message;
    if (why === undefined) return [];
    return [{ stream: 'warning', message: `the session's preferences were not given back: ${why}` }];
  }
}

function errorRecordOf({ message, code, facts }: RunspaceError): ErrorStreamRecord {
  const id = facts['fully_qualified_id'] ?? code;
  return { stream: 'error', message, fullyQualifiedErrorId: id, category: 'InvalidOperation' };
}
