import { toError } from '../core/error';
import type { Clock } from '../core/clock';
import type { Log } from '../core/log';
import type { EnginePlan } from './engine-plan';
import { PreparedEngine, type PreparedPlace } from './prepared-engine';
import type { OpenEngine } from './runspace';

/** What a pool needs from around it. */
export interface EnginePoolParts {
  readonly place: PreparedPlace;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when `facts` are no longer what they were. */
  readonly changed: () => void;
}

/** What is told of a pool. */
export interface EnginePoolFacts {
  /** Engines that are ready. */
  readonly ready: number;
  /** Sessions that got one. */
  readonly hits: number;
  /** Sessions that could have had one, and were opened with a start of their own. */
  readonly misses: number;
}

/** Engines are prepared when no session has been opened for this time: whoever opens sessions has the machine to himself. */
const quietMs = 500;
/** How long those of the default are kept when no such session is opened. */
const unusedMs = 10 * 60_000;
/** Plans of the default, and engines of all plans. */
const most = { byDefault: 2, engines: 16 } as const;

interface Wanted {
  readonly plan: EnginePlan;
  readonly ready: PreparedEngine[];
  /** The one that opens now. */
  coming: PreparedEngine | undefined;
  usedAt: number;
}

/**
 * Engines of one keeper, so of one owner, that are open before a session wants them. Each is used once. One is prepared only for what a
 * session was opened with before, one at a time, in the background.
 */
export class EnginePool {
  readonly #parts: EnginePoolParts;
  /** By key; the one that was used last stands last. */
  readonly #wanted = new Map<string, Wanted>();
  #openings = 0;
  #hits = 0;
  #misses = 0;
  #cancelTimer: () => void = () => undefined;
  #preparing: Promise<void> | undefined;
  #isClosed = false;

  constructor(parts: EnginePoolParts) {
    this.#parts = parts;
  }

  get facts(): EnginePoolFacts {
    const ready = [...this.#wanted.values()].reduce((sum, one) => sum + one.ready.length, 0);
    return { ready, hits: this.#hits, misses: this.#misses };
  }

  /** An engine for a session of this plan, which is the caller's from here on; undefined: none is ready or about to be. */
  take({ key }: EnginePlan): PreparedEngine | undefined {
    const wanted = this.#wanted.get(key);
    const taken = wanted?.ready.shift();
    if (taken !== undefined) {
      this.#parts.changed();
      return taken;
    }
    const coming = wanted?.coming;
    if (wanted !== undefined) wanted.coming = undefined;
    return coming;
  }

  /** Opens the engine of a session: the prepared one, else a new one. Another is prepared afterwards. */
  opener(plan: EnginePlan, prepared: PreparedEngine | undefined): OpenEngine {
    return async (options) => {
      this.#openings += 1;
      this.#cancelTimer();
      try {
        const ready = await prepared?.use(options);
        const engine = ready ?? (await plan.open(options));
        if (ready === undefined) this.#misses += 1;
        else this.#hits += 1;
        this.#want(plan);
        return engine;
      } finally {
        this.#openings -= 1;
        this.#prepareLater(quietMs);
      }
    };
  }

  /** Ends all of them; none are prepared any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer();
    const all = [...this.#wanted.values()];
    this.#wanted.clear();
    await Promise.all(all.map((one) => this.#end(one)));
    await this.#preparing;
  }

  #want(plan: EnginePlan): void {
    const { clock, changed } = this.#parts;
    const known = this.#wanted.get(plan.key);
    this.#wanted.delete(plan.key);
    const others = [...this.#wanted.values()];
    // A configuration that was replaced opens no more sessions.
    for (const other of others)
      if (other.plan.configuration === plan.configuration && other.plan.version !== plan.version)
        this.#drop(other);
    const byDefault = others.filter((other) => other.plan.isDefault);
    if (plan.isDefault) byDefault.slice(0, -(most.byDefault - 1)).forEach((oldest) => this.#drop(oldest));
    this.#wanted.set(plan.key, { ready: [], coming: undefined, ...known, plan, usedAt: clock.now() });
    changed();
  }

  #prepareLater(delayMs: number): void {
    this.#cancelTimer();
    if (this.#isClosed || this.#openings > 0 || this.#wanted.size === 0) return;
    this.#cancelTimer = this.#parts.clock.after(delayMs, () => {
      this.#preparing ??= this.#prepare().finally(() => {
        this.#preparing = undefined;
        this.#prepareLater(unusedMs);
      });
    });
  }

  /** Prepares what is missing, as long as nobody opens a session; ends what nobody uses. */
  async #prepare(): Promise<void> {
    const { clock } = this.#parts;
    for (const one of this.#wanted.values())
      if (one.plan.isDefault && clock.now() - one.usedAt >= unusedMs) this.#drop(one);
    for (;;) {
      const next = [...this.#wanted.values()].findLast(({ plan, ready }) => ready.length < plan.size);
      if (next === undefined || this.#isClosed || this.#openings > 0 || this.facts.ready >= most.engines)
        return;
      await this.#add(next);
    }
  }

  async #add(wanted: Wanted): Promise<void> {
    const { place, log, changed } = this.#parts;
    const { plan } = wanted;
    const prepared = new PreparedEngine(plan, place);
    wanted.coming = prepared;
    try {
      const engine = await prepared.opened;
      // Somebody may have taken it, or ended it, since.
      const current = this.#wanted.get(plan.key);
      if (current?.coming !== prepared) return;
      current.coming = undefined;
      current.ready.push(prepared);
      void engine.ended.then(() => this.#ended(prepared));
      log.info('engine prepared', { engine: plan.engine, configuration: plan.configuration });
      changed();
    } catch (thrown) {
      // A session of this plan will say what is wrong.
      log.warn('engine not prepared', { engine: plan.engine, why: toError(thrown).message });
      this.#drop(wanted);
    }
  }

  /** One that dies before it is used is not missed: the next session of its plan has another prepared. */
  #ended(engine: PreparedEngine): void {
    const ready = this.#wanted.get(engine.plan.key)?.ready;
    const index = ready?.indexOf(engine) ?? -1;
    if (ready === undefined || index < 0) return;
    ready.splice(index, 1);
    this.#parts.log.warn('prepared engine lost', { engine: engine.plan.engine });
    void engine[Symbol.asyncDispose]();
    this.#parts.changed();
  }

  #drop(wanted: Wanted): void {
    this.#wanted.delete(wanted.plan.key);
    void this.#end(wanted);
    this.#parts.changed();
  }

  async #end(wanted: Wanted): Promise<void> {
    const { ready, coming } = wanted;
    wanted.coming = undefined;
    for (const engine of [...ready.splice(0), ...(coming === undefined ? [] : [coming])]) {
      try {
        await engine[Symbol.asyncDispose]();
      } catch (thrown) {
        this.#parts.log.warn('prepared engine not ended', { why: toError(thrown).message });
      }
    }
  }
}
