import { RunspaceError, toError } from '../core/error';
import { asSessionId, type SessionId } from '../core/ids';
import type { OpenSessionRequest } from '../gen/runspace/keeper/v1/keeper';
import {
  HostCallPolicy as Policy,
  SessionServiceService as sessions,
  type Session as SessionMessage,
} from '../gen/runspace/v1/session';
import type { KeeperClient } from '../keeper/client';
import { FarCommands } from './far-commands';
import { FarLink } from './far-link';
import type { FarSessionParts } from './far-parts';
import { keptOf } from './far-kept';

/** What is asked for there. */
export interface WantedFar {
  readonly name: string;
  readonly engine: string;
  /** Empty: the engine's own. */
  readonly configuration: string;
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly options: OpenSessionRequest['options'];
  /** What its commands may show onward; empty: nothing. */
  readonly delegatedToken: string;
}

/** What became of it there. */
interface MadeFar {
  readonly id: string;
  /** The one that its daemon chose where nobody named one. */
  readonly engine: string;
}

const closeWithinMs = 10_000;

/**
 * A session that is at another daemon, as a keeper's client: whoever has it here need not know. What is said of it goes
 * over the public API, and a link that is cut is healed below.
 */
export class FarSession implements Disposable {
  readonly client: KeeperClient;
  readonly #parts: FarSessionParts;
  readonly #link: FarLink;
  readonly #farId: string;
  readonly #clientId: string;
  readonly #ending = new AbortController();
  readonly #commands: FarCommands;

  private constructor(parts: FarSessionParts, link: FarLink, farId: string) {
    this.#parts = parts;
    this.#link = link;
    this.#farId = farId;
    this.#clientId = clientIdOf(parts.sessionId);
    this.#commands = new FarCommands({ ...parts, link, farId, clientId: this.#clientId });
    this.client = this.#asKeeper();
  }

  /** Opens a session there, once, however often it is asked for; the id that it has there. Errors: those of CreateSession. */
  static async create(parts: FarSessionParts, wanted: WantedFar): Promise<MadeFar> {
    using link = new FarLink(parts.address, parts.log);
    const request = (name: string, requestId: string) => ({
      requestId,
      clientId: clientIdOf(parts.sessionId),
      name,
      engine: wanted.engine,
      options:
        wanted.options === undefined
          ? undefined
          : { ...wanted.options, hostCalls: Policy.HOST_CALL_POLICY_WAIT },
      workingDirectory: wanted.workingDirectory,
      environment: wanted.environment,
      wait: false,
      configuration: wanted.configuration,
      target: undefined,
      credential: undefined,
      delegatedToken: wanted.delegatedToken,
    });
    const create = (name: string, suffix: string) =>
      link.call(sessions.createSession, request(name, `far-${parts.sessionId}${suffix}`));
    let answer;
    try {
      answer = await create(wanted.name, '');
    } catch (thrown) {
      // Names are unique there too, and somebody has this one.
      if (!(thrown instanceof RunspaceError && thrown.code === 'SESSION_NAME_TAKEN')) throw thrown;
      answer = await create(`${wanted.name}-${parts.sessionId.slice(0, 8)}`, '-named');
    }
    if (answer.session === undefined)
      throw new RunspaceError('INTERNAL', 'the daemon there named no session');
    const { id, engine } = answer.session;
    return { id, engine };
  }

  /** Follows a session that is there, from now on until it is disposed. */
  static follow(parts: FarSessionParts, farId: string): FarSession {
    const session = new FarSession(parts, new FarLink(parts.address, parts.log), farId);
    void session.#watch();
    void session.#attend();
    return session;
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
    this.#link[Symbol.dispose]();
  }

  async #watch(): Promise<void> {
    const { log, sessionId, shutOut } = this.#parts;
    const { signal } = this.#ending;
    const request = () => ({ clientId: this.#clientId, sessions: [this.#farId] });
    try {
      for await (const { event } of this.#link.stream(sessions.watchSessions, request, signal)) {
        if (event?.$case === 'session') await this.#take(event.value);
        if (event?.$case === 'removedSessionId') this.#lose('it was removed there');
      }
    } catch (thrown) {
      if (signal.aborted) return;
      log.warn('far session not followed', { session: sessionId, why: toError(thrown).message });
      // It goes on there; only who asks for it is let in no longer.
      if (thrown instanceof RunspaceError && isShutOut(thrown)) shutOut(thrown);
      else this.#lose(toError(thrown).message);
    }
  }

  /** Present there while this daemon lives, so that the clock that ends the session is the one here. */
  async #attend(): Promise<void> {
    const { signal } = this.#ending;
    const request = () => ({
      clientId: this.#clientId,
      session: this.#farId,
      afterSequence: undefined,
      takeOver: false,
      readOnly: false,
    });
    try {
      const attached = this.#link.stream(sessions.attachSession, request, signal);
      while ((await attached.next()).done !== true);
    } catch (thrown) {
      // Somebody there has taken it over, or it is over: both show in the watch.
      if (!signal.aborted)
        this.#parts.log.info('far session not attended', {
          session: this.#parts.sessionId,
          why: toError(thrown).message,
        });
    }
  }

  async #take(message: SessionMessage): Promise<void> {
    const { sessionId, kept } = this.#parts;
    const running =
      message.runningPipelineId === ''
        ? undefined
        : await this.#commands.find(message.runningPipelineId, this.#ending.signal).catch(() => undefined);
    kept(keptOf(message, { sessionId, running }));
  }

  #lose(why: string): void {
    const { sessionId, kept } = this.#parts;
    const problem = {
      code: 'ENGINE_LOST' as const,
      message: `the session at the other side is gone: ${why}`,
      facts: {},
    };
    kept({
      sessionId: asSessionId(sessionId),
      runspace: 'broken',
      problem,
      runspaceId: '',
      engineVersion: '',
      abilities: undefined,
      enginePid: 0,
      running: undefined,
      queued: 0,
      ownerReaders: 0,
      hostCalls: [],
      tunnel: undefined,
    });
  }

  #asKeeper(): KeeperClient {
    const { holder, newId } = this.#parts;
    const place = { clientId: this.#clientId, session: this.#farId };
    return {
      ...holder,
      ...this.#commands.calls,
      close: () => {
        this[Symbol.dispose]();
      },
      completeInput: ({ text, cursor }, signal) =>
        this.#link.call(sessions.completeInput, { ...place, text, cursor }, signal),
      resetSession: async ({ requestId }) => {
        await this.#link.call(sessions.resetSession, { ...place, requestId });
        return {};
      },
      closeSession: async (request) => {
        await this.#end(newId());
        return holder.closeSession(request);
      },
    };
  }

  /** A session that can't be reached now ends over there by its own clock. */
  async #end(requestId: string): Promise<void> {
    const { log, sessionId } = this.#parts;
    try {
      await this.#link.call(
        sessions.deleteSession,
        { clientId: this.#clientId, session: this.#farId, requestId, takeOver: true },
        AbortSignal.timeout(closeWithinMs),
      );
    } catch (thrown) {
      log.warn('far session not ended', { session: sessionId, why: toError(thrown).message });
    }
    this.#ending.abort();
  }
}

/** A token or certificate that counted before does so no longer, or another is shown. */
function isShutOut({ code }: RunspaceError): boolean {
  return code === 'AUTHENTICATION_FAILED' || code === 'ACCESS_DENIED';
}

/** The same after a restart: the session there knows who is connected. */
function clientIdOf(sessionId: SessionId): string {
  return `runspaced-${sessionId}`;
}
