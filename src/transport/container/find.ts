import { RunspaceError } from '../../core/error';
import type { ContainerTarget } from '../../core/target';
import { listOf, type Listed, type Listing } from './list';
import type { Runtime, RuntimeName } from './runtime';

/** What was asked for, and what the runtimes said. */
interface Asked {
  readonly target: ContainerTarget;
  readonly answers: readonly (readonly [Runtime, Listing])[];
}

/**
 * The container that a target names: by its whole id, else its name, else the beginning of its id. Errors:
 * CONTAINER_NOT_FOUND, CONTAINER_AMBIGUOUS, CONTAINER_RUNTIME_UNUSABLE.
 */
export async function findContainer(
  target: ContainerTarget,
  runtimes: readonly Runtime[],
  timeoutMs: number,
): Promise<Listed> {
  const wanted = runtimes.filter(({ name }) => target.runtime === undefined || name === target.runtime);
  const answers = await Promise.all(
    wanted.map(async (runtime) => [runtime, await listOf(runtime, timeoutMs)] as const),
  );
  const asked = { target, answers };
  const [first, second] = matching(target.container, onlyOnce(containersIn(asked)));
  if (first === undefined) throw notFound(asked);
  if (second !== undefined) throw ambiguous(target, matching(target.container, containersIn(asked)));
  return first;
}

/** The container of a target, which can be used as it is. Further error: CONTAINER_NOT_RUNNING. */
export async function runningContainer(
  target: ContainerTarget,
  runtimes: readonly Runtime[],
  timeoutMs: number,
): Promise<Listed> {
  const found = await findContainer(target, runtimes, timeoutMs);
  if (found.state !== 'running') throw notRunning(target, found);
  return found;
}

function containersIn({ answers }: Asked): readonly Listed[] {
  return answers.flatMap(([, answer]) => (answer.is === 'listed' ? answer.containers : []));
}

/** A `docker` that is podman under another name lists the same ones. */
function onlyOnce(containers: readonly Listed[]): readonly Listed[] {
  return [...new Map([...containers].reverse().map((one) => [one.id, one])).values()].reverse();
}

function matching(reference: string, containers: readonly Listed[]): readonly Listed[] {
  const tests: ((one: Listed) => boolean)[] = [
    ({ id }) => id === reference.toLowerCase(),
    ({ names }) => names.includes(reference),
    ({ id }) => id.startsWith(reference.toLowerCase()),
  ];
  for (const test of tests) {
    const found = containers.filter(test);
    if (found.length > 0) return found;
  }
  return [];
}

function factsOf({ container, runtime }: ContainerTarget): Record<string, string> {
  return { container, ...(runtime === undefined ? {} : { runtime }) };
}

function notFound({ target, answers }: Asked): RunspaceError {
  const facts = factsOf(target);
  const listed = answers.flatMap(([{ name }, { is }]) => (is === 'listed' ? [name] : []));
  const failed = answers.flatMap(([{ name }, answer]) =>
    answer.is === 'failed' ? [`${name} can't be asked: ${answer.why}${remedyFor(name, answer.why)}`] : [],
  );
  if (listed.length > 0) {
    const where = listed.join(' and ');
    const also = failed.map((text) => `; ${text}`).join('');
    const message = `there is no container "${target.container}" in ${where}; \`${listed[0] ?? ''} ps -a\` lists them${also}`;
    return new RunspaceError('CONTAINER_NOT_FOUND', message, { facts });
  }
  const message =
    failed.length > 0
      ? `the container "${target.container}" can't be looked for: ${failed.join('; ')}`
      : `the container "${target.container}" can't be looked for: ${missingText(answers.map(([runtime]) => runtime))}`;
  return new RunspaceError('CONTAINER_RUNTIME_UNUSABLE', message, { facts });
}

function missingText(runtimes: readonly Runtime[]): string {
  const names = runtimes.map(({ name, command: [program] }) =>
    program === name ? name : `${name} (${program})`,
  );
  const are = names.length > 1 ? `neither ${names.join(' nor ')} is` : `${names.join('')} is not`;
  const keys = runtimes.map(({ name }) => `RUNSPACED_${name.toUpperCase()}`).join(' or ');
  return `${are} on the daemon's machine; install it, or set ${keys} to its path`;
}

function remedyFor(name: RuntimeName, why: string): string {
  if (!/permission denied/i.test(why)) return '';
  return name === 'docker'
    ? ' (the user of the daemon must be in the group docker, or use rootless docker with DOCKER_HOST)'
    : ' (the user of the daemon may not use this podman)';
}

function ambiguous(target: ContainerTarget, candidates: readonly Listed[]): RunspaceError {
  const shown = candidates
    .slice(0, 10)
    .map(({ id, names, runtime }) => `${id.slice(0, 12)} (${[...names, runtime.name].join(', ')})`);
  const more = candidates.length > shown.length ? ' …' : '';
  return new RunspaceError(
    'CONTAINER_AMBIGUOUS',
    `"${target.container}" names more than one container: ${shown.join(', ')}${more}; give more of the id, or the runtime`,
    { facts: factsOf(target) },
  );
}

function notRunning(target: ContainerTarget, { runtime, id, state, status }: Listed): RunspaceError {
  const name = runtime.name;
  const what = state === 'paused' ? `${name} unpause` : `${name} start`;
  const shown = status !== '' && status.toLowerCase() !== state ? `${state}: ${status}` : state;
  return new RunspaceError(
    'CONTAINER_NOT_RUNNING',
    `the container "${target.container}" does not run (${shown}); start it with \`${what} ${target.container}\``,
    { facts: { ...factsOf(target), runtime: name, id, state } },
  );
}
