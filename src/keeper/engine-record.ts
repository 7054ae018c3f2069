import { rm } from 'node:fs/promises';
import { readJson, replaceJson, type JsonResult } from '../store/json-file';
import type { ContainerTarget } from '../core/target';
import type { Containers } from '../transport/container/containers';
import {
  engineNonceVariable,
  groupsWithNonce,
  isSameProcess,
  killGroup,
  knownProcess,
  type KnownProcess,
} from './processes';

/** What is on disk of a session's engine while there may be one. */
export interface EngineRecord {
  /** The keeper that holds its pipes. */
  readonly keeperId: string;
  /** In the environment of the engine and of all that it starts. */
  readonly nonce: string;
  readonly engine: string;
  /** Where it runs in one. */
  readonly container?: ContainerTarget | undefined;
  /** Leader of its process group; undefined until it has answered. */
  readonly process: KnownProcess | undefined;
}

/**
 * Writes what is known of an engine: before it is spawned, and again when its process id is known. It survives the
 * death of the keeper, which is all it is for: a power cut ends the engine too.
 *
 * Where a keeper can have died:
 * - before the first write: nothing was spawned;
 * - between the spawn and the second write: the engine is found by the nonce in its environment;
 * - later: by process id and start time, so that no later process with the same id is ended in its place.
 */
export async function writeEngineRecord(
  path: string,
  record: Omit<EngineRecord, 'process'>,
  pid?: number,
): Promise<void> {
  const known = pid === undefined ? undefined : knownProcess(pid);
  await replaceJson(path, { ...record, process: known }, 'crash');
}

/** The engine is gone. */
export async function removeEngineRecord(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** What is written of an engine. */
export function readEngineRecord(path: string): Promise<JsonResult<EngineRecord>> {
  return readJson(path, toEngineRecord);
}

/**
 * Ends an engine whose keeper is dead, with its whole process group; returns how many groups of this machine were ended.
 * Error: CONTAINER_RUNTIME_UNUSABLE where it runs in a container that can't be reached now.
 */
export async function endEngine(
  record: EngineRecord,
  containers: Pick<Containers, 'endMarked'>,
): Promise<number> {
  const { process: known, nonce, container } = record;
  const groups = known === undefined ? groupsWithNonce(nonce) : groupsOf(known, nonce);
  const ended = groups.filter((group) => killGroup(group)).length;
  if (container !== undefined) await containers.endMarked(container, `${engineNonceVariable}=${nonce}`);
  return ended;
}

/** The leader may be dead and its group not: then a member of the group still carries the nonce. */
function groupsOf(known: KnownProcess, nonce: string): readonly number[] {
  if (isSameProcess(known)) return [known.pid];
  return groupsWithNonce(nonce).filter((group) => group === known.pid);
}

function toEngineRecord(json: unknown): EngineRecord {
  const { keeperId, nonce, engine, container, process: known } = fieldsOf(json);
  if (
    typeof keeperId !== 'string' ||
    typeof nonce !== 'string' ||
    typeof engine !== 'string' ||
    nonce === ''
  ) {
    throw new Error('it names no keeper, nonce and engine');
  }
  return { keeperId, nonce, engine, container: toContainer(container), process: toKnownProcess(known) };
}

function toContainer(json: unknown): ContainerTarget | undefined {
  const { container, runtime, runAsAdministrator } = fieldsOf(json);
  if (typeof container !== 'string') return undefined;
  const known = (['docker', 'podman'] as const).find((name) => name === runtime);
  const named = known === undefined ? {} : { runtime: known };
  return { is: 'container', container, ...named, runAsAdministrator: runAsAdministrator === true };
}

function toKnownProcess(json: unknown): KnownProcess | undefined {
  const { pid, start } = fieldsOf(json);
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 1 || typeof start !== 'string')
    return undefined;
  return { pid, start };
}

function fieldsOf(json: unknown): Readonly<Partial<Record<string, unknown>>> {
  return typeof json === 'object' && json !== null ? { ...json } : {};
}
