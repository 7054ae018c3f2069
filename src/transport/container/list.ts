import { ask, type Answer, type Runtime } from './runtime';

/** A container, as its runtime lists it. */
export interface Listed {
  readonly runtime: Runtime;
  readonly id: string;
  readonly names: readonly string[];
  /** `running`, `exited`, `paused` … */
  readonly state: string;
  /** The same for people, with exit code and time. */
  readonly status: string;
}

/** All containers that a runtime knows, or why it can't say. */
export type Listing =
  | { readonly is: 'listed'; readonly runtime: Runtime; readonly containers: readonly Listed[] }
  | Exclude<Answer, { is: 'answered' }>;

/** Asks a runtime for its containers. */
export async function listOf(runtime: Runtime, timeoutMs: number): Promise<Listing> {
  const format = runtime.name === 'podman' ? 'json' : '{{json .}}';
  const answer = await ask(runtime, ['ps', '--all', '--no-trunc', '--format', format], timeoutMs);
  if (answer.is !== 'answered') return answer;
  try {
    const containers = entriesIn(answer.output).map((entry) => listedOf(entry, runtime));
    return { is: 'listed', runtime, containers };
  } catch (thrown) {
    return { is: 'failed', why: `it answered what is no list of containers: ${String(thrown)}` };
  }
}

/** One array, or a line for each. */
function entriesIn(text: string): readonly Readonly<Record<string, unknown>>[] {
  const trimmed = text.trim();
  const entries: unknown = trimmed.startsWith('[')
    ? JSON.parse(trimmed)
    : trimmed.split('\n').flatMap((line): unknown[] => (line.trim() === '' ? [] : [JSON.parse(line)]));
  if (!Array.isArray(entries)) throw new Error('no array');
  return entries.map((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) throw new Error('an entry is no object');
    return { ...entry };
  });
}

/** Podman writes `Id` and a list of names, docker `ID` and names with commas between. */
function listedOf(entry: Readonly<Record<string, unknown>>, runtime: Runtime): Listed {
  const { Id, ID, Names, State, Status } = entry;
  const id = textOf(Id) || textOf(ID);
  if (id === '') throw new Error('a container has no id');
  const names = Array.isArray(Names) ? Names.map(textOf) : textOf(Names).split(',');
  return {
    runtime,
    id,
    names: names.filter((name) => name !== ''),
    state: textOf(State).toLowerCase(),
    status: textOf(Status),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
