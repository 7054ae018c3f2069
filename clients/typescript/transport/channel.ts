import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { connectionLost, RunspaceError, toError } from '../error';
import type { Address } from '../address';
import { Call, type CallOptions } from './call';
import type { Caller } from './caller';
import { dial } from './dial';
import { isUnreachable } from './unreachable';
import type { Method } from './method';

/** Where a channel leads, and what to do when nothing listens there. */
export interface ChannelOptions {
  readonly address: Address;
  /** Who this client is to daemons of other machines. */
  readonly caller: Caller;
  /** Called when nothing listens at the address, unless the daemon was stopped; the channel then tries once more. */
  readonly start?: (() => Promise<void>) | undefined;
  readonly maximumMessageBytes: number;
}

/** What a caller chooses of a call. */
type ChosenOptions = Omit<CallOptions, 'headers' | 'maximumMessageBytes' | 'onError'>;

const windowBytes = 1 << 20;

/**
 * One HTTP/2 connection to the daemon, made when it is first needed and again after it was lost. It keeps the process
 * alive only while calls are open.
 *
 * This is all of gRPC that a client needs, without grpc-js: that costs every start of the CLI 60 ms to load.
 */
export class Channel implements Disposable {
  readonly #options: ChannelOptions;
  #connection: Promise<Connection> | undefined;
  #wasConnected = false;
  /** Whoever stops a daemon on purpose would not want it back at once. */
  #isShutDown = false;
  #isDisposed = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /** Whether the daemon has ever answered on this channel. */
  get wasConnected(): boolean {
    return this.#wasConnected;
  }

  /** Opens a call. Throws DAEMON_UNREACHABLE where nothing listens. */
  async open<Request, Response>(
    method: Method<Request, Response>,
    options: ChosenOptions,
  ): Promise<Call<Request, Response>> {
    options.signal?.throwIfAborted();
    const connection = await this.#connected();
    options.signal?.throwIfAborted();
    const call = this.#begin(connection, method, options);
    keepAliveDuring(call.closed, connection);
    return call;
  }

  /** Ends the connection and every call on it. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    void this.#connection?.then(
      ({ session }) => {
        session.destroy();
      },
      () => undefined, // There is nothing to end.
    );
  }

  /** A connection may be lost before its end is told; Node then throws. */
  #begin<Request, Response>(
    { session, headers }: Connection,
    method: Method<Request, Response>,
    options: ChosenOptions,
  ): Call<Request, Response> {
    try {
      return new Call(session, method, {
        ...options,
        headers,
        maximumMessageBytes: this.#options.maximumMessageBytes,
        onError: (error) => (this.#isShutDown ||= error.reason === 'SHUTTING_DOWN'),
      });
    } catch (error) {
      session.destroy();
      throw connectionLost('the connection to the daemon was lost', toError(error));
    }
  }

  #connected(): Promise<Connection> {
    if (this.#isDisposed)
      throw new RunspaceError('CLIENT_CLOSED', 'this client was closed', { grpcCode: 'CANCELLED' });
    if (this.#connection !== undefined) return this.#connection;
    const connection = this.#dial();
    this.#connection = connection;
    const forget = (): void => {
      if (this.#connection === connection) this.#connection = undefined;
    };
    connection.then(({ session }) => {
      session.once('close', forget).once('goaway', forget);
    }, forget);
    return connection;
  }

  async #dial(): Promise<Connection> {
    const { address, caller, start } = this.#options;
    const { socket, headers } = await dial(address, caller).catch(async (error: unknown) => {
      if (start === undefined || this.#isShutDown || !isUnreachable(error)) throw error;
      await start();
      return await dial(address, caller);
    });
    this.#wasConnected = true;
    this.#isShutDown = false;
    return { session: sessionOn(socket), headers, openCalls: 0 };
  }
}

interface Connection {
  readonly session: ClientHttp2Session;
  /** What each call on it carries. */
  readonly headers: Readonly<Record<string, string>>;
  openCalls: number;
}

/** An idle connection must not keep a program from ending. */
function keepAliveDuring(call: Promise<void>, connection: Connection): void {
  if (connection.openCalls++ === 0) connection.session.ref();
  void call.then(() => {
    if (--connection.openCalls === 0) connection.session.unref();
  });
}

function sessionOn(socket: Socket): ClientHttp2Session {
  const session = connectHttp2('http://localhost', {
    createConnection: () => socket,
    maxSessionMemory: Number.MAX_SAFE_INTEGER, // One message may be larger than any such limit; streams have windows.
    settings: { enablePush: false, initialWindowSize: windowBytes },
  });
  session.on('error', () => undefined); // Every call on it reports the loss; without a listener Node would throw.
  session.once('connect', () => {
    session.setLocalWindowSize(windowBytes * 4);
  });
  return session;
}
