import { readdirSync } from 'node:fs';
import { makeFolder, realPathOf, requirePrivateFolder } from './folder';
import { readJson, replaceJson } from './json-file';
import { StateLayout } from './state-layout';
import { unusable } from './system-error';

/** The version of the layout that StateLayout describes. Raised when an older daemon must not touch it any more. */
const layoutVersion = 1;

interface Version {
  readonly layout: number;
}

/**
 * Opens the state folder for user `uid`, making it if need be, with the folders in it. Throws STATE_FOLDER_UNUSABLE
 * with the remedy if it isn't that user's alone, holds something else, or was written by a later version. The layout
 * has the real path, so that all who use the folder name it alike.
 */
export async function openStateFolder(path: string, uid: number): Promise<StateLayout> {
  const root = realPathOf(path);
  makeFolder(root);
  requirePrivateFolder(root, uid);
  const layout = new StateLayout(root);
  await requireVersion(layout);
  for (const folder of [
    layout.sessionsFolder,
    layout.keepersFolder,
    layout.requestsFolder,
    layout.jobsFolder,
  ]) {
    makeFolder(folder);
    requirePrivateFolder(folder, uid);
  }
  return layout;
}

async function requireVersion(layout: StateLayout): Promise<void> {
  // Listed before the version is read: another daemon, starting at the same moment, writes its version before anything else.
  const foreign = foreignNameIn(layout.root);
  const found = await readJson(layout.versionFile, toVersion);
  switch (found.is) {
    case 'read':
      if (found.value.layout > layoutVersion) throw newerLayout(layout.root, found.value.layout);
      return;
    case 'broken':
      throw found.error;
    case 'missing':
      if (foreign !== undefined) throw notStateFolder(layout.root, foreign);
      await replaceJson(layout.versionFile, { layout: layoutVersion } satisfies Version);
  }
}

/** Whoever starts the daemon may have made the folder and the log already; anything else is somebody's data. */
function foreignNameIn(root: string): string | undefined {
  const isOurs = (name: string): boolean => name.startsWith('daemon.') || name.startsWith('.version.json.');
  return readdirSync(root).find((name) => !isOurs(name));
}

function notStateFolder(path: string, foreign: string): Error {
  const why = `it holds '${foreign}', and nothing says that it is a state folder`;
  return unusable({ path, why, remedy: 'name an empty folder, or one that does not exist' });
}

function toVersion(json: unknown): Version {
  if (typeof json === 'object' && json !== null && 'layout' in json && Number.isInteger(json.layout)) {
    return { layout: Number(json.layout) };
  }
  throw new Error('it names no layout version');
}

function newerLayout(path: string, layout: number): Error {
  const why = `it was written by a later version (layout ${layout}, this one knows ${layoutVersion})`;
  return unusable({ path, why, remedy: 'use that version of runspaced, or another folder' });
}
