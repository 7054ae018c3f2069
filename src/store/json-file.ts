import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { toError, type RunspaceError } from '../core/error';
import { systemCodeOf, unusable } from './system-error';

/** Makes a T of what was in a file, or throws an error that says what is wrong with it. */
export type Validate<T> = (json: unknown) => T;

/** What reading a file gave: a file that can't be used is a result, so that it never stops the reading of others. */
export type JsonResult<T> =
  | { readonly is: 'read'; readonly path: string; readonly value: T }
  | { readonly is: 'missing'; readonly path: string }
  | { readonly is: 'broken'; readonly path: string; readonly error: RunspaceError };

/** Reads a JSON file. Never rejects; the error of a broken one (STATE_FOLDER_UNUSABLE) names the file. */
export async function readJson<T>(path: string, validate: Validate<T>): Promise<JsonResult<T>> {
  try {
    const json: unknown = JSON.parse(await readFile(path, 'utf8'));
    return { is: 'read', path, value: validate(json) };
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return { is: 'missing', path };
    const why = toError(thrown).message;
    const error = unusable({ path, why, remedy: 'repair the file or remove it', cause: thrown });
    return { is: 'broken', path, error };
  }
}

/** One entry of a folder of entries. */
export interface JsonEntry<T> {
  /** The name of the entry in its folder, such as a session's id. */
  readonly name: string;
  readonly result: JsonResult<T>;
}

/** Where the entries of a folder lie. */
export interface EntryPlaces {
  readonly folder: string;
  /** `session.json` for FOLDER/NAME/session.json; undefined for FOLDER/NAME.json. */
  readonly file?: string;
}

/** Reads every entry of a folder, such as all sessions; a folder that is missing has none. Throws STATE_FOLDER_UNUSABLE. */
export async function readJsonEntries<T>(
  places: EntryPlaces,
  validate: Validate<T>,
): Promise<readonly JsonEntry<T>[]> {
  const names = await namesIn(places);
  const entries: JsonEntry<T>[] = [];
  for (const name of names) {
    const path = join(places.folder, name, places.file ?? '');
    const entryName = places.file === undefined ? basename(name, '.json') : name;
    entries.push({ name: entryName, result: await readJson(path, validate) });
  }
  return entries;
}

/** What a replaced file survives: the end of this process, or also a power cut (fsync; some milliseconds more). */
export type Survives = 'crash' | 'power cut';

/**
 * Replaces the file by this value: at any moment, also when this process is killed, the file is the old or the new
 * one, whole. Several replacements of one path happen in the order of the calls. Its folder must exist. The file is
 * closed to others (0600). Throws STATE_FOLDER_UNUSABLE; then the old one is still there.
 */
export async function replaceJson(
  path: string,
  value: unknown,
  survives: Survives = 'power cut',
): Promise<void> {
  const text = `${JSON.stringify(value, undefined, 2)}\n`;
  const before = pending.get(path) ?? Promise.resolve();
  const replacing = before.then(() => replaceText(path, text, survives));
  const settled = replacing.catch(() => undefined);
  pending.set(path, settled);
  void settled.then(() => {
    if (pending.get(path) === settled) pending.delete(path);
  });
  await replacing;
}

/** The last replacement of each path that is under way. */
const pending = new Map<string, Promise<void>>();

/** Resolves when nothing is being replaced any more; what failed was told to who asked for it. */
export async function jsonReplaced(): Promise<void> {
  await Promise.all(pending.values());
}

async function replaceText(path: string, text: string, survives: Survives): Promise<void> {
  const folder = dirname(path);
  // One name per process: what a crash leaves behind is overwritten, and two processes never share one.
  const temporary = join(folder, `.${basename(path)}.${process.pid}.tmp`);
  try {
    if (survives === 'power cut') {
      await writeSynced(temporary, text);
      await rename(temporary, path);
      await syncFolder(folder);
    } else {
      // Nothing here waits for the disk: at once it takes a tenth of a millisecond, by turns of the event loop more than one.
      writeFileSync(temporary, text, { mode: 0o600 });
      renameSync(temporary, path);
    }
  } catch (thrown) {
    // What went wrong first is the error to tell; a file left here is overwritten by the next replacement.
    await rm(temporary, { force: true }).catch(() => undefined);
    const remedy = 'free space there, or see who changed the folder';
    throw unusable({ path, why: `writing it failed: ${toError(thrown).message}`, remedy, cause: thrown });
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Names of the folders in a folder; none where it is missing. Throws STATE_FOLDER_UNUSABLE. */
export function folderNames(folder: string): Promise<readonly string[]> {
  return namesIn({ folder, file: '' });
}

/** Names of the JSON files in a folder that are not hidden, sorted; none where the folder is missing. */
export function fileNames(folder: string): Promise<readonly string[]> {
  return namesIn({ folder });
}

async function namesIn({ folder, file }: EntryPlaces): Promise<readonly string[]> {
  try {
    const found = await readdir(folder, { withFileTypes: true });
    return found
      .filter((entry) =>
        file === undefined ? entry.isFile() && entry.name.endsWith('.json') : entry.isDirectory(),
      )
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('.'))
      .sort();
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return [];
    throw unusable({
      path: folder,
      why: toError(thrown).message,
      remedy: 'see who changed the folder',
      cause: thrown,
    });
  }
}
