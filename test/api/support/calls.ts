import { randomUUID } from 'node:crypto';
import type { ClientReadableStream } from '@grpc/grpc-js';
import {
  Command,
  InputLostPolicy,
  ValueFormat,
  type AcknowledgeRecordsResponse,
  type GetPipelineResponse,
  type InvokeStart,
  type ListPipelinesRequest,
  type ListPipelinesResponse,
  type ReceivePipelineRequest,
  type ReceivePipelineResponse,
  type SendPipelineInputRequest,
  type SendPipelineInputResponse,
  type StartPipelineRequest,
  type StartPipelineResponse,
  type StopPipelineRequest,
  type StopPipelineResponse,
} from '../../../src/gen/runspace/v1/pipeline';
import {
  HostCallPolicy,
  OutputBufferingMode,
  type AttachSessionRequest,
  type AttachSessionResponse,
  type ConnectSessionRequest,
  type CreateSessionRequest,
  type DeleteSessionRequest,
  type DisconnectSessionRequest,
  type ListSessionsRequest,
  type ListSessionsResponse,
  type Session,
  type UpdateSessionRequest,
  type WatchSessionsResponse,
} from '../../../src/gen/runspace/v1/session';
import { ask, invocation, rawApi, readAll, type Invocation, type RawApi, type Stream } from './raw';

type Reply = { readonly session?: Session | undefined };
type ReceiveEvent = ReceivePipelineResponse['event'];

/** What a test may say of a request; the rest is as an honest caller would say it. */
export type Some<Request> = Partial<Request>;

/** What is started: a script, or parts of a command; `command: undefined` for none at all. */
export type Start = Some<Omit<StartPipelineRequest, 'session' | 'command'>> & {
  readonly script?: string;
  readonly command?: Some<Command> | undefined;
};

/** Every call of the API by plain stubs, in the name of one client. */
export class Calls implements Disposable {
  readonly raw: RawApi;
  readonly #client: string;

  constructor(socketPath: string, client = 'raw') {
    this.raw = rawApi(socketPath);
    this.#client = client;
  }

  create(more: Some<CreateSessionRequest> = {}): Promise<Session> {
    const request: CreateSessionRequest = {
      ...this.#ids(),
      name: '',
      engine: 'javascript',
      options: undefined,
      workingDirectory: '',
      environment: {},
      wait: false,
      configuration: '',
      target: undefined,
      credential: undefined,
      delegatedToken: '',
      ...more,
    };
    return sessionOf((done) => this.raw.sessions.createSession(request, done));
  }

  get(session: string): Promise<Session> {
    return sessionOf((done) => this.raw.sessions.getSession({ clientId: this.#client, session }, done));
  }

  list(more: Some<ListSessionsRequest> = {}): Promise<ListSessionsResponse> {
    const request: ListSessionsRequest = {
      clientId: this.#client,
      sessions: [],
      states: [],
      engine: '',
      pageSize: 0,
      pageToken: '',
      ...more,
    };
    return ask((done) => this.raw.sessions.listSessions(request, done));
  }

  rename(session: string, name: string, more: Some<UpdateSessionRequest> = {}): Promise<Session> {
    return sessionOf((done) =>
      this.raw.sessions.updateSession({ ...this.#ids(), session, name, ...more }, done),
    );
  }

  connect(session: string, more: Some<ConnectSessionRequest> = {}): Promise<Session> {
    const request: ConnectSessionRequest = {
      ...this.#ids(),
      session,
      lease: undefined,
      takeOver: false,
      ...more,
    };
    return sessionOf((done) => this.raw.sessions.connectSession(request, done));
  }

  disconnect(session: string, more: Some<DisconnectSessionRequest> = {}): Promise<Session> {
    const request: DisconnectSessionRequest = {
      ...this.#ids(),
      session,
      idleTimeout: undefined,
      outputBufferingMode: OutputBufferingMode.OUTPUT_BUFFERING_MODE_UNSPECIFIED,
      takeOver: false,
      ...more,
    };
    return sessionOf((done) => this.raw.sessions.disconnectSession(request, done));
  }

  remove(session: string, more: Some<DeleteSessionRequest> = {}): Promise<Session> {
    return sessionOf((done) =>
      this.raw.sessions.deleteSession({ ...this.#ids(), session, takeOver: false, ...more }, done),
    );
  }

  /** A started command; `script` or a whole `command`. */
  async start(
    session: string,
    start: Start | string,
  ): Promise<NonNullable<StartPipelineResponse['pipeline']>> {
    const request = this.startRequest(session, start);
    const { pipeline } = await ask<StartPipelineResponse>((done) =>
      this.raw.pipelines.startPipeline(request, done),
    );
    return present(pipeline);
  }

  /** A stream that has sent its start. */
  invoke(session: string, start: Start | string, more: Some<Omit<InvokeStart, 'start'>> = {}): Invocation {
    const opened = invocation(this.raw);
    const value: InvokeStart = {
      start: this.startRequest(session, start),
      afterSequence: 0n,
      reader: '',
      streams: [],
      takeOver: false,
      ...more,
    };
    opened.send({ $case: 'start', value });
    return opened;
  }

  /** The request that starts a command. */
  startRequest(session: string, start: Start | string): StartPipelineRequest {
    const {
      script = '',
      command = {},
      ...more
    }: Start = typeof start === 'string' ? { script: start } : start;
    const isLeftOut = typeof start !== 'string' && 'command' in start && start.command === undefined;
    return {
      ...this.#ids(),
      session,
      command: isLeftOut ? undefined : Command.fromPartial({ script, ...command }),
      noWait: false,
      hasInput: false,
      onInputLost: InputLostPolicy.INPUT_LOST_POLICY_UNSPECIFIED,
      runTimeout: undefined,
      outputTimeout: undefined,
      hostCalls: HostCallPolicy.HOST_CALL_POLICY_UNSPECIFIED,
      terminal: undefined,
      display: undefined,
      ...more,
    };
  }

  /** A stream of records; the caller reads or cancels it. */
  open(session: string, more: Some<ReceivePipelineRequest> = {}): ReceiveStream {
    const request: ReceivePipelineRequest = {
      clientId: this.#client,
      session,
      pipeline: '',
      afterSequence: undefined,
      reader: '',
      streams: [],
      format: ValueFormat.VALUE_FORMAT_UNSPECIFIED,
      noFollow: false,
      ...more,
    };
    return this.raw.pipelines.receivePipeline(request);
  }

  /** All that comes over a stream of records. */
  receive(session: string, more: Some<ReceivePipelineRequest> = {}): Promise<Stream<ReceiveEvent>> {
    const messages: AsyncIterable<ReceivePipelineResponse> = this.open(session, more);
    return readAll(messages);
  }

  /** The same, which fails as the stream does. */
  async received(session: string, more: Some<ReceivePipelineRequest> = {}): Promise<ReceiveEvent[]> {
    const messages: AsyncIterable<ReceivePipelineResponse> = this.open(session, more);
    const events: ReceiveEvent[] = [];
    for await (const { event } of messages) events.push(event);
    return events;
  }

  input(session: string, more: Some<SendPipelineInputRequest> = {}): Promise<SendPipelineInputResponse> {
    const request: SendPipelineInputRequest = {
      clientId: this.#client,
      session,
      pipeline: '',
      items: [],
      endOfInput: false,
      ...more,
    };
    return ask((done) => this.raw.pipelines.sendPipelineInput(request, done));
  }

  acknowledge(session: string, pipeline: string, sequence: bigint): Promise<AcknowledgeRecordsResponse> {
    const request = { clientId: this.#client, session, pipeline, sequence };
    return ask((done) => this.raw.pipelines.acknowledgeRecords(request, done));
  }

  stop(session: string, more: Some<StopPipelineRequest> = {}): Promise<StopPipelineResponse> {
    const request: StopPipelineRequest = { ...this.#ids(), session, pipeline: '', force: false, ...more };
    return ask((done) => this.raw.pipelines.stopPipeline(request, done));
  }

  async pipeline(session: string, pipeline: string): Promise<NonNullable<GetPipelineResponse['pipeline']>> {
    const answer = await ask<GetPipelineResponse>((done) =>
      this.raw.pipelines.getPipeline({ session, pipeline }, done),
    );
    return present(answer.pipeline);
  }

  pipelines(session: string, more: Some<ListPipelinesRequest> = {}): Promise<ListPipelinesResponse> {
    const request: ListPipelinesRequest = { session, pageSize: 0, pageToken: '', ...more };
    return ask((done) => this.raw.pipelines.listPipelines(request, done));
  }

  /** A connection that lasts as long as the stream. */
  attach(session: string, more: Some<AttachSessionRequest> = {}): Events<AttachSessionResponse> {
    const request: AttachSessionRequest = {
      clientId: this.#client,
      session,
      afterSequence: undefined,
      takeOver: false,
      readOnly: false,
      ...more,
    };
    return new Events<AttachSessionResponse>(this.raw.sessions.attachSession(request));
  }

  watch(sessions: string[] = []): Events<WatchSessionsResponse> {
    return new Events<WatchSessionsResponse>(
      this.raw.sessions.watchSessions({ clientId: this.#client, sessions }),
    );
  }

  [Symbol.dispose](): void {
    this.raw[Symbol.dispose]();
  }

  #ids() {
    return { requestId: randomUUID(), clientId: this.#client };
  }
}

/** A stream of records as grpc-js gives it, with the type of its messages. */
export type ReceiveStream = ClientReadableStream<ReceivePipelineResponse> &
  AsyncIterable<ReceivePipelineResponse>;

interface ServerStream<Message> extends AsyncIterable<Message> {
  cancel(): void;
}

type EventOf<Message> = Message extends { event?: infer Event } ? NonNullable<Event> : never;
type KindOf<Message> = EventOf<Message> extends { $case: infer Kind } ? Kind : never;

/** A stream of events that is read as the test goes on. */
export class Events<Message extends { event?: { $case: string } | undefined }> {
  readonly #stream: ServerStream<Message>;
  readonly #messages: AsyncIterator<Message>;

  constructor(stream: ServerStream<Message>) {
    this.#stream = stream;
    this.#messages = stream[Symbol.asyncIterator]();
  }

  /** What comes next, of these kinds and with this property; others are passed over. Rejects when the stream ends. */
  async next<Kind extends KindOf<Message>>(
    kind: Kind,
    isMeant: (event: Extract<EventOf<Message>, { $case: Kind }>) => boolean = () => true,
  ): Promise<Extract<EventOf<Message>, { $case: Kind }>> {
    for (;;) {
      const result = await this.#messages.next();
      if (result.done === true) throw new Error(`the stream ended before a ${String(kind)}`);
      const event = result.value.event as Extract<EventOf<Message>, { $case: Kind }> | undefined;
      if (event?.$case === kind && isMeant(event)) return event;
    }
  }

  /** The stream's end, however it comes. */
  async end(): Promise<void> {
    while ((await this.#messages.next()).done !== true);
  }

  /** Leaves. */
  cancel(): void {
    this.#stream.cancel();
    this.#messages.next().catch(() => undefined);
  }
}

async function sessionOf(call: Parameters<typeof ask<Reply>>[0]): Promise<Session> {
  return present((await ask<Reply>(call)).session);
}

/** What must be there. */
function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the answer is empty');
  return value;
}
