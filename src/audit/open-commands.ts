import type { Log } from '../core/log';
import { toError } from '../core/error';
import type { Audit } from './audit';
import type { Actor, AuditEntry, CommandOutcome, InSession } from './entry';

/** A command whose end is still to be written down. */
export interface OpenCommand {
  readonly pipeline: string;
  readonly actor: Actor;
  readonly where: InSession;
}

/** What it takes to learn how commands end. */
export interface OpenCommandsParts {
  readonly audit: Audit;
  readonly log: Log;
  /** How a command ended; undefined: it has not. Rejects where nobody can tell now. */
  outcomeOf(command: OpenCommand): Promise<CommandOutcome | undefined>;
}

/** Commands that were started and whose end is not written down yet; each end is written once. */
export class OpenCommands {
  readonly #parts: OpenCommandsParts;
  readonly #open = new Map<string, OpenCommand>();
  readonly #asking = new Set<string>();

  constructor(parts: OpenCommandsParts) {
    this.#parts = parts;
  }

  /** Whether this command's start is written down, and its end not yet. */
  has(pipeline: string): boolean {
    return this.#open.has(pipeline);
  }

  add(command: OpenCommand): void {
    this.#open.set(command.pipeline, command);
  }

  /** Takes up the commands that a former daemon did not see the end of. */
  restore(entries: Iterable<AuditEntry>): void {
    for (const entry of entries) {
      if (entry.event === 'commandEnded') this.#open.delete(entry.pipeline);
      if (entry.event === 'commandStarted') this.add(commandOf(entry));
    }
  }

  /** Sessions that have open commands. */
  sessions(): readonly string[] {
    return [...new Set([...this.#open.values()].map(({ where }) => where.session))];
  }

  /** A session has changed: those of its commands that have ended are written down. */
  async settle(session: string, running: string): Promise<void> {
    const candidates = [...this.#open.values()].filter(
      ({ pipeline, where }) =>
        where.session === session && pipeline !== running && !this.#asking.has(pipeline),
    );
    // Commands of a session end in the order of their starts, nearly always: where one has not, the later ones have not.
    for (const command of candidates) if (!(await this.#settle(command))) return;
  }

  /** Whether it has ended. */
  async #settle(command: OpenCommand): Promise<boolean> {
    const { audit, log } = this.#parts;
    const { pipeline, actor, where } = command;
    this.#asking.add(pipeline);
    try {
      const outcome = await this.#parts.outcomeOf(command);
      if (outcome === undefined) return false;
      if (this.#open.delete(pipeline))
        audit.note(actor, { event: 'commandEnded', pipeline, ...outcome, ...where });
      return true;
    } catch (error) {
      // Asked again at the session's next change, or by the next daemon.
      log.debug('end of a command not known yet', { pipeline, why: toError(error).message });
      return false;
    } finally {
      this.#asking.delete(pipeline);
    }
  }
}

function commandOf(entry: AuditEntry & { event: 'commandStarted' }): OpenCommand {
  const { pipeline, principal, client, peer, session, name, target, transport } = entry;
  return {
    pipeline,
    actor: { principal, client, ...(peer === undefined ? {} : { peer }) },
    where: { session, name, target, transport },
  };
}
