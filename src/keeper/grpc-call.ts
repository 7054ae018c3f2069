import {
  InterceptingCall,
  type Client,
  type ClientReadableStream,
  type Interceptor,
  type Metadata,
} from '@grpc/grpc-js';

import { abortReason } from './abort';

/** What a call needs to know of its method; the generated service definitions have it. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** Where a call goes. */
export interface CallTarget {
  readonly client: Client;
  readonly metadata: Metadata;
}

/** One question, one answer. Rejects with the signal's reason when it aborts, else with the ServiceError. */
export function callUnary<Request, Response>(
  target: CallTarget,
  method: Method<Request, Response>,
  { request, signal }: { readonly request: Request; readonly signal: AbortSignal | undefined },
): Promise<Response> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const { path, requestSerialize, responseDeserialize } = method;
    const call = target.client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      target.metadata,
      (error, response) => {
        signal?.removeEventListener('abort', cancel);
        if (error === null && response !== undefined) resolve(response);
        else
          reject(
            signal?.aborted === true
              ? abortReason(signal)
              : (error ?? new Error('an answer without content')),
          );
      },
    );
    const cancel = () => {
      call.cancel();
    };
    signal?.addEventListener('abort', cancel, { once: true });
  });
}

/**
 * One question, many answers, at the consumer's pace: at most `bufferedBytes` of undecoded messages (or the one in
 * hand) wait here, the rest stays with the sender. Leaving the loop or aborting the signal cancels the call.
 */
export async function* callStream<Request, Response>(
  target: CallTarget,
  method: Method<Request, Response>,
  { request, signal }: { readonly request: Request; readonly signal: AbortSignal },
): AsyncGenerator<Response> {
  signal.throwIfAborted();
  const gate = new ByteGate();
  const { path, requestSerialize, responseDeserialize } = method;
  const stream = target.client.makeServerStreamRequest(
    path,
    requestSerialize,
    (bytes: Buffer) => ({ size: bytes.length, response: responseDeserialize(bytes) }),
    request,
    target.metadata,
    { interceptors: [gate.interceptor] },
  );
  const cancel = () => {
    stream.cancel();
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    yield* messagesOf(stream, gate);
  } catch (error) {
    throw signal.aborted ? abortReason(signal) : error;
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

interface Sized<Response> {
  readonly size: number;
  readonly response: Response;
}

async function* messagesOf<Response>(
  stream: ClientReadableStream<Sized<Response>>,
  gate: ByteGate,
): AsyncGenerator<Response> {
  const messages: AsyncIterable<Sized<Response>> = stream;
  for await (const { size, response } of messages) {
    gate.release(size);
    yield response;
  }
}

/** Received bytes that may wait for one consumer. */
const bufferedBytes = 1024 * 1024;

/**
 * grpc-js reads ahead by 16 messages whatever their size. Here a message is handed on only while those not yet
 * consumed are under `bufferedBytes`; grpc-js asks the network for no more than one message beyond that.
 */
class ByteGate {
  #waiting = 0;
  #deliver: (() => void) | undefined;

  readonly interceptor: Interceptor = (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start: (metadata, _listener, next) => {
        next(metadata, {
          onReceiveMessage: (message: unknown, deliver) => {
            this.#admit(sizeOf(message), () => {
              deliver(message);
            });
          },
        });
      },
    });

  /** The consumer took a message of this size. */
  release(size: number): void {
    this.#waiting -= size;
    this.#flush();
  }

  #admit(size: number, deliver: () => void): void {
    this.#deliver = () => {
      this.#waiting += size;
      deliver();
    };
    this.#flush();
  }

  #flush(): void {
    if (this.#waiting >= bufferedBytes) return;
    const deliver = this.#deliver;
    this.#deliver = undefined;
    deliver?.();
  }
}

function sizeOf(message: unknown): number {
  return typeof message === 'object' && message !== null && 'size' in message ? Number(message.size) : 0;
}
