import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';
import { Metadata } from '@grpc/grpc-js';
import { toFailure, type Failure } from './raw';

/** A connection to a unix socket on which anything can be said. */
export async function socketTo(path: string): Promise<Socket> {
  const socket = connectSocket(path);
  socket.on('error', () => undefined); // That the other side closes is what these tests are about.
  await once(socket, 'connect');
  return socket;
}

/** Says this on a connection of its own, and resolves with what was answered when the other side closes it. */
export async function say(path: string, words: Uint8Array): Promise<Buffer> {
  const socket = await socketTo(path);
  const answer: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => answer.push(bytes));
  socket.write(words);
  await once(socket, 'close');
  return Buffer.concat(answer);
}

/** A gRPC message with any header: its length may be a lie. */
export function framed(body: Uint8Array, length = body.length, compressed = 0): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(compressed, 0);
  header.writeUInt32BE(length, 1);
  return Buffer.concat([header, body]);
}

/** An HTTP/2 connection without gRPC on top. */
export function http2To(path: string): ClientHttp2Session {
  return connectHttp2('http://localhost', { createConnection: () => connectSocket(path) });
}

/** Posts bytes to a method, and resolves with how the call failed. */
export async function post(
  session: ClientHttp2Session,
  method: string,
  { body, headers = {} }: { readonly body: Uint8Array; readonly headers?: Record<string, string> },
): Promise<Failure & { readonly httpStatus: number }> {
  const stream = session.request({
    ':method': 'POST',
    ':path': method,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  let trailers: IncomingHttpHeaders = {};
  stream.on('trailers', (received) => {
    trailers = received;
  });
  stream.on('error', () => undefined);
  const responded = once(stream, 'response') as Promise<[IncomingHttpHeaders & { ':status'?: number }]>;
  stream.end(body);
  stream.resume();
  const [response] = await responded;
  if (!stream.closed) await once(stream, 'close');
  const all: IncomingHttpHeaders = { ...response, ...trailers };
  const details = all['grpc-status-details-bin'];
  const metadata = new Metadata();
  if (typeof details === 'string') metadata.set('grpc-status-details-bin', Buffer.from(details, 'base64'));
  const failure = toFailure(
    Object.assign(new Error(), {
      code: Number(all['grpc-status'] ?? 2),
      details: decodeURIComponent(String(all['grpc-message'] ?? '')),
      metadata,
    }),
  );
  return { ...failure, httpStatus: response[':status'] ?? 0 };
}
