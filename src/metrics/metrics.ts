import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What there is at one moment. */
export interface Snapshot {
  readonly version: string;
  /** The daemon's own process. */
  readonly process: {
    readonly startedAtSeconds: number;
    readonly cpuSeconds: number;
    readonly residentBytes: number;
  };
  readonly sessions: readonly {
    readonly engine: string;
    readonly state: string;
    readonly transport: string;
    readonly isRunning: boolean;
  }[];
  readonly keepers: readonly {
    readonly preparedEngines: number;
    readonly preparedHits: number;
    readonly preparedMisses: number;
  }[];
  readonly jobs: readonly { readonly state: string; readonly outcomes: readonly string[] }[];
}

/** A call that is over. */
export interface EndedCall {
  /** Its path, such as `/runspace.v1.SessionService/GetSession`. */
  readonly method: string;
  /** `OK`, or the reason of its error. */
  readonly result: string;
  readonly durationMs: number;
}

/** Buckets from a tenth of a millisecond, which a call takes at best, to the minutes that a stream may last. */
const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10, 60, 600];

/** The daemon's figures. Names and labels are an interface: dashboards hold on to them. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #calls: Counter<'method' | 'result'>;
  readonly #durations: Histogram<'method'>;

  constructor(look: () => Snapshot) {
    const registers: [Registry] = [this.#registry];
    this.#calls = new Counter({
      name: 'runspaced_calls_total',
      help: 'Calls that are over, by method and result (OK, or the reason of the error).',
      labelNames: ['method', 'result'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'runspaced_call_duration_seconds',
      help: 'How long calls took; streams last as long as somebody listens.',
      labelNames: ['method'],
      buckets: seconds,
      registers,
    });
    counted(registers, {
      name: 'runspaced_info',
      help: 'Always 1; its label is the version.',
      labels: ['version'],
      of: () => [[look().version]],
    });
    counted(registers, {
      name: 'runspaced_sessions',
      help: 'Sessions that the daemon knows, by engine, state and transport.',
      labels: ['engine', 'state', 'transport'],
      of: () => look().sessions.map(({ engine, state, transport }) => [engine, state, transport]),
    });
    counted(registers, {
      name: 'runspaced_sessions_running',
      help: 'Sessions in which a command runs, by engine.',
      labels: ['engine'],
      of: () =>
        look()
          .sessions.filter(({ isRunning }) => isRunning)
          .map(({ engine }) => [engine]),
    });
    counted(registers, {
      name: 'runspaced_keepers',
      help: 'Keeper processes.',
      labels: [],
      of: () => look().keepers.map(() => []),
    });
    counted(registers, {
      name: 'runspaced_jobs',
      help: 'Jobs that are kept, by state.',
      labels: ['state'],
      of: () => look().jobs.map(({ state }) => [state]),
    });
    counted(registers, {
      name: 'runspaced_job_targets',
      help: 'Targets of the jobs that are kept, by outcome; none: not over.',
      labels: ['outcome'],
      of: () => look().jobs.flatMap(({ outcomes }) => outcomes.map((outcome) => [outcome])),
    });
    for (const [name, help, of] of figures) {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(of(look()));
        },
      });
    }
  }

  /** Takes a call into account. */
  called({ method, result, durationMs }: EndedCall): void {
    this.#calls.inc({ method, result });
    this.#durations.observe({ method }, durationMs / 1_000);
  }

  /** All of it as Prometheus reads it. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** The content type of that text. */
  get contentType(): string {
    return this.#registry.contentType;
  }
}

type Keeper = Snapshot['keepers'][number];

function summed(of: (keeper: Keeper) => number): (snapshot: Snapshot) => number {
  return ({ keepers }) => keepers.reduce((sum, keeper) => sum + of(keeper), 0);
}

const figures: readonly (readonly [name: string, help: string, of: (snapshot: Snapshot) => number])[] = [
  [
    'runspaced_prepared_engines',
    'Engines that are kept ready for new sessions.',
    summed(({ preparedEngines }) => preparedEngines),
  ],
  [
    'runspaced_prepared_hits',
    'Sessions that got such an engine, since their keepers began.',
    summed(({ preparedHits }) => preparedHits),
  ],
  [
    'runspaced_prepared_misses',
    'Sessions that had to wait for an engine to start, since their keepers began.',
    summed(({ preparedMisses }) => preparedMisses),
  ],
  [
    'process_start_time_seconds',
    'When the daemon was started, in seconds since 1970.',
    ({ process }) => process.startedAtSeconds,
  ],
  [
    'process_cpu_seconds_total',
    'Processor time that the daemon has used.',
    ({ process }) => process.cpuSeconds,
  ],
  ['process_resident_memory_bytes', 'Memory that the daemon holds.', ({ process }) => process.residentBytes],
];

/** A gauge that counts, when somebody looks, how many there are of each combination of labels. */
function counted(
  registers: [Registry],
  gauge: {
    readonly name: string;
    readonly help: string;
    readonly labels: readonly string[];
    readonly of: () => readonly (readonly string[])[];
  },
): void {
  const { name, help, labels, of } = gauge;
  new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers,
    collect() {
      this.reset();
      for (const values of of())
        this.inc(Object.fromEntries(labels.map((label, index) => [label, values[index] ?? ''])));
      if (labels.length === 0 && of().length === 0) this.set(0);
    },
  });
}
