import { once } from 'node:events';
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerDuplexStream,
  ServerWritableStream,
} from '@grpc/grpc-js';
import { RunspaceError } from '../core/error';
import type { Principal } from '../core/ids';
import type { Log } from '../core/log';
import { KeeperGone } from '../keeper/client';
import { toServiceError } from '../status/service-error';
import { requestsOf } from './requests';

/** Who calls, and until when it matters. */
export interface Caller {
  readonly principal: Principal;
  /** Aborts when the caller leaves, the deadline passes, or the daemon ends (its reason is then SHUTTING_DOWN). */
  readonly signal: AbortSignal;
}

/** A caller, to be disposed of when its call is over. */
interface LiveCaller extends Caller, Disposable {
  /** Tells how its call went. */
  ended(error?: unknown): void;
}

/** What every handler of this daemon shares. */
export interface Edge {
  readonly log: Log;
  /** Whose call it is, by what came with it. */
  principalOf(metadata: Metadata): Principal;
  /** Aborts when the daemon ends. */
  readonly ending: AbortSignal;
  /** False until what a former daemon left is brought back. */
  isReady(): boolean;
  /** A call is over: OK, or the reason of its error. */
  ended(method: string, result: string, durationMs: number): void;
  /** Takes down that a call was refused. */
  denied(principal: Principal, method: string, error: RunspaceError): void;
}

/** Sends one message; resolves when there is room for the next, rejects when the caller has left. */
export type Send<Response> = (response: Response) => Promise<void>;

/** A unary method: what it throws becomes the call's status. */
export function unary<Request, Response>(
  edge: Edge,
  handle: (request: Request, caller: Caller) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const caller = callerOf(edge, call);
    admitted(edge)
      .then(() => handle(call.request, caller))
      .then(
        (response) => {
          caller.ended();
          callback(null, response);
        },
        (error: unknown) => {
          caller.ended(error);
          noteDenied(edge, { method: call.getPath(), principal: caller.principal }, error);
          callback(toServiceError(comingBack(error), edge.log));
        },
      )
      .finally(() => {
        caller[Symbol.dispose]();
      });
  };
}

/** A server stream: it ends when the handler returns. */
export function serverStream<Request, Response>(
  edge: Edge,
  handle: (request: Request, send: Send<Response>, caller: Caller) => Promise<void>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const caller = callerOf(edge, call);
    void finish(edge, { call, caller }, (send) => handle(call.request, send, caller));
  };
}

/** A stream both ways; requests are read at the handler's pace. */
export function bidiStream<Request, Response>(
  edge: Edge,
  handle: (
    requests: AsyncIterable<Request, undefined>,
    send: Send<Response>,
    caller: Caller,
  ) => Promise<void>,
): handleBidiStreamingCall<Request, Response> {
  return (call) => {
    const caller = callerOf(edge, call);
    const requests = requestsOf<Request>(call, caller.signal);
    void finish(edge, { call, caller }, (send) => handle(requests, send, caller));
  };
}

/** What all kinds of calls have in common. */
interface Cancellable {
  readonly cancelled: boolean;
  readonly metadata: Metadata;
  getPath(): string;
  on(event: 'cancelled', listener: () => void): unknown;
}

type Writable<Response> = ServerWritableStream<unknown, Response> | ServerDuplexStream<unknown, Response>;

/** (AbortSignal.any would leave a trace of each call in the daemon's own signal, for as long as the daemon lives.) */
function callerOf(edge: Edge, call: Cancellable): LiveCaller {
  const { ending } = edge;
  const leaving = new AbortController();
  const end = (): void => {
    leaving.abort(ending.reason);
  };
  call.on('cancelled', () => {
    leaving.abort();
  });
  ending.addEventListener('abort', end, { once: true });
  if (ending.aborted) end();
  if (call.cancelled) leaving.abort();
  const begun = performance.now();
  return {
    ended: (error) => {
      const result = error === undefined ? 'OK' : leaving.signal.aborted ? 'CANCELLED' : reasonOf(error);
      edge.ended(call.getPath(), result, performance.now() - begun);
    },
    principal: edge.principalOf(call.metadata),
    signal: leaving.signal,
    [Symbol.dispose]: () => {
      ending.removeEventListener('abort', end);
    },
  };
}

function reasonOf(error: unknown): string {
  return error instanceof RunspaceError ? error.code : 'INTERNAL';
}

async function admitted(edge: Edge): Promise<void> {
  edge.ending.throwIfAborted();
  if (edge.isReady()) return;
  await Promise.reject(
    new RunspaceError('RECOVERING', 'the daemon is bringing its sessions back; try again in a second'),
  );
}

function noteDenied(
  edge: Edge,
  { method, principal }: { readonly method: string; readonly principal: Principal },
  error: unknown,
): void {
  if (error instanceof RunspaceError && error.code === 'ACCESS_DENIED') edge.denied(principal, method, error);
}

/** To a caller the loss of a keeper is no end: what it wrote is taken over, and can then be asked for again. */
function comingBack(error: unknown): unknown {
  if (!(error instanceof KeeperGone)) return error;
  const message = 'the keeper of the session ended meanwhile; what it wrote is being brought back: try again';
  return new RunspaceError('RECOVERING', message, { facts: error.facts, cause: error });
}

function sender<Response>(call: Writable<Response>, signal: AbortSignal): Send<Response> {
  return async (response) => {
    signal.throwIfAborted();
    if (!call.write(response)) await once(call, 'drain', { signal });
  };
}

async function finish<Response>(
  edge: Edge,
  { call, caller }: { readonly call: Writable<Response>; readonly caller: LiveCaller },
  run: (send: Send<Response>) => Promise<void>,
): Promise<void> {
  using _caller = caller;
  try {
    await admitted(edge);
    await run(sender(call, caller.signal));
    caller.ended();
    call.end();
  } catch (error) {
    caller.ended(error);
    noteDenied(edge, { method: call.getPath(), principal: caller.principal }, error);
    const reason: unknown = edge.ending.aborted ? edge.ending.reason : comingBack(error);
    call.emit('error', toServiceError(reason, edge.log));
  }
}
