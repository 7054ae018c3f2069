import type { Readable } from 'node:stream';

/**
 * What a caller sends on a stream, at the reader's pace, until it says no more. Throws the signal's reason once that
 * aborts. (Not the stream's own iterator: when a call fails, that one destroys the stream, and where an answer is still
 * being written then, the caller never learns how its call ended.)
 */
export async function* requestsOf<Request>(
  call: Readable,
  signal: AbortSignal,
): AsyncGenerator<Request, undefined> {
  let ring: () => void = () => undefined;
  const wake = (): void => {
    ring();
  };
  for (const event of ['readable', 'end', 'close']) call.on(event, wake);
  signal.addEventListener('abort', wake);
  try {
    for (;;) {
      signal.throwIfAborted();
      const changed = new Promise<void>((resolve) => {
        ring = resolve;
      });
      const request: unknown = call.read();
      if (request !== null) yield request as Request;
      else if (call.readableEnded || call.destroyed) return;
      else await changed;
    }
  } finally {
    for (const event of ['readable', 'end', 'close']) call.off(event, wake);
    signal.removeEventListener('abort', wake);
  }
}
