import { RunspaceError } from '../core/error';
import type { ActiveConfiguration, Configuration } from './configuration';
import { builtInConfiguration } from './configuration';
import { checkConfiguration, type Machine } from './check';
import { defaultNameOf, keyOf, lookedUp } from './names';

/** A configuration, or a file that should hold one and does not. */
export type CatalogEntry =
  | { readonly is: 'usable'; readonly name: string; readonly configuration: ActiveConfiguration }
  | {
      readonly is: 'broken';
      readonly name: string;
      readonly source: ActiveConfiguration['source'];
      readonly error: RunspaceError;
      /** What could be read of it. */
      readonly configuration: ActiveConfiguration | undefined;
    };

/** What is in a file of the configuration folder. */
export type ConfigurationFile =
  | { readonly name: string; readonly path: string; readonly configuration: ActiveConfiguration }
  | { readonly name: string; readonly path: string; readonly error: RunspaceError };

/** A configuration that came over the API, and the call that it came with. */
export interface RegisteredConfiguration {
  readonly configuration: ActiveConfiguration;
  /** Fingerprint of the call, so that a repeated one is known as such also after a crash. */
  readonly request: string;
}

/** What is stored of configurations that came over the API. */
export interface RegisteredConfigurations {
  readonly configurations: readonly RegisteredConfiguration[];
  /** The last version of every name that was ever registered, by key. */
  readonly versions: Readonly<Record<string, number>>;
}

/** What the catalog needs from around it. */
export interface CatalogParts {
  readonly machine: Machine;
  /** Names of the engines that are found now. */
  foundEngines(): readonly string[];
  /** The configuration folder as it is now. */
  files(): readonly ConfigurationFile[];
  /** What a former daemon stored. */
  readonly registered: RegisteredConfigurations;
  /** Replaces what is stored. Rejects when that fails. */
  save(registered: RegisteredConfigurations): Promise<void>;
  now(): number;
}

const mostRegistered = 1_000;
const mostVersions = 10_000;

/** All configurations of this daemon. Of the same name a file wins over a registered one, that over an engine's own. */
export class Catalog {
  readonly #parts: CatalogParts;
  #registered: RegisteredConfigurations;
  /** Changes come one after the other. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(parts: CatalogParts) {
    this.#parts = parts;
    this.#registered = parts.registered;
  }

  /** Every configuration there is, by name. */
  all(): readonly CatalogEntry[] {
    const builtIns = this.#parts.foundEngines().map((engine): CatalogEntry => {
      const configuration = builtInConfiguration(defaultNameOf(engine), engine);
      return { is: 'usable', name: configuration.name, configuration };
    });
    const registered = this.#registered.configurations.map((one) => this.#entryOf(one.configuration));
    const files = this.#parts.files().map((file) => this.#fileEntry(file));
    const byKey = new Map<string, CatalogEntry>();
    for (const entry of [...builtIns, ...registered, ...files]) byKey.set(keyOf(entry.name), entry);
    return [...byKey.values()].sort((a, b) => (keyOf(a.name) < keyOf(b.name) ? -1 : 1));
  }

  /** The one of this name or resource URI. Error: CONFIGURATION_NOT_FOUND, naming it and the target. */
  find(reference: string): CatalogEntry {
    const key = keyOf(lookedUp(reference));
    const entries = this.all();
    const found = entries.find((entry) => keyOf(entry.name) === key);
    if (found !== undefined) return found;
    const names = entries.map(({ name }) => name).slice(0, 20);
    throw new RunspaceError(
      'CONFIGURATION_NOT_FOUND',
      `there is no configuration "${reference}" on localhost; there are: ${names.join(', ')}`,
      { facts: { configuration: reference, target: 'localhost' } },
    );
  }

  /** The one of this name, if it can be used. Errors: CONFIGURATION_NOT_FOUND, CONFIGURATION_INVALID, UNSUPPORTED. */
  usable(reference: string): ActiveConfiguration {
    const found = this.find(reference);
    if (found.is === 'broken') throw found.error;
    return found.configuration;
  }

  /** The one that an engine's sessions have when none is named. Errors: CONFIGURATION_INVALID, UNSUPPORTED. */
  defaultOf(engine: string): ActiveConfiguration {
    const name = defaultNameOf(engine);
    const found = this.all().find((entry) => keyOf(entry.name) === keyOf(name));
    // An engine that isn't found is told of by who looks for it.
    if (found === undefined) return builtInConfiguration(name, engine);
    if (found.is === 'broken') throw found.error;
    return found.configuration;
  }

  /** The configuration as it would be in force. Errors: CONFIGURATION_INVALID, UNSUPPORTED, CONFIGURATION_READ_ONLY. */
  validate(configuration: Configuration): ActiveConfiguration {
    checkConfiguration(configuration, this.#parts.machine);
    const key = keyOf(configuration.name);
    const file = this.#parts.files().find(({ name }) => keyOf(name) === key);
    if (file !== undefined) throw readOnly(file.name, `it is in the file ${file.path}; change it there`);
    return {
      ...configuration,
      version: (this.#registered.versions[key] ?? 0) + 1,
      source: 'api',
      registeredAt: this.#parts.now(),
    };
  }

  /** Adds or replaces a configuration, once per request. Errors: those of `validate`, QUOTA_EXCEEDED, STATE_FOLDER_UNUSABLE. */
  register(configuration: Configuration, request: string): Promise<ActiveConfiguration> {
    return this.#inTurn(async () => {
      const key = keyOf(configuration.name);
      const before = this.#registered.configurations.find((one) => keyOf(one.configuration.name) === key);
      if (before?.request === request) return before.configuration;
      const active = this.validate(configuration);
      const others = this.#registered.configurations.filter((one) => one !== before);
      if (others.length >= mostRegistered) throw tooMany();
      await this.#store({
        configurations: [...others, { configuration: active, request }],
        versions: lastOnes({ ...without(this.#registered.versions, key), [key]: active.version }),
      });
      return active;
    });
  }

  /** Removes a registered configuration. Errors: CONFIGURATION_NOT_FOUND, CONFIGURATION_READ_ONLY, STATE_FOLDER_UNUSABLE. */
  unregister(reference: string): Promise<void> {
    return this.#inTurn(async () => {
      const found = this.find(reference);
      const key = keyOf(found.name);
      const source = found.is === 'usable' ? found.configuration.source : found.source;
      if (source !== 'api') throw readOnly(found.name, this.#whyNotRemoved(key));
      await this.#store({
        ...this.#registered,
        configurations: this.#registered.configurations.filter(
          (one) => keyOf(one.configuration.name) !== key,
        ),
      });
    });
  }

  #whyNotRemoved(key: string): string {
    const file = this.#parts.files().find(({ name }) => keyOf(name) === key);
    return file === undefined ? 'it comes with its engine' : `remove the file ${file.path}`;
  }

  #fileEntry(file: ConfigurationFile): CatalogEntry {
    if ('configuration' in file) return this.#entryOf(file.configuration);
    return { is: 'broken', name: file.name, source: 'file', error: file.error, configuration: undefined };
  }

  /** A configuration that was good once may be so no more: a user or a program may be gone. */
  #entryOf(configuration: ActiveConfiguration): CatalogEntry {
    const { name, source } = configuration;
    try {
      checkConfiguration(configuration, this.#parts.machine);
      return { is: 'usable', name, configuration };
    } catch (error) {
      if (!(error instanceof RunspaceError)) throw error;
      return { is: 'broken', name, source, error, configuration };
    }
  }

  async #store(registered: RegisteredConfigurations): Promise<void> {
    await this.#parts.save(registered);
    this.#registered = registered;
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#changing.then(change);
    this.#changing = turn.catch(() => undefined);
    return turn;
  }
}

function without(versions: Readonly<Record<string, number>>, key: string): Record<string, number> {
  return Object.fromEntries(Object.entries(versions).filter(([name]) => name !== key));
}

/** Versions of names that were used long ago are forgotten. */
function lastOnes(versions: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(versions).slice(-mostVersions));
}

function readOnly(name: string, why: string): RunspaceError {
  return new RunspaceError(
    'CONFIGURATION_READ_ONLY',
    `configuration "${name}" can't be changed by a call: ${why}`,
    { facts: { configuration: name } },
  );
}

function tooMany(): RunspaceError {
  return new RunspaceError(
    'QUOTA_EXCEEDED',
    `${String(mostRegistered)} configurations are registered, and no more are possible; unregister one first`,
    { facts: { quota: 'configurations', limit: String(mostRegistered), use: String(mostRegistered) } },
  );
}
