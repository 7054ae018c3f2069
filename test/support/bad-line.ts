import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP line to a port of this machine that can be cut, made silent, or slow. */
export class BadLine implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #pauseMs = 0;

  private constructor(to: number) {
    this.#server = createServer({ noDelay: true }, (near) => {
      this.#join(near, connect({ port: to, host: '127.0.0.1', noDelay: true }));
    });
  }

  static async to(port: number): Promise<BadLine> {
    const line = new BadLine(port);
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends all connections, as a reset does. */
  cut(): void {
    for (const sockets of this.#pairs) for (const socket of sockets) socket.destroy();
  }

  /** Connections stay, and nothing comes through them any more; new ones are as ever. */
  silence(): void {
    for (const sockets of this.#pairs)
      for (const socket of sockets) {
        socket.unpipe();
        socket.removeAllListeners('data');
        socket.pause();
      }
  }

  /** Each piece takes this long from now on. */
  slow(pauseMs: number): void {
    this.#pauseMs = pauseMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(near: Socket, far: Socket): void {
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.on('error', () => undefined); // Its close is what counts.
      socket.on('data', (piece) => this.#carry(piece, socket, other));
      socket.once('end', () => other.end());
      socket.once('close', () => {
        this.#pairs.delete(pair);
        other.destroy();
      });
    }
  }

  #carry(piece: Buffer, from: Socket, to: Socket): void {
    const go = (): void => {
      if (!to.write(piece)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
    };
    if (this.#pauseMs === 0) {
      go();
      return;
    }
    from.pause();
    setTimeout(() => {
      go();
      from.resume();
    }, this.#pauseMs);
  }
}
