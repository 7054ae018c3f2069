import { randomUUID } from 'node:crypto';
import type { Api, CallChoices } from './api';
import { toDuration } from './duration';
import type { CreateTokenResponse, Token } from './gen/runspace/v1/access';
import { methods } from './methods';

/** Choices for a new token. */
export interface TokenOptions extends CallChoices {
  /** How long it counts; default 90 days; null: for ever. */
  readonly lifetimeMs?: number | null;
  /** Makes the creation idempotent across programs; made up when left out. */
  readonly requestId?: string;
}

/** Who may come in from other machines; only for whoever runs the daemon. */
export class Access {
  readonly #api: Api;

  /** Made by `connect`. */
  constructor(api: Api) {
    this.#api = api;
  }

  /** Makes a token for a user; its `text` is told once. */
  createToken(user: string, options: TokenOptions = {}): Promise<CreateTokenResponse> {
    const { lifetimeMs, requestId = randomUUID() } = options;
    const request = {
      requestId,
      user,
      lifetime: toDuration(lifetimeMs ?? undefined),
      endless: lifetimeMs === null,
    };
    return this.#api.unary(methods.createToken, request, options);
  }

  /** All tokens, oldest first, without what makes them valid. */
  async listTokens(choices: CallChoices = {}): Promise<readonly Token[]> {
    return (await this.#api.unary(methods.listTokens, {}, choices)).tokens;
  }

  /** Ends the token with this id, or all of this user, from the next call on; how many. */
  async revokeToken(token: string, choices: CallChoices = {}): Promise<number> {
    const request = { requestId: randomUUID(), token };
    return (await this.#api.unary(methods.revokeToken, request, choices)).revoked;
  }
}
