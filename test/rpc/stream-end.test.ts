import { join } from 'node:path';
import { Client, credentials, Server, ServerCredentials, type ClientDuplexStream } from '@grpc/grpc-js';
import { RunspaceError } from '../../src/core/error';
import { silentLog } from '../../src/core/log';
import { asPrincipal } from '../../src/core/ids';
import { bidiStream, type Edge, type Send } from '../../src/rpc/call';
import { temporaryFolder } from '../support/temporary-folder';

const edge: Edge = {
  log: silentLog,
  principalOf: () => asPrincipal('local:0'),
  ending: new AbortController().signal,
  isReady: () => true,
  denied: () => undefined,
  ended: () => undefined,
};

const bytes = (message: Buffer): Buffer => message;
const method = {
  path: '/test.Streams/Talk',
  requestStream: true,
  responseStream: true,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
} as const;

type Handle = (requests: AsyncIterable<Buffer, undefined>, send: Send<Buffer>) => Promise<void>;
type Talk = ClientDuplexStream<Buffer, Buffer>;

/** A server with one stream both ways, and a caller on it. */
async function talking(handle: Handle, act: (talk: Talk) => Promise<void>): Promise<void> {
  using folder = temporaryFolder();
  const address = `unix:${join(folder.path, 's')}`;
  const server = new Server();
  server.addService({ talk: method }, { talk: bidiStream<Buffer, Buffer>(edge, handle) });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  const client = new Client(address, credentials.createInsecure());
  try {
    await act(client.makeBidiStreamRequest<Buffer, Buffer>(method.path, bytes, bytes));
  } finally {
    client.close();
    server.forceShutdown();
  }
}

/** How the call ended: its status code, after what came before was read. */
async function endOf(talk: Talk): Promise<{ readonly code: number; readonly received: number }> {
  const status = new Promise<number>((resolve) => talk.once('status', ({ code }) => resolve(code)));
  let received = 0;
  talk.on('error', () => undefined);
  talk.on('data', () => (received += 1));
  return { code: await status, received };
}

test('a call that fails while its answers are still on their way, and more is awaited, tells its status after them', async () => {
  let failed: () => void = () => undefined;
  const hasFailed = new Promise<void>((resolve) => {
    failed = resolve;
  });
  const handle: Handle = async (requests, send) => {
    const iterator = requests[Symbol.asyncIterator]();
    await iterator.next();
    const more = iterator.next();
    // More than the caller's window takes: it waits in the stream until the caller reads.
    const answered = send(Buffer.alloc(256 * 1024));
    // Both end with the call.
    for (const waiting of [more, answered]) waiting.catch(() => undefined);
    setImmediate(failed);
    throw new RunspaceError('INPUT_OUT_OF_ORDER', 'no');
  };
  await talking(handle, async (talk) => {
    talk.write(Buffer.from('begin'));
    await hasFailed;
    expect(await endOf(talk)).toEqual({ code: 9, received: 1 });
  });
});

test('requests come one by one, to the last', async () => {
  const seen: string[] = [];
  const handle: Handle = async (requests, send) => {
    for await (const request of requests) seen.push(request.toString());
    await send(Buffer.from('thanks'));
  };
  await talking(handle, async (talk) => {
    for (const word of ['a', 'b', 'c']) talk.write(Buffer.from(word));
    talk.end();
    expect(await endOf(talk)).toEqual({ code: 0, received: 1 });
  });
  expect(seen).toEqual(['a', 'b', 'c']);
});

test('a caller that leaves ends the reading of its requests', async () => {
  let told: () => void = () => undefined;
  const isOver = new Promise<void>((resolve) => {
    told = resolve;
  });
  const handle: Handle = async (requests, send) => {
    await send(Buffer.from('go on'));
    try {
      for await (const request of requests) request.toString();
    } finally {
      told();
    }
  };
  await talking(handle, async (talk) => {
    talk.on('error', () => undefined);
    talk.once('data', () => talk.cancel());
    await expect(isOver).resolves.toBeUndefined();
  });
});
