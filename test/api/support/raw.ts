import { credentials, status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import { ErrorInfo, QuotaFailure, RetryInfo } from '../../../src/gen/google/rpc/error_details';
import { Status } from '../../../src/gen/google/rpc/status';
import { DaemonServiceClient } from '../../../src/gen/runspace/v1/daemon';
import {
  PipelineServiceClient,
  type InvokePipelineRequest,
  type InvokePipelineResponse,
  type ReceivePipelineResponse,
} from '../../../src/gen/runspace/v1/pipeline';
import type { Record as ProtoRecord } from '../../../src/gen/runspace/v1/record';
import { SessionServiceClient } from '../../../src/gen/runspace/v1/session';

/** How a call failed, as a client in any language sees it. */
export interface Failure {
  /** The gRPC status by name. */
  readonly status: string;
  readonly message: string;
  /** Of the ErrorInfo; empty where there is none. */
  readonly reason: string;
  readonly domain: string;
  readonly facts: Readonly<Record<string, string>>;
  /** Names of the other details, such as `RetryInfo`. */
  readonly details: readonly string[];
}

/** Plain stubs of the public API, with nothing of our client library between. */
export interface RawApi extends Disposable {
  readonly sessions: SessionServiceClient;
  readonly pipelines: PipelineServiceClient;
  readonly daemon: DaemonServiceClient;
}

/** Stubs on a connection of their own. */
export function rawApi(socketPath: string): RawApi {
  const address = `unix:${socketPath}`;
  const options = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
  const made = [SessionServiceClient, PipelineServiceClient, DaemonServiceClient] as const;
  const [Sessions, Pipelines, Daemon] = made;
  const sessions = new Sessions(address, credentials.createInsecure(), options);
  const pipelines = new Pipelines(address, credentials.createInsecure(), options);
  const daemon = new Daemon(address, credentials.createInsecure(), options);
  return {
    sessions,
    pipelines,
    daemon,
    [Symbol.dispose]: () => {
      for (const client of [sessions, pipelines, daemon]) client.close();
    },
  };
}

/** One question of a stub: `ask((done) => api.sessions.getSession(request, done))`. */
export function ask<Response>(
  call: (done: (error: ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    call((error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

/** How a call failed; an error where it did not. */
export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  const error = await call.then(
    (answer) => new Error(`it did not fail, and answered ${JSON.stringify(answer, withoutBigints)}`),
    (thrown: unknown) => thrown,
  );
  if (!isServiceError(error)) throw error;
  return toFailure(error);
}

/** A failed call's status and details, read as the standard says. */
export function toFailure(error: Pick<ServiceError, 'details' | 'metadata'> & { code: number }): Failure {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const details = Buffer.isBuffer(bytes) ? Status.decode(bytes).details : [];
  const infoBytes = details.find(({ typeUrl }) => typeUrl.endsWith('.ErrorInfo'))?.value;
  const info = infoBytes === undefined ? undefined : ErrorInfo.decode(infoBytes);
  return {
    status: grpcStatus[error.code] ?? String(error.code),
    message: error.details,
    reason: info?.reason ?? '',
    domain: info?.domain ?? '',
    facts: info?.metadata ?? {},
    details: details.map(({ typeUrl, value }) => {
      if (typeUrl.endsWith('.RetryInfo')) RetryInfo.decode(value);
      if (typeUrl.endsWith('.QuotaFailure')) QuotaFailure.decode(value);
      return typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
    }),
  };
}

/** What came over a stream of records. */
export interface Stream<Event> {
  readonly events: readonly NonNullable<Event>[];
  readonly records: readonly ProtoRecord[];
  /** How it ended; undefined: well. */
  readonly failure: Failure | undefined;
}

/** Reads a stream to its end. */
export async function readAll<Event>(
  stream: AsyncIterable<{ readonly event?: Event | undefined }>,
): Promise<Stream<Event>> {
  const events: NonNullable<Event>[] = [];
  const result = (failure?: Failure): Stream<Event> => ({
    events,
    records: events.flatMap((event) => recordsOf(event)),
    failure,
  });
  try {
    for await (const { event } of stream) if (event !== undefined && event !== null) events.push(event);
    return result();
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return result(toFailure(error));
  }
}

/** An InvokePipeline stream: what its caller says is up to the test. */
export interface Invocation {
  send(action: NonNullable<InvokePipelineRequest['action']>): void;
  /** Says that nothing more comes. */
  halfClose(): void;
  /** Leaves without a word. */
  cancel(): void;
  /** What comes next, of this kind; others are passed over. Rejects when the stream ends before. */
  next(kind: NonNullable<InvokePipelineResponse['event']>['$case']): Promise<InvokePipelineResponse['event']>;
  /** The rest of it. */
  rest(): Promise<Stream<InvokePipelineResponse['event']>>;
}

/** Opens an InvokePipeline stream that has said nothing yet. */
export function invocation(api: RawApi): Invocation {
  const call = api.pipelines.invokePipeline();
  const messages: AsyncIterable<InvokePipelineResponse> = call;
  const iterator = messages[Symbol.asyncIterator]();
  return {
    send: (action) => {
      call.write({ action });
    },
    halfClose: () => {
      call.end();
    },
    cancel: () => {
      call.cancel();
    },
    next: async (kind) => {
      for (;;) {
        const result: IteratorResult<InvokePipelineResponse, undefined> = await iterator.next();
        if (result.done === true) throw new Error(`the stream ended before a ${kind}`);
        if (result.value.event?.$case === kind) return result.value.event;
      }
    },
    rest: () => readAll({ [Symbol.asyncIterator]: () => iterator }),
  };
}

/** Records as short texts: `1 output 42`, `2 final failed STOPPED`. */
export function short({ sequence, body }: ProtoRecord): string {
  switch (body?.$case) {
    case undefined:
      return String(sequence);
    case 'output': {
      const kind = body.value.value?.kind;
      return `${String(sequence)} output ${kind !== undefined && 'value' in kind ? JSON.stringify(kind.value, withoutBigints) : 'null'}`;
    }
    case 'final': {
      const state = ['', 'completed', 'failed', 'stopped'][body.value.state] ?? '';
      return [sequence, 'final', state, body.value.problem?.reason]
        .filter((part) => part !== undefined)
        .join(' ');
    }
    case 'error':
    case 'warning':
    case 'verbose':
    case 'debug':
    case 'information':
      return `${String(sequence)} ${body.$case} ${body.value.message}`;
    case 'display':
    case 'progress':
    case 'hostCall':
    case 'sessionEvent':
      return `${String(sequence)} ${body.$case}`;
  }
}

function recordsOf(event: unknown): readonly ProtoRecord[] {
  const known = event as ReceivePipelineResponse['event'];
  return known?.$case === 'batch' ? known.value.records : [];
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && 'code' in thrown && 'metadata' in thrown;
}

function withoutBigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
