import path from 'node:path';

/** The first program of this name in the folders of a PATH, as an absolute path; undefined: there is none. */
export function findOnPath(
  name: string,
  folders: string,
  isExecutable: (file: string) => boolean,
): string | undefined {
  if (name.includes(path.sep)) return undefined;
  const files = folders
    .split(path.delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => path.resolve(folder, name));
  return files.find(isExecutable);
}
