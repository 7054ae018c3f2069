import { connect, type Socket } from 'node:net';
import type { Address, UnixAddress } from '../address';
import { RunspaceError } from '../error';
import type { Caller, Dialled } from './caller';
import { isUnreachable, unreachable } from './unreachable';

/** A connected socket; DAEMON_UNREACHABLE or ACCESS_DENIED where there is none to be had, over TLS also NOT_TLS and CERTIFICATE_…. */
export async function dial(address: Address, caller: Caller): Promise<Dialled> {
  switch (address.is) {
    case 'unix':
      return { socket: await dialSocket(address), headers: {} };
    case 'tls': {
      const { dialTls } = await import('./tls'); // Hardly anybody needs it, and all would wait for it.
      return await dialTls(address, caller);
    }
  }
}

/** Whether someone listens at the socket now. */
export async function isListening(address: UnixAddress): Promise<boolean> {
  try {
    (await dialSocket(address)).destroy();
    return true;
  } catch (error) {
    if (isUnreachable(error)) return false;
    throw error;
  }
}

function dialSocket(address: UnixAddress): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: address.path });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      reject(fromDialError(address, error));
    });
    socket.once('connect', () => {
      socket.on('error', () => undefined); // From here on its loss shows in the calls on it.
      resolve(socket);
    });
  });
}

function fromDialError(address: UnixAddress, cause: NodeJS.ErrnoException): RunspaceError {
  const metadata = { address: address.text };
  if (cause.code === 'EACCES' || cause.code === 'EPERM') {
    const message = `${address.text} belongs to another user: only its owner may connect`;
    return new RunspaceError('ACCESS_DENIED', message, { grpcCode: 'PERMISSION_DENIED', metadata, cause });
  }
  const message = `no daemon listens at ${address.text} (${cause.code ?? cause.message}); start one with: runspaced`;
  return unreachable(message, { metadata, cause });
}
