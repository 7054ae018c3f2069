import type { Clock } from '../core/clock';
import { toError, type RunspaceError } from '../core/error';
import type { Log } from '../core/log';
import { memoryOf, type EngineMark, type ProcessTable, type SessionProcess } from './processes-of-session';
import { quotaExceeded } from './session-errors';

/** What the processes of a session may use; 0: no quota. */
export interface UsageLimits {
  readonly memoryBytes: number;
  readonly processes: number;
}

/** What a guard watches, and what it does about it. */
export interface GuardParts {
  /** The session's name, for messages. */
  readonly session: () => string;
  readonly limits: UsageLimits;
  readonly engine: EngineMark;
  readonly processes: ProcessTable;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the engine, and so the session. */
  readonly endEngine: (problem: RunspaceError) => void;
  /** Ends the running command; says how long ago it began, or undefined where none runs. */
  readonly endCommand: (problem: RunspaceError) => number | undefined;
  readonly kill: (pid: number) => void;
}

const everyMs = 500;
/** The age of a process is known to 10 ms. */
const toleranceMs = 50;
/** Looks after which a session that is still over its processes loses its engine. */
const mostLooks = 10;

/** Looks at the memory and the processes of an open session now and then, and acts where they are over a quota. */
export class UsageGuard implements Disposable {
  readonly #parts: GuardParts;
  /** The engine's own processes: those that were there when it was open. */
  readonly #own: ReadonlySet<number>;
  #cancel: () => void = () => undefined;
  #looksOver = 0;

  constructor(parts: GuardParts) {
    this.#parts = parts;
    this.#own = new Set(this.#processes().map(({ pid }) => pid));
    this.#wait();
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }

  #wait(): void {
    this.#cancel = this.#parts.clock.after(everyMs, () => {
      this.#wait();
      try {
        this.#look();
      } catch (thrown) {
        this.#parts.log.warn('quotas not looked at', { why: toError(thrown).message });
      }
    });
  }

  #processes(): readonly SessionProcess[] {
    return this.#parts.processes.of(this.#parts.engine);
  }

  #look(): void {
    const { limits } = this.#parts;
    const processes = this.#processes();
    const isOver = limits.processes > 0 && processes.length > limits.processes;
    this.#looksOver = isOver ? this.#looksOver + 1 : 0;
    if (isOver) this.#endProcesses(processes);
    if (limits.memoryBytes === 0) return;
    const use = memoryOf(processes, limits.memoryBytes);
    if (use > limits.memoryBytes)
      this.#endEngine(processes, { quota: 'memory_bytes_per_session', limit: limits.memoryBytes, use });
  }

  /** The command ends with what it started; where that doesn't help, all that isn't the engine's own; at last the engine. */
  #endProcesses(processes: readonly SessionProcess[]): void {
    const { limits, endCommand, session, kill } = this.#parts;
    const use = processes.length;
    if (this.#looksOver > mostLooks) {
      this.#endEngine(processes, { quota: 'processes_per_session', limit: limits.processes, use });
      return;
    }
    const about = { quota: 'processes_per_session', limit: limits.processes, use };
    const ranMs = endCommand(quotaExceeded(session(), { ...about, what: 'the command was ended' }));
    const oldest = this.#looksOver > 2 || ranMs === undefined ? Infinity : ranMs + toleranceMs;
    for (const { pid, ageMs } of processes) if (!this.#own.has(pid) && ageMs <= oldest) kill(pid);
  }

  /** With all that it started, wherever that went: what left the engine's group would go on without it. */
  #endEngine(processes: readonly SessionProcess[], about: QuotaUse): void {
    this[Symbol.dispose]();
    const { endEngine, session, kill } = this.#parts;
    endEngine(quotaExceeded(session(), { ...about, what: 'its engine was ended' }));
    for (const { pid } of processes) if (!this.#own.has(pid)) kill(pid);
  }
}

interface QuotaUse {
  readonly quota: string;
  readonly limit: number;
  readonly use: number;
}
