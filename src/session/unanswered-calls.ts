import type { Clock } from '../core/clock';
import { RunspaceError, toError } from '../core/error';
import type { SessionId } from '../core/ids';
import type { Log } from '../core/log';
import type { Lifecycle } from './lifecycle';
import type { Session } from './session';
import type { SessionTable } from './table';

/** A client that lost its connection, or its daemon, gets this time to come back before a call counts as unanswered. */
const comeBackMs = 2_000;
/** Whoever invokes a command is connected right after it has started, which may be after its first call. */
const startMs = 300;

/** What this needs from around it. */
interface UnansweredCallsSurroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly table: SessionTable;
  readonly lifecycle: Pick<Lifecycle, 'readable'>;
  /** A new random GUID. */
  newId(): string;
}

/** A call that waits, and since when this daemon knows of it. */
interface SeenCall {
  readonly session: SessionId;
  /** Empty: of the session itself. */
  readonly pipeline: string;
  readonly callId: bigint;
  readonly seenAt: number;
}

/**
 * Answers host calls that nobody is connected to answer, where the policy is not to wait: with their default, or with
 * HOST_CALL_UNANSWERED. The calls wait in their keeper, so they also outlive this daemon.
 */
export class UnansweredCalls implements Disposable {
  readonly #around: UnansweredCallsSurroundings;
  readonly #stopping = new AbortController();
  /** Since when nobody is connected. */
  readonly #freeSince = new Map<SessionId, number>();
  /** By session, pipeline and call. */
  readonly #seen = new Map<string, SeenCall>();
  readonly #timers = new Map<string, () => void>();

  constructor(around: UnansweredCallsSurroundings) {
    this.#around = around;
  }

  /** Watches all sessions until it is disposed. */
  async run(): Promise<void> {
    const { table } = this.#around;
    const changes = table.changes(this.#stopping.signal);
    for (const session of table.all()) this.#review(session);
    for await (const id of changes) {
      const session = table.get(id);
      if (session === undefined) this.#forget(id);
      else this.#review(session);
    }
  }

  [Symbol.dispose](): void {
    this.#stopping.abort();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #review(session: Session): void {
    const now = this.#around.clock.now();
    const isFree = session.connection.is === 'free';
    if (!isFree) this.#freeSince.delete(session.id);
    else if (!this.#freeSince.has(session.id)) this.#freeSince.set(session.id, now);
    const waiting = new Set(waitingCalls(session).map(keyOf));
    for (const [key, call] of this.#seen) {
      if (call.session === session.id && (!isFree || !waiting.has(key))) this.#drop(key);
    }
    if (!isFree) return;
    for (const call of waitingCalls(session)) this.#await(session, { ...call, seenAt: now });
  }

  /** Answers the call when its time has come; a client that connects until then takes it over. */
  #await(session: Session, call: SeenCall): void {
    const key = keyOf(call);
    if (this.#seen.has(key)) return;
    this.#seen.set(key, call);
    const { clock } = this.#around;
    const dueAt = Math.max(
      call.seenAt + startMs,
      (this.#freeSince.get(session.id) ?? call.seenAt) + comeBackMs,
    );
    this.#timers.set(
      key,
      clock.after(Math.max(0, dueAt - clock.now()), () => {
        this.#timers.delete(key);
        void this.#answer(session, call);
      }),
    );
  }

  async #answer(session: Session, call: SeenCall): Promise<void> {
    const policy = policyOf(session, call);
    if (policy === undefined || policy === 'wait' || session.connection.is !== 'free') return;
    const { lifecycle, log } = this.#around;
    const { pipeline, callId } = call;
    try {
      const keeper = await lifecycle.readable(session, this.#stopping.signal);
      await keeper.respondToHostCall({
        sessionId: session.id,
        pipeline,
        callId,
        requestId: this.#around.newId(),
        fingerprint: '',
        answer:
          policy === 'default' ? { $case: 'useDefault', value: true } : { $case: 'unanswered', value: true },
      });
      log.info('host call answered by policy', { session: session.id, pipeline, policy });
    } catch (error) {
      if (error instanceof RunspaceError && error.code === 'HOST_CALL_UNKNOWN') return; // Somebody was faster.
      log.warn('host call not answered', { session: session.id, why: toError(error).message });
    }
  }

  #forget(id: SessionId): void {
    this.#freeSince.delete(id);
    for (const [key, call] of this.#seen) if (call.session === id) this.#drop(key);
  }

  #drop(key: string): void {
    this.#seen.delete(key);
    this.#timers.get(key)?.();
    this.#timers.delete(key);
  }
}

type Waiting = Omit<SeenCall, 'seenAt'>;

/** The calls of a session that are not to wait for ever. */
function waitingCalls(session: Session): readonly Waiting[] {
  const { kept, id } = session;
  const own = (kept?.hostCalls ?? []).map(({ callId }) => ({ session: id, pipeline: '', callId }));
  const running = kept?.running;
  const pipelines = (running?.hostCalls ?? []).map(({ callId }) => ({
    session: id,
    pipeline: running?.id ?? '',
    callId,
  }));
  return [...own, ...pipelines].filter((call) => policyOf(session, call) !== 'wait');
}

/** What becomes of the call; undefined: it is over. */
function policyOf({ kept, stored }: Session, { pipeline }: Waiting): 'wait' | 'fail' | 'default' | undefined {
  const running = kept?.running;
  if (pipeline === '') return stored.options.hostCalls;
  return running?.id === pipeline ? (running.hostCallPolicy ?? stored.options.hostCalls) : undefined;
}

function keyOf({ session, pipeline, callId }: Waiting): string {
  return `${session} ${pipeline} ${callId.toString()}`;
}
