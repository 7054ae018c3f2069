import { chmodSync } from 'node:fs';
import {
  Server,
  ServerCredentials,
  type handleServerStreamingCall,
  type handleUnaryCall,
} from '@grpc/grpc-js';
import { RunspaceError } from '../core/error';
import {
  KeeperServiceService as generated,
  SendPipelineInputRequest,
  type ReceiveSessionRequest,
  type ReceiveSessionResponse,
} from '../gen/runspace/keeper/v1/keeper';
import { RecordBatch } from '../gen/runspace/v1/record';
import { lastOf } from '../journal/item';
import { fromProblem } from '../status/problem';
import { linkSignals } from './abort';
import type { Keeper, KeeperParts } from './keeper';
import { channelOptions, keeperProtocol } from './protocol';
import { checkReceive, receivePipeline } from './receive';
import { gapToProto, serializeReceive } from './receive-message';
import { streaming, unary } from './service';
import type { Sink } from './stream-sink';

/** What the service is about, beside the keeper itself. */
export interface ServerParts extends Pick<KeeperParts, 'keeperId' | 'clock' | 'log'> {
  readonly keeper: Keeper;
  readonly nonce: string;
  readonly version: string;
  /** Called after Shutdown was answered. */
  readonly shutDown: () => void;
}

/** The generated methods, but that records go out as they lie in the journal, and input comes with its size. */
const methods = {
  ...generated,
  receivePipeline: { ...generated.receivePipeline, responseSerialize: serializeReceive },
  runPipeline: { ...generated.runPipeline, responseSerialize: serializeReceive },
  sendPipelineInput: {
    ...generated.sendPipelineInput,
    requestDeserialize: (bytes: Buffer) => ({
      request: SendPipelineInputRequest.decode(bytes),
      bytes: bytes.length,
    }),
  },
};

type Handlers<Methods> = {
  readonly [Name in keyof Methods]: Methods[Name] extends {
    readonly responseStream: infer IsStream;
    readonly requestDeserialize: (bytes: Buffer) => infer Request;
    readonly responseSerialize: (response: infer Response) => Buffer;
  }
    ? IsStream extends true
      ? handleServerStreamingCall<Request, Response>
      : handleUnaryCall<Request, Response>
    : never;
};

/** Serves the keeper on its unix socket, closed to other users. Rejects where the socket can't be made. */
export async function serve(socketPath: string, parts: ServerParts): Promise<Server> {
  const server = new Server(channelOptions);
  server.addService(methods, { ...handlers(parts) });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  chmodSync(socketPath, 0o600);
  return server;
}

/** How long answers that are under way get to reach their callers. */
const lastAnswersMs = 300;

/** Ends the service: answers still go out, streams that never end by themselves are cut. */
export async function endService(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, lastAnswersMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
  server.forceShutdown();
}

function handlers(parts: ServerParts): Handlers<typeof methods> {
  const { keeper, clock, keeperId, version } = parts;
  return {
    hello: unary(parts, async () => ({
      protocol: keeperProtocol,
      version,
      pid: BigInt(process.pid),
      keeperId,
    })),
    openSession: unary(parts, async (request) => {
      await keeper.open(request);
      return {};
    }),
    adoptSession: unary(parts, async (request) => ({ session: await keeper.adopt(request) })),
    closeSession: unary(parts, async ({ sessionId, problem }) => {
      await keeper.close(sessionId, problem === undefined ? removed() : fromProblem(problem));
      return {};
    }),
    forgetSession: unary(parts, async ({ sessionId }) => {
      await keeper.forget(sessionId);
      return {};
    }),
    resetSession: unary(parts, async ({ sessionId, requestId }) => {
      await keeper.session(sessionId).asides.reset(requestId);
      return {};
    }),
    completeInput: unary(parts, async ({ sessionId, text, cursor }) => {
      const found = await keeper.session(sessionId).asides.complete(text, cursor);
      return { ...found, completions: [...found.completions] };
    }),
    configureSession: unary(parts, async (request) => {
      keeper.configure(request);
      return {};
    }),
    watch: streaming(parts, async (_request, sink, signal) => {
      for await (const event of keeper.watch(signal)) await sink.write(event, watchEventBytes);
    }),
    appendSessionRecord: unary(parts, async ({ sessionId, event }) => {
      if (event === undefined) throw new RunspaceError('INVALID_ARGUMENT', 'event is missing');
      return { sequence: keeper.session(sessionId).journal.event(event) };
    }),
    receiveSession: streaming(parts, (request, sink, signal) =>
      receiveSession({ request, sink, signal, keeper }),
    ),
    startPipeline: unary(parts, async (request) => ({
      pipeline: await keeper.session(request.sessionId).start(request),
    })),
    runPipeline: streaming(parts, async ({ start, receive }, sink, signal) => {
      if (start === undefined || receive === undefined)
        throw new RunspaceError('INVALID_ARGUMENT', 'start and receive are both needed');
      checkReceive(receive);
      const host = keeper.session(start.sessionId);
      const { id } = await host.start(start);
      const request = { ...receive, sessionId: start.sessionId, pipeline: id };
      await receivePipeline(request, { host, sink, clock, signal, isNew: true });
    }),
    sendPipelineInput: unary(parts, async ({ request, bytes }, signal) => ({
      inputAccepted: await keeper.session(request.sessionId).sendInput(request, bytes, signal),
    })),
    respondToHostCall: unary(parts, async (request) => {
      keeper.session(request.sessionId).respond(request);
      return {};
    }),
    receivePipeline: streaming(parts, (request, sink, signal) =>
      receivePipeline(request, { host: keeper.session(request.sessionId), sink, clock, signal }),
    ),
    acknowledgeRecords: unary(parts, async ({ sessionId, pipeline, sequence }) => ({
      acknowledgedSequence: await keeper.session(sessionId).acknowledge(pipeline, sequence),
    })),
    stopPipeline: unary(parts, (request) => keeper.session(request.sessionId).stop(request)),
    getPipeline: unary(parts, async ({ sessionId, pipeline }) => {
      const session = keeper.session(sessionId);
      return { pipeline: session.describe(session.find(pipeline)) };
    }),
    listPipelines: unary(parts, async ({ sessionId }) => ({ pipelines: keeper.session(sessionId).list() })),
    revealSecret: unary(parts, async ({ sessionId, secretId }) => ({
      textUtf16: keeper.session(sessionId).reveal(secretId),
    })),
    shutdown: unary(parts, async ({ endSessions }) => {
      await keeper.shutDown(endSessions ? 'end' : 'keep');
      setImmediate(parts.shutDown);
      return {};
    }),
  };
}

/** About what a session takes on the wire. */
const watchEventBytes = 512;

interface SessionReading {
  readonly request: ReceiveSessionRequest;
  readonly sink: Sink<ReceiveSessionResponse>;
  readonly signal: AbortSignal;
  readonly keeper: Keeper;
}

/** A session's own records, from a number on or only new ones, until the session is forgotten. */
async function receiveSession({ request, sink, signal, keeper }: SessionReading): Promise<void> {
  const session = keeper.session(request.sessionId);
  const { journal } = session.journal;
  using linked = linkSignals(signal, session.forgottenSignal);
  let progress = request.afterSequence ?? journal.last;
  for await (const item of journal.read(progress, linked.signal)) {
    const after = progress;
    progress = lastOf(item);
    if (item.kind === 'gap') {
      await sink.write({ event: { $case: 'gap', value: gapToProto(item.gap) } }, 32);
      continue;
    }
    const records = RecordBatch.decode(item.batch.bytes).records.filter(({ sequence }) => sequence > after);
    await sink.write({ event: { $case: 'batch', value: { records } } }, item.batch.bytes.length);
  }
}

function removed(): RunspaceError {
  return new RunspaceError('REMOVED', 'the session was removed');
}
