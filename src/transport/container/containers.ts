import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { RunspaceError } from '../../core/error';
import type { ContainerTarget } from '../../core/target';
import { startedTransport } from '../started';
import { startLine } from '../start-line';
import { spawnStdio } from '../stdio';
import type { ProcessSpec, SpawnTransport, Transport, TransportEnd } from '../transport';
import { findContainer, runningContainer } from './find';
import { Gathered } from './gathered';
import type { Listed } from './list';
import { ask, type Answer, type Runtime } from './runtime';

/** How long a runtime may take for what takes it a fraction of a second. */
const askMs = 15_000;
/** A container that has just stopped may be listed as running a little longer. */
const looks = { most: 5, everyMs: 200 };

/** What a program in a container is started with, besides what every program is. */
export interface ContainerStart {
  readonly target: ContainerTarget;
  /** It must be started within this time. */
  readonly timeoutMs: number;
  /** Added to the environment of the runtime's own process on this machine. */
  readonly mark: Readonly<Record<string, string>>;
}

/** The containers of this machine, by the programs that know them. */
export class Containers {
  readonly #runtimes: readonly Runtime[];
  /** Lines to be run beside the engines, by container and user: each costs a process of the runtime. */
  readonly #errands = new Map<string, Gathered>();

  constructor(runtimes: readonly Runtime[]) {
    this.#runtimes = runtimes;
  }

  /**
   * Starts programs in a container: `exec` of its runtime, without a terminal, byte for byte. Rejects with
   * CONTAINER_NOT_FOUND, CONTAINER_AMBIGUOUS, CONTAINER_NOT_RUNNING, CONTAINER_RUNTIME_UNUSABLE, and as startedTransport.
   */
  spawner(start: ContainerStart): SpawnTransport {
    return async (spec) => {
      const timeoutMs = Math.min(askMs, start.timeoutMs);
      // Who ends what carries the mark, ends the looking too.
      const marked = this.#runtimes.map((runtime) => ({
        ...runtime,
        environment: { ...runtime.environment, ...start.mark },
      }));
      const { runtime, ...container } = await runningContainer(start.target, marked, timeoutMs);
      const own = this.#runtimes.find(({ name }) => name === runtime.name) ?? runtime;
      return this.#start(spec, start, { ...container, runtime: own });
    };
  }

  /** The first of these programs that is on the PATH of the container; undefined: none. Errors as of `spawner`. */
  async firstProgram(target: ContainerTarget, names: readonly string[]): Promise<string | undefined> {
    const container = await runningContainer(target, this.#runtimes, askMs);
    const { runtime } = container;
    const line = `for name in ${names.join(' ')}; do if command -v "$name" >/dev/null 2>&1; then printf '%s' "$name"; exit; fi; done`;
    const answer = await this.#run(container, target, line);
    if (answer.is === 'failed')
      throw new RunspaceError(
        'ENGINE_START_FAILED',
        `no program can be started in container ${target.container} (is there a POSIX shell, sh?): ${answer.why}`,
        { facts: { container: target.container, runtime: runtime.name } },
      );
    return names.find((name) => answer.is === 'answered' && name === answer.output);
  }

  /**
   * Ends every process in the container that has this text in its environment, with its group. What is not running has
   * none. Rejects where the container can't be asked: CONTAINER_RUNTIME_UNUSABLE.
   */
  async endMarked(target: ContainerTarget, text: string): Promise<void> {
    let container: Listed;
    try {
      container = await findContainer(target, this.#runtimes, askMs);
    } catch (thrown) {
      if (thrown instanceof RunspaceError && thrown.code === 'CONTAINER_NOT_FOUND') return;
      throw thrown;
    }
    if (container.state !== 'running') return;
    const answer = await this.#run(container, target, endingScript(text));
    if (answer.is === 'answered') return;
    const why = answer.is === 'failed' ? answer.why : 'it is not there';
    throw new RunspaceError(
      'CONTAINER_RUNTIME_UNUSABLE',
      `processes in the container "${target.container}" can't be ended: ${why}`,
      { facts: { container: target.container, runtime: container.runtime.name } },
    );
  }

  async #start(
    spec: ProcessSpec,
    { target, timeoutMs, mark }: ContainerStart,
    container: Listed,
  ): Promise<Transport> {
    const { runtime, id } = container;
    const nonce = randomUUID();
    const { words, preface } = startLine(spec, nonce);
    const [program, ...first] = runtime.command;
    const channel = await spawnStdio({
      program,
      arguments: [...first, ...execWords(runtime, target), id, ...words],
      environment: { ...runtime.environment, ...mark },
      workingDirectory: '/',
      standardError: spec.standardError ?? 'diagnostics',
    });
    const facts = { container: target.container, runtime: runtime.name };
    return startedTransport({
      spec,
      place: { text: `in container ${target.container}`, facts },
      channel,
      preface,
      nonce,
      timeoutMs,
      run: (line) => this.#beside(container, target, line),
      explain: (end) => this.#explain(end, target, container),
    });
  }

  /** Signals, whose own failure says nothing that the end of the engine does not. */
  async #beside(container: Listed, target: ContainerTarget, line: string): Promise<void> {
    const key = `${container.id} ${String(target.runAsAdministrator)}`;
    const errands =
      this.#errands.get(key) ??
      new Gathered(async (lines) => {
        await this.#run(container, target, lines.map((one) => `${one} 2>/dev/null`).join('; '));
      });
    this.#errands.set(key, errands);
    try {
      await errands.add(line);
    } finally {
      if (errands.isIdle) this.#errands.delete(key);
    }
  }

  #run({ runtime, id }: Listed, target: ContainerTarget, line: string): Promise<Answer> {
    return ask(runtime, [...execWords(runtime, target), id, 'sh', '-c', line], askMs);
  }

  /** Whether the container itself has stopped or was removed: then that is why the program is gone. */
  async #explain(
    end: TransportEnd,
    target: ContainerTarget,
    { runtime, id }: Listed,
  ): Promise<RunspaceError | undefined> {
    // Processes of a container that stops are killed, or podman knows nothing of them any more (125); one that ends by itself needs no second look.
    const wasKilled =
      end.is === 'exited' && (end.signal !== undefined || (end.code ?? 0) > 128 || end.code === 125);
    for (let look = 1; ; look += 1) {
      const why = await this.#whyGone({ ...target, container: id }, runtime);
      if (why !== undefined)
        return new RunspaceError(
          'CONTAINER_STOPPED',
          `the container "${target.container}" ${why}, and all that ran in it with it; start it and open a new session`,
          { facts: { container: target.container, runtime: runtime.name, id } },
        );
      if (!wasKilled || look === looks.most) return undefined;
      await delay(looks.everyMs);
    }
  }

  async #whyGone(target: ContainerTarget, runtime: Runtime): Promise<string | undefined> {
    try {
      const { state, status } = await findContainer(target, [runtime], askMs);
      if (state === 'running' || state === 'paused') return undefined;
      return state === 'exited' && status !== '' ? `has stopped (${status})` : `has stopped (${state})`;
    } catch (thrown) {
      if (thrown instanceof RunspaceError && thrown.code === 'CONTAINER_NOT_FOUND') return 'was removed';
      return undefined; // Nobody knows: the program's own end has to do.
    }
  }
}

function execWords({ name }: Runtime, { runAsAdministrator }: ContainerTarget): readonly string[] {
  return [
    'exec',
    '--interactive',
    // Podman looks for them without a terminal too, and all bytes may come.
    ...(name === 'podman' ? ['--detach-keys='] : []),
    ...(runAsAdministrator ? ['--user=0'] : []),
  ];
}

/** Environments are parted by zero bytes, which grep takes for any others; the shell that runs this has no such text in its own. */
function endingScript(text: string): string {
  return [
    'command -v grep >/dev/null 2>&1 || { echo "there is no grep" >&2; exit 3; };',
    `for file in $(grep -l -e '${text}' /proc/[0-9]*/environ 2>/dev/null); do`,
    'id=${file#/proc/}; id=${id%/environ};',
    '{ IFS= read -r stat <"/proc/$id/stat"; } 2>/dev/null || continue;',
    'set -- ${stat##*) }; group=$3;',
    'if [ "$group" -gt 1 ]; then kill -KILL "-$group" 2>/dev/null; fi;',
    'kill -KILL "$id" 2>/dev/null;',
    'done; exit 0',
  ].join(' ');
}
