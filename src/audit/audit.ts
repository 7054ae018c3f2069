import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock';
import type { Log } from '../core/log';
import type { Actor, AuditEntry, AuditEvent, ScriptTrace } from './entry';

/** What an audit needs. */
export interface AuditParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Whether scripts are written down in full, or as a digest only. */
  readonly scripts: 'digest' | 'text';
  /** Adds a line to the file; may throw. */
  append(entry: AuditEntry): void;
}

/** Takes down who did what. What can't be written is logged, and nobody's call fails for it. */
export class Audit {
  readonly #parts: AuditParts;

  constructor(parts: AuditParts) {
    this.#parts = parts;
  }

  /** Takes it down, with the time. */
  note(actor: Actor, event: AuditEvent): void {
    const { clock, log } = this.#parts;
    try {
      this.#parts.append({ time: new Date(clock.now()).toISOString(), ...actor, ...event });
    } catch (error) {
      log.error('audit entry not written', error, { event: event.event, principal: actor.principal });
    }
  }

  /** A script as it is written down. */
  traceOf(script: string): ScriptTrace {
    const sha256 = createHash('sha256').update(script, 'utf8').digest('hex');
    return this.#parts.scripts === 'text' ? { sha256, text: script } : { sha256 };
  }
}
