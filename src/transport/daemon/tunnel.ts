import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../core/clock';
import { toError } from '../../core/error';
import type { Log } from '../../core/log';
import { goneWith } from '../gone-with';
import { listenAt } from '../listen-at';
import { isOutOfReach } from '../out-of-reach';
import { reach } from '../reach';
import { connectDaemon, type DaemonAddress } from './connect';

/** What a tunnel needs beside the address that it leads to. */
export interface DaemonTunnelParts {
  /** The socket on this side. */
  readonly socketPath: string;
  /** Attempts to reach the other side again, each time that somebody wants to. */
  readonly mostAttempts: number;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * A socket on this side that leads to another daemon over TLS. Each connection to it is one to the other side, checked
 * anew; when the link is cut both ends of it end, and whoever uses it connects again.
 */
export class DaemonTunnel implements AsyncDisposable {
  readonly socketPath: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #ended = new AbortController();
  readonly #parts: DaemonTunnelParts;
  #address: DaemonAddress;

  private constructor(parts: DaemonTunnelParts, address: DaemonAddress) {
    this.socketPath = parts.socketPath;
    this.#parts = parts;
    this.#address = address;
    this.#server = createServer({ pauseOnConnect: true }, (socket) => {
      void this.#lead(socket);
    });
  }

  /** Rejects as connectDaemon where the other side can't be reached now. */
  static async open(parts: DaemonTunnelParts, address: DaemonAddress): Promise<DaemonTunnel> {
    const tunnel = new DaemonTunnel(parts, address);
    await tunnel.leadTo(address);
    await listenAt(tunnel.#server, parts.socketPath);
    return tunnel;
  }

  /** Leads elsewhere from now on. Rejects as connectDaemon where that can't be reached. */
  async leadTo(address: DaemonAddress): Promise<void> {
    (await connectDaemon(address)).destroy();
    this.#address = address;
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
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
      const far = await this.#reached(socket);
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
      this.#parts.log.warn('tunnel leads nowhere', { host, port, why: toError(thrown).message });
      socket.destroy();
    }
  }

  #reached(socket: Socket): Promise<TLSSocket> {
    const { mostAttempts, clock, log } = this.#parts;
    return reach(() => connectDaemon(this.#address), {
      most: mostAttempts,
      clock,
      signal: AbortSignal.any([this.#ended.signal, goneWith(socket)]),
      isPassing: isOutOfReach,
      failed: (attempt, { message: why }) =>
        log.info('tunnel is tried again', { host: this.#address.host, attempt, why }),
    });
  }
}

function ignoreError(): void {
  // Its close is what counts.
}
