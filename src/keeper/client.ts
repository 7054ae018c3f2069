import { Client, connectivityState, credentials, Metadata, status } from '@grpc/grpc-js';
import { RunspaceError } from '../core/error';
import type { KeeperId } from '../core/ids';
import {
  KeeperServiceService as service,
  type AcknowledgeRecordsRequest,
  type AcknowledgeRecordsResponse,
  type AdoptSessionRequest,
  type AdoptSessionResponse,
  type AppendSessionRecordRequest,
  type AppendSessionRecordResponse,
  type CloseSessionRequest,
  type CloseSessionResponse,
  type CompleteInputRequest,
  type CompleteInputResponse,
  type ConfigureSessionRequest,
  type ConfigureSessionResponse,
  type ForgetSessionRequest,
  type ForgetSessionResponse,
  type GetPipelineRequest,
  type GetPipelineResponse,
  type HelloResponse,
  type ListPipelinesRequest,
  type ListPipelinesResponse,
  type OpenSessionRequest,
  type OpenSessionResponse,
  type ReceivePipelineRequest,
  type ReceivePipelineResponse,
  type ReceiveSessionRequest,
  type ReceiveSessionResponse,
  type ResetSessionRequest,
  type ResetSessionResponse,
  type RevealSecretRequest,
  type RevealSecretResponse,
  type RespondToHostCallRequest,
  type RespondToHostCallResponse,
  type SendPipelineInputRequest,
  type SendPipelineInputResponse,
  type RunPipelineRequest,
  type ShutdownRequest,
  type ShutdownResponse,
  type StartPipelineRequest,
  type StartPipelineResponse,
  type StopPipelineRequest,
  type StopPipelineResponse,
  type WatchResponse,
} from '../gen/runspace/keeper/v1/keeper';
import { fromServiceError, hasReason, isServiceError } from '../status/service-error';
import { callStream, callUnary, type CallTarget, type Method } from './grpc-call';
import { channelOptions, keeperProtocol, nonceKey, oldestKeeperProtocol } from './protocol';

/** Where a keeper listens, and the proof that we read the same state folder. */
export interface KeeperAddress {
  readonly socketPath: string;
  readonly nonce: string;
  readonly keeperId: KeeperId;
}

/** A unary call to a keeper. Rejects with a RunspaceError, or with the signal's reason when that aborts. */
export type KeeperCall<Request, Response> = (request: Request, signal?: AbortSignal) => Promise<Response>;

/**
 * A streaming call to a keeper, at the consumer's pace. Throws a RunspaceError, or the signal's reason when that
 * aborts; leaving the loop ends the call.
 */
export type KeeperStream<Request, Response> = (
  request: Request,
  signal: AbortSignal,
) => AsyncIterable<Response>;

/**
 * KEEPER_LOST as a call met it. Another keeper takes over what the lost one wrote, so the same call, made again, gets
 * what there is then.
 */
export class KeeperGone extends RunspaceError {
  constructor(keeperId: KeeperId, cause?: unknown) {
    const message = `keeper ${keeperId} is gone or does not answer; its sessions can only be read, open new ones`;
    super('KEEPER_LOST', message, { facts: { keeper: keeperId }, cause });
  }
}

/** One keeper process as the daemon talks to it. Every call fails with KEEPER_LOST once the keeper is gone. */
export interface KeeperClient {
  readonly keeperId: KeeperId;
  /** What it said of itself when it was connected: protocol, version, pid. */
  readonly hello: Readonly<HelloResponse>;
  /** Settles with KEEPER_LOST once the connection is gone, or after `close`. Never rejects. */
  readonly lost: Promise<RunspaceError>;

  readonly openSession: KeeperCall<OpenSessionRequest, OpenSessionResponse>;
  readonly adoptSession: KeeperCall<AdoptSessionRequest, AdoptSessionResponse>;
  readonly closeSession: KeeperCall<CloseSessionRequest, CloseSessionResponse>;
  readonly forgetSession: KeeperCall<ForgetSessionRequest, ForgetSessionResponse>;
  readonly completeInput: KeeperCall<CompleteInputRequest, CompleteInputResponse>;
  readonly resetSession: KeeperCall<ResetSessionRequest, ResetSessionResponse>;
  readonly configureSession: KeeperCall<ConfigureSessionRequest, ConfigureSessionResponse>;
  readonly appendSessionRecord: KeeperCall<AppendSessionRecordRequest, AppendSessionRecordResponse>;
  readonly startPipeline: KeeperCall<StartPipelineRequest, StartPipelineResponse>;
  readonly sendPipelineInput: KeeperCall<SendPipelineInputRequest, SendPipelineInputResponse>;
  readonly respondToHostCall: KeeperCall<RespondToHostCallRequest, RespondToHostCallResponse>;
  readonly acknowledgeRecords: KeeperCall<AcknowledgeRecordsRequest, AcknowledgeRecordsResponse>;
  readonly stopPipeline: KeeperCall<StopPipelineRequest, StopPipelineResponse>;
  readonly getPipeline: KeeperCall<GetPipelineRequest, GetPipelineResponse>;
  readonly listPipelines: KeeperCall<ListPipelinesRequest, ListPipelinesResponse>;
  readonly revealSecret: KeeperCall<RevealSecretRequest, RevealSecretResponse>;
  readonly shutdown: KeeperCall<ShutdownRequest, ShutdownResponse>;

  /** Sessions as they are, `snapshotEnd`, then every change (the latest state only, for a slow consumer). */
  watch(signal: AbortSignal): AsyncIterable<WatchResponse>;
  readonly receiveSession: KeeperStream<ReceiveSessionRequest, ReceiveSessionResponse>;
  readonly receivePipeline: KeeperStream<ReceivePipelineRequest, ReceivePipelineResponse>;
  /** A command and its records in one call, undecoded as those below. Undefined or UNIMPLEMENTED where there is none. */
  readonly runPipelineRaw: KeeperStream<RunPipelineRequest, Uint8Array> | undefined;
  /** The same messages undecoded: they can be forwarded as runspace.v1.ReceivePipelineResponse as they are. */
  readonly receivePipelineRaw: KeeperStream<ReceivePipelineRequest, Uint8Array>;

  /** Closes the connection; the keeper runs on. */
  close(): void;
}

/**
 * Connects to a keeper and checks that it is the right one. Rejects with KEEPER_LOST where nothing answers,
 * ACCESS_DENIED for a wrong nonce or another keeper at that address, KEEPER_INCOMPATIBLE for one that is newer than
 * this code can follow or older than it can serve.
 */
export async function connectKeeper(address: KeeperAddress, signal: AbortSignal): Promise<KeeperClient> {
  const connection = new KeeperConnection(address);
  try {
    const hello = await connection.call(service.hello)(
      { protocol: keeperProtocol, nonce: address.nonce },
      signal,
    );
    checkHello(hello, address);
    connection.watchLoss();
    return clientOf(connection, hello);
  } catch (error) {
    connection.close();
    throw error;
  }
}

function checkHello(hello: HelloResponse, { keeperId, socketPath }: KeeperAddress): void {
  if (hello.keeperId !== keeperId) {
    throw new RunspaceError('ACCESS_DENIED', `another keeper than ${keeperId} answers at ${socketPath}`, {
      facts: { keeper: keeperId, answered: hello.keeperId },
    });
  }
  if (hello.protocol >= oldestKeeperProtocol && hello.protocol <= keeperProtocol) return;
  throw new RunspaceError(
    'KEEPER_INCOMPATIBLE',
    `keeper ${keeperId} (version ${hello.version}) speaks protocol ${hello.protocol}; this daemon speaks ` +
      `${oldestKeeperProtocol} to ${keeperProtocol}: start the daemon of that version`,
    { facts: { keeper: keeperId, protocol: String(hello.protocol), version: hello.version } },
  );
}

function clientOf(connection: KeeperConnection, hello: HelloResponse): KeeperClient {
  const rawReceive = {
    ...service.receivePipeline,
    responseDeserialize: (bytes: Buffer): Uint8Array => bytes,
  };
  const rawRun = { ...service.runPipeline, responseDeserialize: rawReceive.responseDeserialize };
  const watch = connection.stream(service.watch);
  return {
    keeperId: connection.address.keeperId,
    hello,
    lost: connection.lost,
    openSession: connection.call(service.openSession),
    adoptSession: connection.call(service.adoptSession),
    closeSession: connection.call(service.closeSession),
    forgetSession: connection.call(service.forgetSession),
    completeInput: connection.call(service.completeInput),
    resetSession: connection.call(service.resetSession),
    configureSession: connection.call(service.configureSession),
    appendSessionRecord: connection.call(service.appendSessionRecord),
    startPipeline: connection.call(service.startPipeline),
    sendPipelineInput: connection.call(service.sendPipelineInput),
    respondToHostCall: connection.call(service.respondToHostCall),
    acknowledgeRecords: connection.call(service.acknowledgeRecords),
    stopPipeline: connection.call(service.stopPipeline),
    getPipeline: connection.call(service.getPipeline),
    listPipelines: connection.call(service.listPipelines),
    revealSecret: connection.call(service.revealSecret),
    shutdown: connection.call(service.shutdown),
    watch: (signal) => watch({}, signal),
    receiveSession: connection.stream(service.receiveSession),
    receivePipeline: connection.stream(service.receivePipeline),
    runPipelineRaw: connection.stream(rawRun),
    receivePipelineRaw: connection.stream(rawReceive),
    close: () => {
      connection.close();
    },
  };
}

/** One channel to one keeper; it is not healed, since another process at the same path is another keeper. */
class KeeperConnection {
  readonly lost: Promise<RunspaceError>;
  readonly #target: CallTarget;
  #isClosed = false;
  #settleLost: (error: RunspaceError) => void = () => undefined;

  constructor(readonly address: KeeperAddress) {
    const metadata = new Metadata();
    metadata.set(nonceKey, address.nonce);
    const client = new Client(`unix:${address.socketPath}`, credentials.createInsecure(), channelOptions);
    this.#target = { client, metadata };
    this.lost = new Promise((resolve) => {
      this.#settleLost = resolve;
    });
  }

  call<Request, Response>(method: Method<Request, Response>): KeeperCall<Request, Response> {
    return async (request, signal) => {
      this.#throwIfClosed();
      try {
        return await callUnary(this.#target, method, { request, signal });
      } catch (error) {
        throw this.#asRunspaceError(error);
      }
    };
  }

  stream<Request, Response>(method: Method<Request, Response>): KeeperStream<Request, Response> {
    const open = this.#open.bind(this);
    return (request, signal) => open(method, { request, signal });
  }

  /** From now on any state but READY means that the keeper is gone. */
  watchLoss(): void {
    this.#target.client.getChannel().watchConnectivityState(connectivityState.READY, Infinity, () => {
      this.close();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#settleLost(new KeeperGone(this.address.keeperId));
    this.#target.client.close();
  }

  async *#open<Request, Response>(
    method: Method<Request, Response>,
    call: { readonly request: Request; readonly signal: AbortSignal },
  ): AsyncGenerator<Response> {
    this.#throwIfClosed();
    try {
      yield* callStream(this.#target, method, call);
    } catch (error) {
      throw this.#asRunspaceError(error);
    }
  }

  #throwIfClosed(): void {
    if (this.#isClosed) throw new KeeperGone(this.address.keeperId);
  }

  #asRunspaceError(error: unknown): unknown {
    if (!isServiceError(error)) return error;
    return error.code === status.UNAVAILABLE && !hasReason(error)
      ? new KeeperGone(this.address.keeperId, error)
      : fromServiceError(error);
  }
}
