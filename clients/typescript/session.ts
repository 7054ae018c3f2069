import type { Pipeline as PipelineInfo, StopPipelineResponse } from './gen/runspace/v1/pipeline';
import type { Session as SessionInfo } from './gen/runspace/v1/session';
import type { InvokeOptions, StartOptions } from './invoke';
import type { Pipeline } from './pipeline';
import type { Pipelines } from './pipelines';
import type { ReceiveOptions } from './receive';
import type { ConnectSessionOptions, DisconnectOptions } from './session-choices';
import type { DistributedOmit, RespondOptions } from './respond';
import type { StopOptions } from './stop';
import type { Secret } from './value/secret';

/** What a session asks of `client.sessions`. */
export interface SessionVerbs {
  get(session: string): Promise<Session>;
  connect(session: string, options: ConnectSessionOptions): Promise<Session>;
  disconnect(session: string, options: DisconnectOptions): Promise<Session>;
  remove(session: string, options: { readonly takeOver?: boolean }): Promise<SessionInfo>;
}

/** One session, as it was when it was asked for. */
export class Session {
  /** The session as it was then. */
  readonly info: SessionInfo;
  readonly #sessions: SessionVerbs;
  readonly #pipelines: Pipelines;

  /** Made by `client.sessions`. */
  constructor(info: SessionInfo, sessions: SessionVerbs, pipelines: Pipelines) {
    this.info = info;
    this.#sessions = sessions;
    this.#pipelines = pipelines;
  }

  /** Its id, a GUID. */
  get id(): string {
    return this.info.id;
  }

  /** Its name then. */
  get name(): string {
    return this.info.name;
  }

  /** The session as it is now. */
  refresh(): Promise<Session> {
    return this.#sessions.get(this.id);
  }

  /** See `Pipelines.invoke`. */
  invoke(script: string, options: InvokeOptions = {}): Pipeline {
    return this.#pipelines.invoke(this.id, script, options);
  }

  /** See `Pipelines.start`. */
  start(script: string, options: StartOptions = {}): Promise<PipelineInfo> {
    return this.#pipelines.start(this.id, script, options);
  }

  /** See `Pipelines.receive`. */
  receive(options: ReceiveOptions = {}): Pipeline {
    return this.#pipelines.receive(this.id, options);
  }

  /** See `Pipelines.respond`. */
  respond(options: DistributedOmit<RespondOptions, 'session'>): Promise<void> {
    return this.#pipelines.respond(this.id, options);
  }

  /** See `Pipelines.stop`. */
  stop(options: Omit<StopOptions, 'session'> = {}): Promise<StopPipelineResponse> {
    return this.#pipelines.stop(this.id, options);
  }

  /** Its commands, oldest first. */
  pipelines(): Promise<readonly PipelineInfo[]> {
    return this.#pipelines.list(this.id);
  }

  /** See `Pipelines.revealSecret`. */
  revealSecret(secret: string | Secret): Promise<string> {
    return this.#pipelines.revealSecret(this.id, secret);
  }

  /** See `Sessions.connect`. */
  connect(options: ConnectSessionOptions = {}): Promise<Session> {
    return this.#sessions.connect(this.id, options);
  }

  /** See `Sessions.disconnect`. */
  disconnect(options: DisconnectOptions = {}): Promise<Session> {
    return this.#sessions.disconnect(this.id, options);
  }

  /** See `Sessions.remove`. */
  remove(options: { readonly takeOver?: boolean } = {}): Promise<SessionInfo> {
    return this.#sessions.remove(this.id, options);
  }
}
