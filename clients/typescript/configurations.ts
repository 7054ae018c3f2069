import { randomUUID } from 'node:crypto';
import type { Api, CallChoices } from './api';
import type { Configuration } from './gen/runspace/v1/configuration';
import { methods } from './methods';
import { present } from './present';

/** Choices for changing configurations. */
export interface RegisterOptions extends CallChoices {
  /** Makes the call idempotent across programs; made up when left out. */
  readonly requestId?: string;
}

/** A configuration as a message, or its text: YAML or JSON as a configuration file has it. */
export type ConfigurationSourceText = Configuration | string;

/** Session configurations: named endpoints. Each is named by its name, whatever its case, or its resource URI. */
export class Configurations {
  readonly #api: Api;

  /** Made by `connect`. */
  constructor(api: Api) {
    this.#api = api;
  }

  /** The configurations that the caller may see, by name; `names` may be patterns. */
  async list(
    options: CallChoices & { readonly names?: readonly string[] } = {},
  ): Promise<readonly Configuration[]> {
    const all: Configuration[] = [];
    let pageToken = '';
    do {
      const request = { names: [...(options.names ?? [])], pageSize: 0, pageToken };
      const page = await this.#api.unary(methods.listConfigurations, request, options);
      all.push(...page.configurations);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return all;
  }

  /** One configuration. */
  async get(name: string, choices: CallChoices = {}): Promise<Configuration> {
    return present((await this.#api.unary(methods.getConfiguration, { name }, choices)).configuration);
  }

  /** Adds a configuration, or replaces the one of its name. Only for whoever runs the daemon. */
  register(configuration: ConfigurationSourceText, options: RegisterOptions = {}): Promise<Configuration> {
    return this.#register(configuration, { ...options, validateOnly: false });
  }

  /** The configuration as it would be in force; fails where it could not be registered. Changes nothing. */
  validate(configuration: ConfigurationSourceText, options: RegisterOptions = {}): Promise<Configuration> {
    return this.#register(configuration, { ...options, validateOnly: true });
  }

  /** Removes a registered configuration; its sessions stay. Only for whoever runs the daemon. */
  async unregister(name: string, options: RegisterOptions = {}): Promise<void> {
    const requestId = options.requestId ?? randomUUID();
    await this.#api.unary(methods.unregisterConfiguration, { requestId, name }, options);
  }

  async #register(
    configuration: ConfigurationSourceText,
    {
      validateOnly,
      requestId = randomUUID(),
      ...choices
    }: RegisterOptions & { readonly validateOnly: boolean },
  ): Promise<Configuration> {
    const said =
      typeof configuration === 'string'
        ? { configuration: undefined, text: configuration }
        : { configuration, text: '' };
    const request = { requestId, validateOnly, ...said };
    return present((await this.#api.unary(methods.registerConfiguration, request, choices)).configuration);
  }
}
