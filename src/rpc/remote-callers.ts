import {
  ServerInterceptingCall,
  ServerListenerBuilder,
  type Metadata,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { RunspaceError } from '../core/error';
import { asPrincipal, type Principal } from '../core/ids';
import type { Log } from '../core/log';
import { toServiceError } from '../status/service-error';

/** What a caller over the network shows. */
export interface Shown {
  /** The name in its certificate, which TLS has verified; undefined: it showed none. */
  readonly certificateName: string | undefined;
  readonly token: string | undefined;
  /** Who it says it is; undefined: it leaves that to the proof. */
  readonly userName: string | undefined;
  readonly peer: string;
}

/** Who may come in over the network, and where those who may not are sent. */
export interface Gate {
  /** Who it is. Error: AUTHENTICATION_FAILED. */
  principalOf(shown: Shown): Principal;
  /** The listener's application name. */
  readonly applicationName: string;
  /** Where callers are sent; undefined: they are served here. */
  readonly redirect: string | undefined;
  /** Takes down that a caller was sent elsewhere, or refused. */
  refused(shown: Shown, method: string, error: RunspaceError): void;
}

/** Set by this interceptor alone: what a caller sends under this name is thrown away. */
const principalKey = 'runspaced-principal';

/** Lets no call in before it is known whose it is, reflection and streams included; health says nothing about anybody. */
export function admitRemote(gate: Gate, log: Log): ServerInterceptor {
  return (method, call) => {
    let isRefused = false;
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        metadata.remove(principalKey);
        if (isHealth(method.path)) {
          next(metadata);
          return;
        }
        const shown = shownBy(metadata, call);
        try {
          metadata.set(principalKey, admitted(gate, metadata, shown));
        } catch (thrown) {
          isRefused = true;
          if (thrown instanceof RunspaceError) gate.refused(shown, method.path, thrown);
          call.sendStatus(toServiceError(thrown, log));
          return;
        }
        next(metadata);
      })
      .withOnReceiveMessage((message, next) => {
        if (!isRefused) next(message);
      })
      .withOnReceiveHalfClose((next) => {
        if (!isRefused) next();
      })
      .build();
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next(listener);
      },
    });
  };
}

/** Whose call it is that admitRemote has let in. */
export function remotePrincipal(metadata: Metadata): Principal {
  const [name] = metadata.get(principalKey);
  if (typeof name === 'string' && name !== '') return asPrincipal(name);
  throw new Error('a call from the network that nobody has let in');
}

function admitted(gate: Gate, metadata: Metadata, shown: Shown): Principal {
  checkApplication(gate, textOf(metadata, 'runspace-application'));
  if (gate.redirect !== undefined)
    throw new RunspaceError('REDIRECTED', `this daemon sends its callers to ${gate.redirect}`, {
      facts: { location: gate.redirect },
    });
  return gate.principalOf(shown);
}

function checkApplication({ applicationName }: Gate, wanted: string | undefined): void {
  const name = wanted?.replace(/^\/+/, '');
  if (name === undefined || name.toLowerCase() === applicationName.toLowerCase()) return;
  throw new RunspaceError(
    'APPLICATION_NOT_FOUND',
    `there is no application /${name} here; the one of this listener is /${applicationName}`,
    { facts: { application: name } },
  );
}

function shownBy(metadata: Metadata, call: Parameters<ServerInterceptor>[1]): Shown {
  const certificate = call.getAuthContext().sslPeerCertificate;
  const [, token] = /^Bearer (.+)$/i.exec(textOf(metadata, 'authorization') ?? '') ?? [];
  return {
    certificateName: certificate === undefined ? undefined : nameIn(certificate.subject.CN),
    token,
    userName: textOf(metadata, 'runspace-user'),
    peer: call.getPeer(),
  };
}

/** More than one name is none. */
function nameIn(name: unknown): string | undefined {
  return typeof name === 'string' && name !== '' ? name : undefined;
}

function textOf(metadata: Metadata, name: string): string | undefined {
  const [text] = metadata.get(name);
  return typeof text === 'string' && text !== '' ? text : undefined;
}

function isHealth(path: string): boolean {
  return path.startsWith('/grpc.health.v1.Health/');
}
