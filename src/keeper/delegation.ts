import { createServer } from 'node:net';
import { rmSync } from 'node:fs';
import { listenAt } from '../transport/listen-at';
import type { OpenEngine } from './runspace';

/** Tells commands of a session where they are told the token that its caller lets them show onward. */
const delegationVariable = 'RUNSPACED_DELEGATION';

/** What is delegated, and where it is told. */
interface Delegation {
  readonly token: string;
  /** A socket of this user's alone. */
  readonly socketPath: string;
}

/** Engines whose commands may show a token of the caller's onward, for as long as they live. */
export function delegating(open: OpenEngine, { token, socketPath }: Delegation): OpenEngine {
  return async (options) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined); // Whoever asked has gone.
      socket.end(`${token}\n`);
    });
    await listenAt(server, socketPath);
    server.on('error', () => undefined); // Who asks next is told that nobody listens.
    const end = (): void => {
      server.close();
      rmSync(socketPath, { force: true });
    };
    try {
      const environment = { ...options.environment, [delegationVariable]: socketPath };
      const engine = await open({ ...options, environment });
      void engine.ended.then(end);
      return engine;
    } catch (thrown) {
      end();
      throw thrown;
    }
  };
}
