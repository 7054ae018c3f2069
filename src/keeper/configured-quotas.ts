import type { Clock } from '../core/clock';
import type { RunspaceError } from '../core/error';
import type { Log } from '../core/log';
import type { EngineInfo } from '../engine/engine';
import type { Quotas } from '../gen/runspace/v1/configuration';
import type { OutputQuota } from './pipeline-run';
import { killProcess } from './processes';
import type { ProcessTable } from './processes-of-session';
import { quotaExceeded } from './session-errors';
import type { Stops } from './stops';
import { UsageGuard } from './usage-guard';

/** What the quotas of a session are about. */
export interface ConfiguredQuotasParts {
  /** As the session's configuration has them; undefined: no quota. */
  readonly quotas: Quotas | undefined;
  readonly processes: ProcessTable;
  /** In the environment of its engine. */
  readonly engineNonce: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a session may use by its configuration. */
export class ConfiguredQuotas {
  readonly #parts: ConfiguredQuotasParts;
  /** The session's name, for messages. */
  readonly #session: () => string;
  #guard: UsageGuard | undefined;

  constructor(parts: ConfiguredQuotasParts, session: () => string) {
    this.#parts = parts;
    this.#session = session;
  }

  /** What one command may write. */
  get output(): OutputQuota {
    const bytes = Number(this.#parts.quotas?.outputBytesPerCommand ?? 0n);
    return { bytes, exceeded: (use) => this.#outputExceeded(bytes, use) };
  }

  /** Refuses one command more. Error: QUOTA_EXCEEDED. */
  requireCommand(use: number): void {
    const limit = this.#parts.quotas?.commandsPerSession ?? 0;
    if (limit === 0 || use < limit) return;
    const what = 'wait for a command, or stop one, before the next';
    throw quotaExceeded(this.#session(), { quota: 'commands_per_session', limit, use, what });
  }

  /** Watches an open engine's memory and processes, where there are quotas of them, until it is gone. */
  watch({ processId }: EngineInfo, stops: Stops): void {
    const { quotas, processes, engineNonce: nonce, clock, log } = this.#parts;
    const memoryBytes = Number(quotas?.memoryBytesPerSession ?? 0n);
    const limits = { memoryBytes, processes: quotas?.processesPerSession ?? 0 };
    const isLimited = limits.memoryBytes > 0 || limits.processes > 0;
    if (processId === undefined || !isLimited) return;
    this.#guard = new UsageGuard({
      session: this.#session,
      limits,
      engine: { pid: processId, nonce },
      processes,
      clock,
      log,
      kill: killProcess,
      endEngine: (problem) => {
        stops.endEngine(problem).catch((thrown: unknown) => {
          log.error('engine over its quota not ended', thrown);
        });
      },
      endCommand: (problem) => stops.endCommand(problem),
    });
  }

  /** Nothing is left to watch. */
  engineGone(): void {
    this.#guard?.[Symbol.dispose]();
    this.#guard = undefined;
  }

  #outputExceeded(limit: number, use: number): RunspaceError {
    const what = 'the command was ended; the session goes on';
    return quotaExceeded(this.#session(), { quota: 'output_bytes_per_command', limit, use, what });
  }
}
