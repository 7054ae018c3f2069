import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { join } from 'node:path';
import { Channel } from '../../clients/typescript/transport/channel';
import { methods } from '../../clients/typescript/methods';
import { temporaryFolder } from '../support/temporary-folder';

/** A server of HTTP/2 that says what the test lets it say; its pings are answered by Node. */
class Server implements AsyncDisposable {
  readonly path: string;
  readonly #server: Http2Server = createServer();
  readonly #folder = temporaryFolder();
  readonly #sessions: ServerHttp2Session[] = [];

  constructor() {
    this.path = join(this.#folder.path, 'socket');
    this.#server.on('session', (session) => this.#sessions.push(session));
  }

  async listen(): Promise<void> {
    this.#server.listen(this.path);
    await once(this.#server, 'listening');
  }

  /** The next call, after this many pings on its connection. */
  async call(pings: number): Promise<ServerHttp2Stream> {
    const [stream] = (await once(this.#server, 'stream')) as [ServerHttp2Stream];
    for (let count = 0; count < pings; count++)
      if (stream.session !== undefined) await once(stream.session, 'ping');
    return stream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#folder[Symbol.dispose]();
  }
}

const emptyMessage = Buffer.alloc(5);

async function answersOf(path: string): Promise<number> {
  using channel = new Channel({
    caller: { certificatesFolder: '', token: () => undefined },
    address: { is: 'unix', path, text: `unix://${path}` },
    maximumMessageBytes: 1_000,
  });
  using call = await channel.open(methods.watchSessions, { silenceMs: 50 });
  call.end();
  const answers: unknown[] = [];
  for await (const answer of call.responses()) answers.push(answer);
  return answers.length;
}

test('P110 a first answer may take as long as it takes while the connection answers pings', async () => {
  await using server = new Server();
  await server.listen();
  const counting = answersOf(server.path);
  const stream = await server.call(3);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => {
    stream.sendTrailers({ 'grpc-status': '0' });
  });
  stream.end(emptyMessage);
  expect(await counting).toBe(1);
});

test('P110 after the first answer a stream without a heartbeat is lost', async () => {
  await using server = new Server();
  await server.listen();
  const counting = answersOf(server.path);
  counting.catch(() => undefined); // It is looked at below.
  const stream = await server.call(0);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' });
  stream.write(emptyMessage);
  await expect(counting).rejects.toMatchObject({
    reason: 'CONNECTION_LOST',
    message: expect.stringContaining('not even a heartbeat') as never,
  });
});
