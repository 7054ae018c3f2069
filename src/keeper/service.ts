import { timingSafeEqual } from 'node:crypto';
import type { handleServerStreamingCall, handleUnaryCall, Metadata } from '@grpc/grpc-js';
import { RunspaceError } from '../core/error';
import type { Log } from '../core/log';
import { toServiceError } from '../status/service-error';
import { nonceKey } from './protocol';
import { CallSink, type Sink } from './stream-sink';

/** What every handler is wrapped with. */
export interface ServiceParts {
  readonly nonce: string;
  readonly log: Log;
}

/** Answers one question. `signal` aborts when the caller is gone. */
export type Answer<Request, Response> = (request: Request, signal: AbortSignal) => Promise<Response>;

/** Answers one question with many messages; the stream ends when the promise resolves. */
export type AnswerStream<Request, Message> = (
  request: Request,
  sink: Sink<Message>,
  signal: AbortSignal,
) => Promise<void>;

/** A unary handler as grpc-js wants it: the nonce is checked, errors get their status. */
export function unary<Request, Response>(
  { nonce, log }: ServiceParts,
  answer: Answer<Request, Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const answering = async (): Promise<Response> => {
      requireNonce(call.metadata, nonce);
      return answer(call.request, signalOf(call));
    };
    answering().then(
      (response) => callback(null, response),
      (thrown: unknown) => callback(toServiceError(thrown, log)),
    );
  };
}

/** A streaming handler as grpc-js wants it: the same, and the caller sets the pace. */
export function streaming<Request, Message>(
  { nonce, log }: ServiceParts,
  answer: AnswerStream<Request, Message>,
): handleServerStreamingCall<Request, Message> {
  return (call) => {
    const signal = signalOf(call);
    const answering = async (): Promise<void> => {
      requireNonce(call.metadata, nonce);
      await answer(call.request, new CallSink(call, signal), signal);
    };
    answering().then(
      () => call.end(),
      (thrown: unknown) => {
        // Nobody is there to be told.
        if (!signal.aborted) call.emit('error', toServiceError(thrown, log));
      },
    );
  };
}

/** The caller must have read keeper.json: no other user can, and no other keeper's daemon has. */
function requireNonce(metadata: Metadata, nonce: string): void {
  const [given] = metadata.get(nonceKey);
  const expected = Buffer.from(nonce);
  const got = Buffer.from(given ?? '');
  if (got.length === expected.length && timingSafeEqual(got, expected)) return;
  throw new RunspaceError(
    'ACCESS_DENIED',
    'this keeper belongs to another state folder: its nonce is not the one given',
  );
}

/** Made once: without a reason each abort would make an exception with its stack, and every read stream ends in one. */
const gone = new DOMException('the caller is gone', 'AbortError');

function signalOf(call: { on(event: 'cancelled', listener: () => void): unknown }): AbortSignal {
  const cancelled = new AbortController();
  call.on('cancelled', () => cancelled.abort(gone));
  return cancelled.signal;
}
