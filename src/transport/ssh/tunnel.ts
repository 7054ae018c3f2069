import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../core/clock';
import { RunspaceError, toError } from '../../core/error';
import type { Log } from '../../core/log';
import { goneWith } from '../gone-with';
import { listenAt } from '../listen-at';
import { reach } from '../reach';
import type { OpenChannel, SshConnections, SshPlace } from './connections';
import { findDaemon, type FarDaemon } from './far-daemon';
import { Memory } from './memory';

/** What a tunnel is between. */
export interface TunnelParts {
  readonly connections: SshConnections;
  readonly place: SshPlace;
  /** The socket on this side. */
  readonly socketPath: string;
  /** Attempts to reach the other side again, each time that somebody wants to. */
  readonly mostAttempts: number;
  /** Whether it is the one on this side: a session that leads back would be there twice. */
  readonly isOwn: (daemon: FarDaemon) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * A socket on this side that leads to the daemon at the other side. Each connection to it is a channel of its own over
 * the shared ssh connection, which is made anew whenever it is gone and somebody comes: so the tunnel lives on when the
 * link is cut, and whoever uses it connects again. The daemon there is looked for anew too, since its machine may have
 * been started anew.
 */
export class SshTunnel implements AsyncDisposable {
  readonly #parts: TunnelParts;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #ended = new AbortController();
  #daemon: FarDaemon;

  private constructor(parts: TunnelParts, daemon: FarDaemon) {
    this.#parts = parts;
    this.#daemon = daemon;
    this.#server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      void this.#lead(socket);
    });
  }

  /**
   * A tunnel to the daemon of a place; undefined where there is none, or the server there forwards nothing. Rejects as
   * SshConnections.open, and with SOCKET_PATH_TOO_LONG.
   */
  static async open(parts: TunnelParts): Promise<SshTunnel | undefined> {
    const { connections, socketPath } = parts;
    const place = { ...parts.place, memory: new Memory() };
    const daemon = await findDaemon(connections, place);
    if (daemon === undefined || parts.isOwn(daemon)) return undefined;
    // Who is asked now may not be there later: what was answered is remembered, and nobody is asked again.
    const tunnel = new SshTunnel({ ...parts, place: { ...place, ask: undefined } }, daemon);
    try {
      const { channel } = await tunnel.#channel();
      channel.destroy();
    } catch (thrown) {
      place.warn(
        `there is a daemon at ${place.target.host}, and its sshd leads nobody to it: ${toError(thrown).message}; ` +
          'see AllowStreamLocalForwarding in its sshd_config. The session runs without it, and ends with its connection',
      );
      return undefined;
    }
    await listenAt(tunnel.#server, socketPath);
    return tunnel;
  }

  get socketPath(): string {
    return this.#parts.socketPath;
  }

  /** The daemon there knows the caller by the user that it is reached as. */
  readonly authorization = '';

  /** The version of the daemon there. */
  get version(): string {
    return this.#daemon.version;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    rmSync(this.#parts.socketPath, { force: true });
  }

  async #lead(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', ignoreError);
    try {
      const { channel, lost } = await this.#reached(socket);
      channel.on('error', ignoreError);
      channel.once('close', () => socket.destroy());
      socket.once('close', () => channel.destroy());
      void lost.then(() => socket.destroy());
      if (socket.destroyed) channel.destroy();
      else {
        socket.pipe(channel);
        channel.pipe(socket);
        socket.resume();
      }
    } catch (thrown) {
      this.#parts.log.warn('tunnel leads nowhere', {
        host: this.#parts.place.target.host,
        why: toError(thrown).message,
      });
      socket.destroy();
    }
  }

  /** A channel to the daemon there, tried for until it is there, refused for good, or whoever wants it has gone. */
  #reached(socket: Socket): Promise<OpenChannel> {
    const { mostAttempts, clock, log, place } = this.#parts;
    return reach((attempt) => (attempt === 1 ? this.#channel() : this.#channelAnew()), {
      most: mostAttempts,
      clock,
      signal: AbortSignal.any([this.#ended.signal, goneWith(socket)]),
      isPassing: (thrown) => !isHopeless(thrown),
      failed: (attempt, { message: why }) =>
        log.info('tunnel is tried again', { host: place.target.host, attempt, why }),
    });
  }

  /** The daemon there may have ended: it is started. */
  async #channelAnew(): Promise<OpenChannel> {
    const { connections, place } = this.#parts;
    const daemon = await findDaemon(connections, place);
    if (daemon !== undefined) this.#daemon = daemon;
    return this.#channel();
  }

  #channel(): Promise<OpenChannel> {
    const { connections, place } = this.#parts;
    return connections.open(place, (client, done) => {
      client.openssh_forwardOutStreamLocal(this.#daemon.socketPath, done);
    });
  }
}

/** What another attempt would not change; a person must do something. */
function isHopeless(thrown: unknown): boolean {
  return (
    thrown instanceof RunspaceError &&
    ['AUTHENTICATION_FAILED', 'HOST_KEY_CHANGED', 'HOST_KEY_REVOKED', 'HOST_KEY_UNKNOWN'].includes(
      thrown.code,
    )
  );
}

function ignoreError(): void {
  // Its close is what counts.
}
