import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { RunspaceError, toError } from '../core/error';
import type { Log } from '../core/log';
import type { Metrics } from '../metrics/metrics';
import { tlsContextOf, type ListenerCertificates } from '../rpc/tls-listener';
import type { Gate } from '../rpc/remote-callers';
import { listenAt } from '../transport/listen-at';
import type { ListenAddress } from './listener-config';

/** A server that answers `GET /metrics`. */
export interface MetricsServer {
  readonly address: string;
  close(): void;
}

/** For this user alone, at a socket in the runtime folder. */
export async function serveMetricsHere(metrics: Metrics, socketPath: string): Promise<MetricsServer> {
  const server = createHttpServer(answering(metrics, () => undefined));
  await listenAt(server, socketPath);
  return { address: socketPath, close: closing(server) };
}

/**
 * For a collector on another machine: by TLS, and only for callers whom the daemon knows, by certificate or by token
 * (`Authorization: Bearer …`). Error: ADDRESS_IN_USE.
 */
export async function serveMetrics(
  metrics: Metrics,
  about: {
    readonly address: ListenAddress;
    readonly certificates: () => ListenerCertificates | undefined;
    readonly gate: Gate;
    readonly log: Log;
  },
): Promise<MetricsServer> {
  const { address, certificates, gate, log } = about;
  const first = certificates();
  if (first === undefined) throw new Error('a listener without certificates');
  const server = createHttpsServer(
    { ...tlsContextOf(first), requestCert: first.authority !== undefined, rejectUnauthorized: false },
    answering(metrics, (request) => {
      const { socket } = request;
      const isKnown = socket instanceof TLSSocket && socket.authorized;
      const name: unknown = isKnown ? socket.getPeerCertificate().subject.CN : undefined;
      const [, token] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
      const shown = {
        certificateName: typeof name === 'string' ? name : undefined,
        token,
        userName: undefined,
        peer: socket.remoteAddress ?? '',
      };
      try {
        gate.principalOf(shown);
        return undefined;
      } catch (error) {
        if (!(error instanceof RunspaceError)) throw error;
        gate.refused(shown, '/metrics', error);
        return error;
      }
    }),
  );
  server.prependListener('connection', () => {
    try {
      const changed = certificates();
      if (changed !== undefined) server.setSecureContext(tlsContextOf(changed));
    } catch (error) {
      log.error('certificates not read anew', error);
    }
  });
  server.on('tlsClientError', (error) => {
    log.info('no TLS with a collector', { why: error.message });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const shown = `${address.host}:${String(address.port)}`;
      const message = `can't serve metrics at ${shown}: ${error.message}`;
      reject(new RunspaceError('ADDRESS_IN_USE', message, { facts: { address: shown }, cause: error }));
    });
    server.listen(address.port, address.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { address: `${address.host}:${String(port)}`, close: closing(server) };
}

/** `refusal` says why a caller gets nothing; undefined: it may look. */
function answering(
  metrics: Metrics,
  refusal: (request: Parameters<RequestListener>[0]) => RunspaceError | undefined,
): RequestListener {
  return (request, response) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type }).end(request.method === 'HEAD' ? '' : text);
    };
    const refused = refusal(request);
    if (refused !== undefined) {
      response.setHeader('www-authenticate', 'Bearer');
      answer(401, `${refused.message}\n`);
      return;
    }
    if (request.url?.split('?')[0] !== '/metrics') {
      answer(404, 'there is /metrics, and nothing else\n');
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      answer(405, 'metrics are only read\n');
      return;
    }
    metrics.text().then(
      (text) => {
        answer(200, text, metrics.contentType);
      },
      (error: unknown) => {
        answer(500, `${toError(error).message}\n`);
      },
    );
  };
}

function closing(server: Pick<Server, 'close' | 'closeAllConnections'>): () => void {
  return () => {
    server.close();
    server.closeAllConnections();
  };
}
