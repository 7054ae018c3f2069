import type { RunspaceClient, Session } from '../../../clients/typescript';
import { systemClock } from '../../../src/core/clock';
import {
  startInProcessDaemon,
  type DaemonChoices,
  type InProcessDaemon,
} from '../../support/in-process-daemon';
import { Calls } from './calls';

/** What the tests of one file work with: a daemon of theirs, and a session that nothing they do may harm. */
export interface Served {
  readonly daemon: InProcessDaemon;
  /** Plain stubs. */
  readonly calls: Calls;
  readonly client: RunspaceClient;
  /** A new JavaScript session. */
  session(name?: string): Promise<Session>;
}

/**
 * Starts a daemon for all tests of a file. After each of them a session that was opened before the first one must
 * still have its variable and run commands.
 */
export function serve(choices: DaemonChoices = {}): Served {
  let daemon: InProcessDaemon | undefined;
  let calls: Calls | undefined;
  let client: RunspaceClient | undefined;
  const started = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('the daemon is not started yet');
    return part;
  };

  beforeAll(async () => {
    daemon = await startInProcessDaemon(systemClock, choices);
    calls = new Calls(daemon.socketPath);
    client = daemon.client('tests');
    const witness = await client.sessions.create({ name: 'witness', engine: 'javascript' });
    await valuesOf(witness, 'let kept = 41');
  }, 60_000);

  afterEach(async () => {
    const witness = await started(client).sessions.get('witness');
    expect(await valuesOf(witness, 'kept + 1')).toEqual([42]);
  });

  afterAll(async () => {
    calls?.[Symbol.dispose]();
    await daemon?.[Symbol.asyncDispose]();
  }, 60_000);

  return {
    get daemon() {
      return started(daemon);
    },
    get calls() {
      return started(calls);
    },
    get client() {
      return started(client);
    },
    session: (name) =>
      started(client).sessions.create({ engine: 'javascript', ...(name === undefined ? {} : { name }) }),
  };
}

/** A command's output as natural values. */
export async function valuesOf(session: Session, script: string): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of session.invoke(script).values()) values.push(value);
  return values;
}
