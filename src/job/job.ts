import type { Principal } from '../core/ids';
import {
  isFinalChildState,
  jobStateOf,
  nextChildState,
  type ChildEvent,
  type ChildState,
} from './child-state';
import type { ChildEnd } from './outcome';
import { firstFacts, type ChildFacts, type JobLine, type StoredJob, type StoredTarget } from './stored-job';

/** One job: its children's states, by the table, and what has to be written of each change. */
export class Job {
  readonly stored: StoredJob;
  readonly #children: ChildFacts[];
  readonly #write: (line: JobLine) => void;
  #stop: 'asked' | 'timeUp' | undefined;
  #open: number;

  constructor(stored: StoredJob, lines: readonly JobLine[], write: (job: Job, line: JobLine) => void) {
    this.stored = stored;
    this.#children = stored.targets.map(firstFacts);
    for (const line of lines) {
      if ('stop' in line) this.#stop = line.stop;
      else if (line.child in this.#children) this.#children[line.child] = line.facts;
    }
    this.#open = this.#children.filter(({ state }) => !isFinalChildState(state)).length;
    this.#write = (line) => {
      write(this, line);
    };
  }

  get id(): string {
    return this.stored.id;
  }

  get number(): number {
    return this.stored.number;
  }

  get name(): string {
    return this.stored.name;
  }

  get owner(): Principal {
    return this.stored.owner;
  }

  get children(): readonly ChildFacts[] {
    return this.#children;
  }

  get isOver(): boolean {
    return this.#open === 0;
  }

  /** Why it is being stopped; undefined: it is not. */
  get stopping(): 'asked' | 'timeUp' | undefined {
    return this.#stop;
  }

  get state(): ChildState {
    return jobStateOf(
      this.#children.map(({ state }) => state),
      this.#stop !== undefined,
    );
  }

  get endedAt(): number | undefined {
    if (!this.isOver) return undefined;
    return this.#children.reduce(
      (latest, { endedAt = 0 }) => Math.max(latest, endedAt),
      this.stored.createdAt,
    );
  }

  /** Bytes that its own sessions keep for it; what others' sessions keep is not the job's. */
  get storedBytes(): number {
    return this.#children.reduce(
      (sum, { storedBytes }, index) => sum + (this.target(index).isOwned ? storedBytes : 0),
      0,
    );
  }

  child(index: number): ChildFacts {
    const child = this.#children[index];
    if (child === undefined) throw new RangeError(`job ${this.id} has no child ${String(index)}`);
    return child;
  }

  target(index: number): StoredTarget {
    const target = this.stored.targets[index];
    if (target === undefined) throw new RangeError(`job ${this.id} has no child ${String(index)}`);
    return target;
  }

  /** Something happened to a child. What the table does not have is passed over: two ends can cross. */
  apply(index: number, event: ChildEvent, facts: Partial<ChildFacts> = {}): void {
    const before = this.child(index);
    const state = nextChildState(before.state, event);
    if (state === undefined) return;
    if (isFinalChildState(state)) this.#open -= 1;
    this.#set(index, { ...before, ...facts, state });
  }

  end(index: number, { event, ...facts }: ChildEnd & { readonly at: number }): void {
    const { outcome, problem, exitCode, left, at } = facts;
    this.apply(index, event, { outcome, problem, exitCode, endedAt: at, ...left });
  }

  /** More is known of a child than before. */
  note(index: number, facts: Pick<Partial<ChildFacts>, 'sessionId' | 'pipelineId'>): void {
    this.#set(index, { ...this.child(index), ...facts });
  }

  /** Records up to this number were received; a lower number than before changes nothing. */
  acknowledge(index: number, sequence: number): void {
    const child = this.child(index);
    if (sequence > child.received) this.#set(index, { ...child, received: sequence });
  }

  requestStop(why: 'asked' | 'timeUp'): void {
    if (this.#stop !== undefined || this.isOver) return;
    this.#stop = why;
    this.#write({ stop: why });
  }

  #set(index: number, facts: ChildFacts): void {
    this.#children[index] = facts;
    this.#write({ child: index, facts });
  }
}

/** Whether a child wrote, or may yet write, what was not received. */
export function hasMoreData({ state, pipelineId, lastSequence, received }: ChildFacts): boolean {
  if (!isFinalChildState(state)) return true;
  return pipelineId !== undefined && (lastSequence === undefined || lastSequence > received);
}
