import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { toError } from '../../core/error';
import type { Log } from '../../core/log';
import { listenAt } from '../listen-at';
import { connectDaemon, type DaemonAddress } from './connect';

/**
 * A socket on this side that leads to another daemon over TLS. Each connection to it is one to the other side, checked
 * anew; when the link is cut both ends of it end, and whoever uses it connects again.
 */
export class DaemonTunnel implements AsyncDisposable {
  readonly socketPath: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #log: Log;
  #address: DaemonAddress;

  private constructor(socketPath: string, address: DaemonAddress, log: Log) {
    this.socketPath = socketPath;
    this.#address = address;
    this.#log = log;
    this.#server = createServer({ pauseOnConnect: true }, (socket) => {
      void this.#lead(socket);
    });
  }

  /** Rejects as connectDaemon where the other side can't be reached now. */
  static async open(socketPath: string, address: DaemonAddress, log: Log): Promise<DaemonTunnel> {
    const tunnel = new DaemonTunnel(socketPath, address, log);
    await tunnel.leadTo(address);
    await listenAt(tunnel.#server, socketPath);
    return tunnel;
  }

  /** Leads elsewhere from now on. Rejects as connectDaemon where that can't be reached. */
  async leadTo(address: DaemonAddress): Promise<void> {
    (await connectDaemon(address)).destroy();
    this.#address = address;
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    rmSync(this.socketPath, { force: true });
  }

  async #lead(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', ignoreError);
    try {
      const far = await connectDaemon(this.#address);
      far.on('error', ignoreError);
      far.once('close', () => socket.destroy());
      socket.once('close', () => far.destroy());
      if (socket.destroyed) {
        far.destroy();
        return;
      }
      socket.pipe(far);
      far.pipe(socket);
    } catch (thrown) {
      const { host, port } = this.#address;
      this.#log.warn('tunnel leads nowhere', { host, port, why: toError(thrown).message });
      socket.destroy();
    }
  }
}

function ignoreError(): void {
  // Its close is what counts.
}
