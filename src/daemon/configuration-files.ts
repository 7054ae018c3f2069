import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { parse } from 'yaml';
import type { ConfigurationFile } from '../configuration/catalog';
import type { Configuration } from '../configuration/configuration';
import { invalid } from '../configuration/check';
import { keyOf } from '../configuration/names';
import { RunspaceError, toError } from '../core/error';
import { toConfiguration } from '../rpc/configuration-message';
import { systemCodeOf } from '../store/system-error';
import { configurationFromJson } from './configuration-json';

const endings: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json']);
const othersWrite = 0o002;
const largestFile = 4 * 1024 * 1024;

interface Read {
  readonly stamp: string;
  readonly file: ConfigurationFile;
}

/**
 * The folder of configuration files, `NAME.yaml` each. It is looked at anew each time, so that edits apply without a
 * restart; a file that didn't change is not read again. One that can't be used is told of by its name.
 */
export class ConfigurationFiles {
  readonly #folder: string;
  #read: ReadonlyMap<string, Read> = new Map();

  constructor(folder: string) {
    this.#folder = folder;
  }

  all(): readonly ConfigurationFile[] {
    const read = new Map<string, Read>();
    const keys = new Map<string, string>();
    for (const fileName of namesIn(this.#folder)) {
      const path = join(this.#folder, fileName);
      const name = fileName.slice(0, -extname(fileName).length);
      const first = keys.get(keyOf(name));
      keys.set(keyOf(name), path);
      read.set(path, first === undefined ? this.#readOnce(name, path) : twice(name, path, first));
    }
    this.#read = read;
    return [...read.values()].map(({ file }) => file);
  }

  #readOnce(name: string, path: string): Read {
    const stamp = stampOf(path);
    const before = this.#read.get(path);
    return stamp !== '' && before?.stamp === stamp ? before : { stamp, file: readFile(name, path) };
  }
}

/** A configuration from YAML or JSON. Errors: CONFIGURATION_INVALID, UNSUPPORTED. */
export function configurationFromText(text: string): Configuration {
  try {
    return toConfiguration(configurationFromJson(parse(text)));
  } catch (thrown) {
    if (thrown instanceof RunspaceError) throw thrown;
    throw new RunspaceError(
      'CONFIGURATION_INVALID',
      `the configuration can't be used: ${toError(thrown).message}`,
      {
        cause: thrown,
      },
    );
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.') && endings.has(extname(name)))
      .sort();
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return [];
    throw new RunspaceError(
      'CONFIGURATION_INVALID',
      `the folder of session configurations ${folder} can't be read: ${toError(thrown).message}`,
      { facts: { folder }, cause: thrown },
    );
  }
}

/** What changes with the file; empty where it can't be looked at. */
function stampOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined
    ? ''
    : `${String(stats.mtimeMs)} ${String(stats.ctimeMs)} ${String(stats.size)} ${String(stats.ino)}`;
}

function readFile(name: string, path: string): ConfigurationFile {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw new Error('it is no file');
    if (stats.size > largestFile) throw new Error('it is larger than 4 MiB');
    if ((stats.mode & othersWrite) !== 0) throw new Error(`everybody may change it; chmod o-w '${path}'`);
    const message = configurationFromJson(parse(readFileSync(path, 'utf8')) ?? {});
    if (message.name !== '' && keyOf(message.name) !== keyOf(name))
      throw new Error(`its name is ${message.name}; a file must have its configuration's name, or say none`);
    const changedAt = Math.floor(stats.mtimeMs);
    const configuration = toConfiguration({ ...message, name });
    return {
      name,
      path,
      configuration: { ...configuration, version: changedAt, source: 'file', registeredAt: changedAt },
    };
  } catch (thrown) {
    return {
      name,
      path,
      error: invalid(name, `in ${path}`, `can't be used: ${toError(thrown).message}`),
    };
  }
}

function twice(name: string, path: string, first: string): Read {
  const error = invalid(name, `in ${path}`, `can't be used: ${first} has the same name; remove one of them`);
  return { stamp: '', file: { name, path, error } };
}
