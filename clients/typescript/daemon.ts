import { randomUUID } from 'node:crypto';
import type { Api, CallChoices } from './api';
import type { GetStatusResponse } from './gen/runspace/v1/daemon';
import { methods } from './methods';

/** The daemon itself. */
export class Daemon {
  readonly #api: Api;

  /** Made by `connect`. */
  constructor(api: Api) {
    this.#api = api;
  }

  /** What runs. */
  status(choices: CallChoices = {}): Promise<GetStatusResponse> {
    return this.#api.unary(methods.getStatus, {}, choices);
  }

  /** Refuses new sessions and commands from now on, and ends nothing. */
  async drain(choices: CallChoices = {}): Promise<void> {
    await this.#api.unary(methods.drainDaemon, { requestId: randomUUID(), drain: true }, choices);
  }

  /** Takes a drain back. */
  async resume(choices: CallChoices = {}): Promise<void> {
    await this.#api.unary(methods.drainDaemon, { requestId: randomUUID(), drain: false }, choices);
  }

  /** Ends the daemon; sessions and their commands go on, unless they are to end too. */
  async stop(options: CallChoices & { readonly endSessions?: boolean } = {}): Promise<void> {
    const request = { requestId: randomUUID(), endSessions: options.endSessions ?? false };
    await this.#api.unary(methods.stopDaemon, request, options);
  }
}
