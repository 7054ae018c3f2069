import { chmodSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';

/** Listens at a socket path, which only the owner may use; what a process that died left there gives way. */
export async function listenAt(server: Server, socketPath: string): Promise<void> {
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
}
