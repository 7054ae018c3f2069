import type { AddressInfo } from 'node:net';
import { createSecureContext, createServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import { ServerCredentials, type Server } from '@grpc/grpc-js';
import { RunspaceError, toError } from '../core/error';
import type { Log } from '../core/log';

/** What a listener shows, and whom it trusts. All PEM. */
export interface ListenerCertificates {
  readonly certificate: string;
  readonly key: string;
  /** Whose certificates callers may show; undefined: they show tokens only. */
  readonly authority: string | undefined;
  /** What is revoked; undefined: there is no list. */
  readonly revoked: string | undefined;
}

/** A listener for callers of other machines. */
export interface TlsListener {
  readonly address: string;
  close(): void;
}

interface ListenerParts {
  readonly server: Server;
  readonly host: string;
  readonly port: number;
  /** The certificates now; asked for before each connection. undefined: as before. */
  readonly certificates: () => ListenerCertificates | undefined;
  readonly log: Log;
}

const mostConnections = 1_000;
const handshakeWithinMs = 10_000;

/**
 * Takes connections over TLS 1.2 or later, and hands them to the gRPC server. A certificate that is not trusted counts as
 * none: its caller is told so by an answer. Errors: ADDRESS_IN_USE, CONFIGURATION_INVALID.
 */
export async function listenTls(parts: ListenerParts): Promise<TlsListener> {
  const first = parts.certificates();
  if (first === undefined) throw new Error('a listener without certificates');
  const tls = tlsServer(parts, first);
  await new Promise<void>((resolve, reject) => {
    tls.once('error', (error: Error) => {
      reject(inUse(parts, error));
    });
    tls.listen(parts.port, parts.host, resolve);
  });
  const { port } = tls.address() as AddressInfo;
  return { address: `${parts.host}:${String(port)}`, close: () => void tls.close() };
}

function tlsServer({ server, certificates, log }: ListenerParts, first: ListenerCertificates): TlsServer {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const tls = createServer({
    ...tlsContextOf(first),
    requestCert: first.authority !== undefined,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
    handshakeTimeout: handshakeWithinMs,
  });
  tls.maxConnections = mostConnections;
  tls.prependListener('connection', () => {
    try {
      const changed = certificates();
      if (changed !== undefined) tls.setSecureContext(tlsContextOf(changed));
    } catch (error) {
      log.error('certificates not read anew', error);
    }
  });
  tls.on('tlsClientError', (error, socket) => {
    log.info('no TLS with a caller', { peer: socket.remoteAddress ?? '', why: error.message });
  });
  tls.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', (error: Error) => {
      log.debug('connection of a caller failed', { why: error.message });
    });
    if (socket.alpnProtocol === 'h2') injector.injectConnection(socket);
    else socket.destroy();
  });
  return tls;
}

/** The options of TLS with these. Error: CONFIGURATION_INVALID for what is no certificate, or a key of another. */
export function tlsContextOf({ certificate, key, authority, revoked }: ListenerCertificates) {
  const options = {
    cert: certificate,
    key,
    minVersion: 'TLSv1.2' as const,
    ...(authority === undefined ? {} : { ca: authority }),
    ...(authority === undefined || revoked === undefined ? {} : { crl: revoked }),
  };
  try {
    createSecureContext(options);
  } catch (error) {
    const why = toError(error).message;
    throw new RunspaceError('CONFIGURATION_INVALID', `the listener's certificates can't be used: ${why}`, {
      cause: error,
    });
  }
  return options;
}

function inUse({ host, port }: ListenerParts, error: Error): RunspaceError {
  const address = `${host}:${String(port)}`;
  return new RunspaceError('ADDRESS_IN_USE', `can't listen on ${address}: ${error.message}`, {
    facts: { address },
    cause: error,
  });
}
