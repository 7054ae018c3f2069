import type { Socket } from 'node:net';

/** Aborts when the socket is closed. */
export function goneWith(socket: Socket): AbortSignal {
  const gone = new AbortController();
  if (socket.destroyed) gone.abort();
  else socket.once('close', () => gone.abort());
  return gone.signal;
}
