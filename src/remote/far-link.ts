import { Client, credentials, Metadata, status, type ChannelCredentials } from '@grpc/grpc-js';
import { RunspaceError, toError } from '../core/error';
import type { Tunnel } from '../core/kept-session';
import type { Log } from '../core/log';
import { callStream, callUnary, type CallTarget, type Method } from '../keeper/grpc-call';
import { fromServiceError, hasReason, isServiceError } from '../status/service-error';

/** Where a daemon is, and how it is spoken to. */
export interface FarAddress {
  /** What people call its machine. */
  readonly name: string;
  /** As grpc-js has it, such as `unix:/run/…`. */
  readonly address: string;
  readonly credentials: ChannelCredentials;
  /** What each call carries as `authorization`; empty: nothing. */
  readonly authorization: string;
}

const firstPauseMs = 100;
const longestPauseMs = 5_000;
/** A call that nobody limits is given up after this. */
const patienceMs = 60_000;

const channelOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.enable_retries': 0,
  'grpc.client_idle_timeout_ms': 0x7fffffff,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 5_000,
  // A link that says nothing any more is noticed.
  'grpc.keepalive_time_ms': 5_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc-node.flow_control_window': 1024 * 1024,
};

/**
 * Calls to another daemon, over a link that may be cut and healed: what did not arrive is said again, since every call
 * that changes something carries an id by which the other side knows it again.
 */
export class FarLink implements Disposable {
  readonly #target: CallTarget;
  readonly #name: string;
  readonly #log: Log;

  constructor({ name, address, credentials, authorization }: FarAddress, log: Log) {
    this.#name = name;
    const metadata = new Metadata();
    if (authorization !== '') metadata.set('authorization', authorization);
    this.#target = { client: new Client(address, credentials, channelOptions), metadata };
    this.#log = log;
  }

  /** Asks until there is an answer; gives up after a minute: LINK_LOST. */
  async call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    signal?: AbortSignal,
  ): Promise<Response> {
    const deadline = performance.now() + patienceMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await callUnary(this.#target, method, { request, signal });
      } catch (thrown) {
        if (!isPassing(thrown)) throw asOurs(thrown, this.#name);
        if (performance.now() + pauseMs > deadline) throw outOfReach(thrown);
        await this.#waited(thrown, pauseMs, signal);
      }
    }
  }

  /**
   * A stream that goes on where it was when its link is healed, until it ends or the signal aborts. `request` is asked
   * for anew each time: it says where to go on.
   */
  async *stream<Request, Response>(
    method: Method<Request, Response>,
    request: () => Request,
    signal: AbortSignal,
  ): AsyncGenerator<Response> {
    let pauseMs = firstPauseMs;
    for (;;) {
      try {
        for await (const message of callStream(this.#target, method, { request: request(), signal })) {
          pauseMs = firstPauseMs;
          yield message;
        }
        return;
      } catch (thrown) {
        if (!isPassing(thrown)) throw asOurs(thrown, this.#name);
        await this.#waited(thrown, pauseMs, signal);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#target.client.close();
  }

  async #waited(why: unknown, ms: number, signal: AbortSignal | undefined): Promise<void> {
    this.#log.debug('far daemon is asked again', { why: toError(why).message, afterMs: ms });
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done, { once: true });
    });
    signal?.throwIfAborted();
  }
}

/** The link, or a daemon that is just being started: the next attempt may well arrive. */
function isPassing(thrown: unknown): boolean {
  if (!isServiceError(thrown)) return false;
  if (!hasReason(thrown)) return thrown.code === status.UNAVAILABLE || isCutStream(thrown);
  const { code } = fromServiceError(thrown);
  return code === 'RECOVERING' || code === 'SHUTTING_DOWN';
}

/** How grpc-js tells of a connection that ended in the middle of a message. */
function isCutStream({ code, details }: { readonly code: status; readonly details: string }): boolean {
  return code === status.INTERNAL && /RST_STREAM|ECONNRESET|EPIPE/.test(details);
}

function outOfReach(cause: unknown): RunspaceError {
  return new RunspaceError(
    'LINK_LOST',
    `the daemon at the other side was not reached within ${String(patienceMs / 1000)} s; what runs there goes on: try again later`,
    { cause },
  );
}

/** Who is not known must be told by whom: the daemon of this side knows the caller. */
function asOurs(thrown: unknown, name: string): unknown {
  if (!isServiceError(thrown)) return thrown;
  const error = fromServiceError(thrown);
  if (error.code !== 'AUTHENTICATION_FAILED') return error;
  return new RunspaceError(error.code, `${name}: ${error.message}`, { facts: error.facts, cause: error });
}

/** The beginning of a way that leads to a daemon's own socket: no other user gets there. */
export function tunnelAddress({ socketPath, authorization }: Tunnel, name: string): FarAddress {
  return { name, address: `unix:${socketPath}`, credentials: credentials.createInsecure(), authorization };
}
