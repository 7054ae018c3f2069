import {
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { connectionLost, protocolError, RunspaceError, toError } from '../error';
import { frameMessage, MessageReader } from './framing';
import type { Method } from './method';
import { SilenceWatch } from './silence';
import { fromGrpcStatus } from './status';

/** Choices for one call. */
export interface CallOptions {
  /** Leaves the call; what it started goes on. */
  readonly signal?: AbortSignal | undefined;
  /** The call fails with DEADLINE_EXCEEDED after this time; undefined: no limit. */
  readonly timeoutMs?: number | undefined;
  /** The call fails with CONNECTION_LOST when it waits this long for an answer; for streams with heartbeats. Before the first answer it is enough that the connection answers. */
  readonly silenceMs?: number | undefined;
  /** What goes with it beside what gRPC says. */
  readonly headers: Readonly<Record<string, string>>;
  /** Largest answer that is taken, in bytes. */
  readonly maximumMessageBytes: number;
  /** Hears what the daemon refused the call with. */
  readonly onError: (error: RunspaceError) => void;
}

/** One gRPC call on a connection: messages out, messages in, a status at the end. Its owner disposes it. */
export class Call<Request, Response> implements Disposable {
  readonly #method: Method<Request, Response>;
  readonly #options: CallOptions;
  readonly #stream: ClientHttp2Stream;
  /** Settles when the call is over in every respect. */
  readonly closed: Promise<void>;
  readonly #deadline: NodeJS.Timeout | undefined;
  readonly #silence: SilenceWatch | undefined;
  #headers: AnswerHeaders = {};
  #trailers: IncomingHttpHeaders | undefined;
  #failure: Error | undefined;

  constructor(session: ClientHttp2Session, method: Method<Request, Response>, options: CallOptions) {
    this.#method = method;
    this.#options = options;
    this.#stream = session.request(headersOf(method.path, options));
    this.closed = new Promise((resolve) => this.#stream.once('close', resolve));
    this.#stream.on('error', (error: Error) => (this.#failure ??= error));
    this.#stream.once('response', (headers) => (this.#headers = headers));
    this.#stream.once('trailers', (trailers: IncomingHttpHeaders) => (this.#trailers = trailers));
    this.#deadline = this.#failAfter(options.timeoutMs, deadlineExceeded);
    this.#silence = this.#watchFor(options.silenceMs);
    options.signal?.addEventListener('abort', this.#cancel);
    if (options.signal?.aborted === true) this.#cancel();
  }

  /** Whether nothing can be sent any more. */
  isOver(): boolean {
    return this.#stream.closed || this.#stream.destroyed || this.#stream.writableEnded;
  }

  /** Sends a message; settles when there is room for more. A call that is over takes it and forgets it. */
  async send(request: Request): Promise<void> {
    await this.sendEncoded(this.#method.request.encode(request).finish());
  }

  /** Sends a message that is encoded already. */
  async sendEncoded(message: Uint8Array): Promise<void> {
    if (this.isOver() || this.#stream.write(frameMessage(message))) return;
    const drained = new Promise<void>((resolve) => this.#stream.once('drain', resolve));
    await Promise.race([drained, this.closed]);
  }

  /** Says that nothing more will be sent. */
  end(): void {
    if (!this.isOver()) this.#stream.end();
  }

  /** The answers. Ends where the call ended well; throws a RunspaceError, or the signal's reason, where it did not. */
  async *responses(): AsyncGenerator<Response, void, undefined> {
    const reader = new MessageReader(this.#options.maximumMessageBytes);
    this.#silence?.expect();
    try {
      for await (const chunk of this.#stream as AsyncIterable<Buffer>) {
        this.#silence?.heard();
        for (const message of reader.receive(chunk)) yield this.#method.response.decode(message);
        this.#silence?.expect();
      }
    } catch (error) {
      if (error instanceof RunspaceError) throw error;
      this.#failure ??= toError(error);
    } finally {
      this.#leave();
    }
    if (this.#trailers === undefined) await this.closed;
    this.#throwUnlessOk(reader.isEmpty);
  }

  /** Leaves the call; idempotent. */
  [Symbol.dispose](): void {
    this.#leave();
  }

  /** A call that was answered to its end is only ended; cancelling it would look like a failure to the daemon. */
  #leave(): void {
    clearTimeout(this.#deadline);
    this.#silence?.end();
    this.#options.signal?.removeEventListener('abort', this.#cancel);
    if (this.#stream.readableEnded) this.end();
    else this.#cancel();
  }

  readonly #cancel = (): void => {
    if (!this.#stream.closed && !this.#stream.destroyed) this.#stream.close(constants.NGHTTP2_CANCEL);
  };

  #watchFor(ms: number | undefined): SilenceWatch | undefined {
    if (ms === undefined) return undefined;
    return new SilenceWatch({
      ms,
      ping: (answered) => {
        this.#stream.session?.ping((error) => {
          if (error === null) answered();
        });
      },
      tooLong: () => {
        this.#fail(silent(ms));
      },
    });
  }

  #fail(error: RunspaceError): void {
    this.#failure ??= error;
    this.#cancel();
  }

  #failAfter(ms: number | undefined, errorOf: (ms: number) => RunspaceError): NodeJS.Timeout | undefined {
    if (ms === undefined) return undefined;
    return setTimeout(() => {
      this.#fail(errorOf(ms));
    }, ms);
  }

  #throwUnlessOk(isWhole: boolean): void {
    const status = this.#trailers ?? this.#headers;
    if (status['grpc-status'] === '0' && isWhole) return;
    this.#options.signal?.throwIfAborted();
    if (this.#failure instanceof RunspaceError) throw this.#failure;
    if (status['grpc-status'] === undefined || !isWhole) throw withoutStatus(this.#headers, this.#failure);
    const error = fromGrpcStatus({
      code: Number(status['grpc-status']),
      message: percentDecoded(textOf(status['grpc-message'])),
      details: textOf(status['grpc-status-details-bin']),
    });
    this.#options.onError(error);
    throw error;
  }
}

function headersOf(
  path: string,
  { timeoutMs, headers }: Pick<CallOptions, 'timeoutMs' | 'headers'>,
): OutgoingHttpHeaders {
  return {
    ...headers,
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc+proto',
    te: 'trailers',
    'user-agent': 'runspaced-typescript',
    ...(timeoutMs === undefined ? {} : { 'grpc-timeout': timeoutHeader(timeoutMs) }),
  };
}

/** gRPC allows eight digits. */
function timeoutHeader(ms: number): string {
  return ms < 1e8 ? `${String(Math.ceil(ms))}m` : `${String(Math.min(Math.ceil(ms / 1e3), 99_999_999))}S`;
}

function deadlineExceeded(ms: number): RunspaceError {
  const message = `the daemon did not answer within ${String(ms / 1e3)} s`;
  return new RunspaceError('DEADLINE_EXCEEDED', message, { grpcCode: 'DEADLINE_EXCEEDED' });
}

function silent(ms: number): RunspaceError {
  return connectionLost(`nothing came from the daemon for ${String(ms / 1e3)} s, not even a heartbeat`);
}

type AnswerHeaders = IncomingHttpHeaders & IncomingHttpStatusHeader;

function withoutStatus(headers: AnswerHeaders, cause: Error | undefined): RunspaceError {
  const httpStatus = headers[':status'];
  if (httpStatus === undefined || httpStatus === 200) {
    return connectionLost('the connection to the daemon was lost', cause);
  }
  return protocolError(`what listens there is no runspaced: HTTP status ${String(httpStatus)}`, cause);
}

function textOf(header: string | string[] | undefined): string {
  return Array.isArray(header) ? header.join(',') : (header ?? '');
}

/** gRPC percent-encodes messages; one that is encoded wrongly is taken as it is. */
function percentDecoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
