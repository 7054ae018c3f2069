import { existsSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import {
  Catalog,
  type RegisteredConfiguration,
  type RegisteredConfigurations,
} from '../configuration/catalog';
import type { ActiveConfiguration } from '../configuration/configuration';
import type { Machine } from '../configuration/check';
import type { Clock } from '../core/clock';
import type { Log } from '../core/log';
import { Configuration as ConfigurationMessage } from '../gen/runspace/v1/configuration';
import { fromConfiguration, toConfiguration } from '../rpc/configuration-message';
import { readJson, replaceJson } from '../store/json-file';
import type { StateLayout } from '../store/state-layout';
import { ConfigurationFiles } from './configuration-files';
import { isExecutable, type Engines } from './engines';
import { findUser } from './os-users';

/** What the configurations of a daemon are made of. */
export interface ConfigurationPlaces {
  readonly layout: StateLayout;
  /** The folder of configuration files. */
  readonly folder: string;
  readonly engines: Engines;
  readonly uid: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** The catalog of a daemon's configurations. Error: STATE_FOLDER_UNUSABLE where the registered ones can't be read. */
export async function openCatalog(places: ConfigurationPlaces): Promise<Catalog> {
  const { layout, engines, clock, log } = places;
  const files = new ConfigurationFiles(places.folder);
  const path = layout.configurationsFile;
  const found = await readJson(path, (json) => toRegistered(json, log));
  // Without them sessions could be opened that they would have kept in bounds.
  if (found.is === 'broken') throw found.error;
  return new Catalog({
    machine: machineOf(places),
    foundEngines: () => engines.all().flatMap((engine) => ('program' in engine ? [engine.name] : [])),
    files: () => files.all(),
    registered: found.is === 'read' ? found.value : { configurations: [], versions: {} },
    save: (registered) => replaceJson(path, fromRegistered(registered)),
    now: () => clock.now(),
  });
}

function machineOf({ engines, uid }: ConfigurationPlaces): Machine {
  return {
    engines: engines.all().map(({ name }) => name),
    isRoot: uid === 0,
    ownUser: userInfo().username,
    canCountProcesses: existsSync('/proc/self/stat'),
    isExecutable,
    isFile: (file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true,
    user: findUser,
  };
}

/** Messages are stored in their wire form, which never loses a field, with their JSON beside it for people. */
function fromRegistered({ configurations, versions }: RegisteredConfigurations): unknown {
  return {
    versions,
    configurations: configurations.map(({ configuration, request }) => {
      const message = fromConfiguration(configuration);
      const encoded = Buffer.from(ConfigurationMessage.encode(message).finish()).toString('base64');
      return {
        request,
        name: configuration.name,
        message: encoded,
        shown: ConfigurationMessage.toJSON(message),
      };
    }),
  };
}

function toRegistered(json: unknown, log: Log): RegisteredConfigurations {
  const { configurations, versions } = objectOf(json, 'the file');
  if (!Array.isArray(configurations)) throw new Error('it has no list of configurations');
  const numbers = Object.entries(objectOf(versions, 'versions')).flatMap(([name, version]) =>
    typeof version === 'number' ? [[name, version] as const] : [],
  );
  const read = configurations.map(toOne);
  log.info('configurations read', { registered: read.length });
  return { configurations: read, versions: Object.fromEntries(numbers) };
}

function toOne(json: unknown): RegisteredConfiguration {
  const { request, message: encoded } = objectOf(json, 'a configuration');
  if (typeof request !== 'string' || typeof encoded !== 'string')
    throw new Error('a configuration has no message and request');
  const message = ConfigurationMessage.decode(Buffer.from(encoded, 'base64'));
  const configuration: ActiveConfiguration = {
    ...toConfiguration(message),
    version: Number(message.version),
    source: 'api',
    registeredAt: message.registerTime?.getTime(),
  };
  return { configuration, request };
}

function objectOf(json: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Error(`${what} is no object`);
  return json as Readonly<Record<string, unknown>>;
}
