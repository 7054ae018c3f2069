import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { GetSessionRequest } from '../../src/gen/runspace/v1/session';
import { eventually, Unfulfilled } from '../e2e/support/eventually';
import { invocation } from './support/raw';
import { serve } from './support/served';
import { framed, http2To, post, say, socketTo } from './support/wire';

const served = serve();
const getSession = '/runspace.v1.SessionService/GetSession';
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

test.each<[what: string, words: () => Uint8Array]>([
  ['random bytes', () => randomBytes(64 * 1024)],
  ['zeros', () => Buffer.alloc(64 * 1024)],
  ['HTTP/1.1', () => Buffer.from('GET /sessions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')],
  ['the beginning of TLS', () => Buffer.from('16030100fa010000f60303', 'hex')],
  ['HTTP/2, then frames that are none', () => Buffer.concat([preface, randomBytes(64 * 1024)])],
  [
    'a frame of 16 MiB',
    () => Buffer.concat([preface, Buffer.from('ffffff0000000000ff', 'hex'), Buffer.alloc(32 * 1024)]),
  ],
])('a caller that speaks %s is hung up on, and nobody else notices', async (_what, words) => {
  const answer = await say(served.daemon.socketPath, words());
  expect(answer.length).toBeLessThan(64 * 1024);
});

test.each<[what: string, body: () => Uint8Array, headers?: Record<string, string>]>([
  ['bytes that are no protobuf', () => framed(Buffer.alloc(40, 0xff))],
  ['a text that is cut off', () => framed(Buffer.from([0x12, 0x20, 0x61]))],
  ['a field of another type', () => framed(Buffer.from([0x10, 0x01, 0x15]))],
  ['a broken compression', () => framed(Buffer.from('not gzip at all'), 15, 1), { 'grpc-encoding': 'gzip' }],
  [
    'a deadline that is none',
    () => framed(GetSessionRequest.encode({ clientId: 'a', session: 'witness' }).finish()),
    { 'grpc-timeout': 'soon' },
  ],
])('%s as a request gives INVALID_ARGUMENT with a reason', async (_what, body, headers = {}) => {
  const session = http2To(served.daemon.socketPath);
  const failure = await post(session, getSession, { body: body(), headers });
  session.close();
  expect(failure).toMatchObject({
    status: 'INVALID_ARGUMENT',
    reason: 'INVALID_ARGUMENT',
    domain: 'runspaced',
  });
  expect(failure.message).toContain(getSession);
});

test('a message over 256 MiB is refused with MESSAGE_TOO_LARGE before it is taken in', async () => {
  const session = http2To(served.daemon.socketPath);
  const failure = await post(session, getSession, {
    body: framed(Buffer.alloc(1024), 256 * 1024 * 1024 + 1),
  });
  session.close();
  expect(failure).toMatchObject({
    status: 'RESOURCE_EXHAUSTED',
    reason: 'MESSAGE_TOO_LARGE',
    domain: 'runspaced',
  });
  expect(failure.message).toMatch(/268435457.*268435456.*less at once/);
});

test('a message over 256 MiB of a stream is refused with MESSAGE_TOO_LARGE', async () => {
  const session = http2To(served.daemon.socketPath);
  const failure = await post(session, '/runspace.v1.PipelineService/InvokePipeline', {
    body: framed(Buffer.alloc(1024), 300 * 1024 * 1024),
  });
  session.close();
  expect(failure).toMatchObject({
    status: 'RESOURCE_EXHAUSTED',
    reason: 'MESSAGE_TOO_LARGE',
    domain: 'runspaced',
  });
});

test('an unknown method and an unknown service are UNIMPLEMENTED', async () => {
  const session = http2To(served.daemon.socketPath);
  const unknown = ['/runspace.v1.SessionService/Fly', '/runspace.v9.Nothing/At', '/x'];
  const failures = await Promise.all(
    unknown.map((method) => post(session, method, { body: framed(Buffer.alloc(0)) })),
  );
  session.close();
  expect(failures.map(({ status }) => status)).toEqual(['UNIMPLEMENTED', 'UNIMPLEMENTED', 'UNIMPLEMENTED']);
});

test('what is no gRPC at all gets an HTTP status', async () => {
  const session = http2To(served.daemon.socketPath);
  const failure = await post(session, getSession, {
    body: Buffer.from('{}'),
    headers: { 'content-type': 'application/json' },
  });
  session.close();
  expect(failure.httpStatus).toBe(415);
});

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

async function backTo(before: number): Promise<number> {
  return eventually('descriptors are given back', () => {
    const now = openDescriptors();
    return now <= before + 5 ? now : new Unfulfilled(String(now));
  });
}

test('1000 connections that are opened and dropped cost nothing that lasts', async () => {
  const before = openDescriptors();
  for (let count = 0; count < 1_000; count += 1) {
    const socket = await socketTo(served.daemon.socketPath);
    if (count % 2 === 0) socket.write(preface);
    socket.destroy();
  }
  expect(await backTo(before)).toBeLessThanOrEqual(before + 5);
}, 60_000);

async function silentConnections(count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) sockets.push(await socketTo(served.daemon.socketPath));
  return sockets;
}

test('100 connections that say nothing keep nobody from being served', async () => {
  const before = openDescriptors();
  const sockets = await silentConnections(100);
  const status = await served.client.daemon.status();
  for (const socket of sockets) socket.destroy();
  await backTo(before);
  expect(status.sessionCount).toBe(1);
}, 60_000);

test('500 streams that are opened and left cost nothing that lasts', async () => {
  const streams = Array.from({ length: 500 }, () => served.calls.watch());
  await Promise.all(streams.map((stream) => stream.next('ready')));
  for (const stream of streams) stream.cancel();
  expect((await served.calls.get('witness')).name).toBe('witness');
}, 60_000);

test('an InvokePipeline stream that begins with something else than its start is refused', async () => {
  const stream = invocation(served.calls.raw);
  stream.send({ $case: 'endOfInput', value: {} });
  const { failure } = await stream.rest();
  expect(failure).toMatchObject({
    status: 'INVALID_ARGUMENT',
    reason: 'INVALID_ARGUMENT',
    domain: 'runspaced',
  });
  expect(failure?.message).toMatch(/first message .*start/);
});

test('an InvokePipeline stream that is closed without a word is refused', async () => {
  const stream = invocation(served.calls.raw);
  stream.halfClose();
  const { failure } = await stream.rest();
  expect(failure).toMatchObject({
    status: 'INVALID_ARGUMENT',
    reason: 'INVALID_ARGUMENT',
    domain: 'runspaced',
  });
});
