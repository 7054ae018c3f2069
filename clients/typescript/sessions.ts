import { randomUUID } from 'node:crypto';
import type { Api, CallChoices } from './api';
import { attachedEvents, type AttachEvent, type AttachOptions } from './attach';
import { toDuration } from './duration';
import {
  OutputBufferingMode,
  type CompleteInputResponse,
  type CreateSessionRequest,
  type Session as SessionInfo,
} from './gen/runspace/v1/session';
import type { Json } from './json';
import { methods } from './methods';
import type { Pipelines } from './pipelines';
import { present } from './present';
import { Session } from './session';
import type { ConnectSessionOptions, CreateOptions, DisconnectOptions, ListOptions } from './session-choices';
import { toCredentialMessage, toTargetMessage } from './target';
import { toSessionOptions } from './session-options';
import { watchedEvents, type WatchEvent } from './watch';

/** Sessions. Each is named by its number, id, exact name, or the beginning of its id. */
export class Sessions {
  readonly #api: Api;
  readonly #pipelines: Pipelines;

  /** Made by `connect`. */
  constructor(api: Api, pipelines: Pipelines) {
    this.#api = api;
    this.#pipelines = pipelines;
  }

  /** Opens a session. */
  async create(options: CreateOptions = {}): Promise<Session> {
    const { signal, timeoutMs } = options;
    const request = this.createRequest(options);
    // With `wait` the daemon answers when the engine does: within the open timeout, its own or the default's 3 min.
    const patienceMs = (options.options?.openTimeoutMs ?? 180_000) + 15_000;
    const answer = await this.#api.unary(methods.createSession, request, {
      signal,
      timeoutMs: timeoutMs ?? (request.wait ? patienceMs : undefined),
    });
    return this.#session(answer.session);
  }

  /** One session. */
  async get(session: string, choices: CallChoices = {}): Promise<Session> {
    const request = { clientId: this.#api.clientId, session };
    return this.#session((await this.#api.unary(methods.getSession, request, choices)).session);
  }

  /** The sessions that the caller may see, by number. */
  async list(options: ListOptions = {}): Promise<readonly SessionInfo[]> {
    const all: SessionInfo[] = [];
    let pageToken = '';
    do {
      const page = await this.#api.unary(
        methods.listSessions,
        {
          clientId: this.#api.clientId,
          sessions: [...(options.sessions ?? [])],
          states: [...(options.states ?? [])],
          engine: options.engine ?? '',
          pageSize: 0,
          pageToken,
        },
        options,
      );
      all.push(...page.sessions);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return all;
  }

  /** Changes a session's name. */
  async update(
    session: string,
    change: { readonly name: string },
    choices: CallChoices = {},
  ): Promise<Session> {
    const request = { ...this.#change(session), name: change.name };
    return this.#session((await this.#api.unary(methods.updateSession, request, choices)).session);
  }

  /** Connects this client until it disconnects or its lease ends. Connecting again renews the lease. */
  async connect(session: string, options: ConnectSessionOptions = {}): Promise<Session> {
    const { leaseMs, takeOver = false } = options;
    const request = { ...this.#change(session), lease: toDuration(leaseMs), takeOver };
    return this.#session((await this.#api.unary(methods.connectSession, request, options)).session);
  }

  /** Ends this client's connection; a running command goes on. */
  async disconnect(session: string, options: DisconnectOptions = {}): Promise<Session> {
    const request = {
      ...this.#change(session),
      idleTimeout: toDuration(options.idleTimeoutMs),
      outputBufferingMode:
        options.outputBufferingMode ?? OutputBufferingMode.OUTPUT_BUFFERING_MODE_UNSPECIFIED,
      takeOver: options.takeOver ?? false,
    };
    return this.#session((await this.#api.unary(methods.disconnectSession, request, options)).session);
  }

  /** Gives the variables of a session's runspace and its current directory their first values back; only PowerShell can. */
  async reset(session: string, choices: CallChoices = {}): Promise<Session> {
    return this.#session(
      (await this.#api.unary(methods.resetSession, this.#change(session), choices)).session,
    );
  }

  /** What a session's engine can do, by name. */
  async describe(session: string, choices: CallChoices = {}): Promise<Readonly<Record<string, Json>>> {
    const request = { clientId: this.#api.clientId, session };
    const { abilities } = await this.#api.unary(methods.describeSession, request, choices);
    return Object.fromEntries(
      Object.entries(abilities).map(([name, { kind }]) => [
        name,
        kind?.$case === 'bool' || kind?.$case === 'string' ? kind.value : null,
      ]),
    );
  }

  /** What may stand at the cursor of a line of input; only PowerShell. The cursor is the line's end where left out. */
  async complete(
    session: string,
    text: string,
    options: CallChoices & { readonly cursor?: number } = {},
  ): Promise<CompleteInputResponse> {
    const request = { clientId: this.#api.clientId, session, text, cursor: options.cursor ?? text.length };
    return this.#api.unary(methods.completeInput, request, options);
  }

  /** Ends a session for good; what runs in it is stopped. */
  async remove(
    session: string,
    options: CallChoices & { readonly takeOver?: boolean } = {},
  ): Promise<SessionInfo> {
    const request = { ...this.#change(session), takeOver: options.takeOver ?? false };
    return present((await this.#api.unary(methods.deleteSession, request, options)).session);
  }

  /** Connects for as long as the events are read: the session after each change, and its own numbered records. */
  attach(session: string, options: AttachOptions = {}): AsyncGenerator<AttachEvent, void, undefined> {
    return attachedEvents(this.#api, session, options);
  }

  /** Sessions as they are, then every change. Goes on by itself when the daemon was restarted. */
  watch(
    options: { readonly sessions?: readonly string[]; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<WatchEvent, void, undefined> {
    return watchedEvents(this.#api, options);
  }

  #session(info: SessionInfo | undefined): Session {
    return new Session(present(info), this, this.#pipelines);
  }

  #change(session: string): { requestId: string; clientId: string; session: string } {
    return { requestId: randomUUID(), clientId: this.#api.clientId, session };
  }

  /** The request of `create`, for what opens sessions later. */
  createRequest(options: CreateOptions): CreateSessionRequest {
    return {
      requestId: options.requestId ?? randomUUID(),
      clientId: this.#api.clientId,
      name: options.name ?? '',
      engine: options.engine ?? '',
      options: toSessionOptions(options.options ?? {}),
      workingDirectory: options.workingDirectory ?? '',
      environment: { ...options.environment },
      delegatedToken: '',
      wait: options.wait ?? true,
      configuration: options.configuration ?? '',
      target: toTargetMessage(options.target),
      credential: toCredentialMessage(options.credential),
    };
  }
}
