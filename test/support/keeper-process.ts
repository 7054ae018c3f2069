import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { asKeeperId, asPrincipal, asSessionId, type KeeperId, type SessionId } from '../../src/core/ids';
import type { AdoptSessionRequest } from '../../src/gen/runspace/keeper/v1/keeper';
import { RunspaceState } from '../../src/gen/runspace/v1/session';
import { connectKeeper, type KeeperClient } from '../../src/keeper/client';
import { spawnKeeper } from '../../src/keeper/spawn';
import type { StoredKeeper } from '../../src/keeper/stored-keeper';
import { makeFolder } from '../../src/store/folder';
import { StateLayout } from '../../src/store/state-layout';
import { bashSources } from './bash-engine';
import { bundledRunner } from './script-engine';
import { temporaryFolder } from './temporary-folder';
import { plainOpening } from './plain-opening';

let built: string | undefined;

/** The keeper program, built as the product's is, once for each test file. */
function keeperProgram(): string {
  if (built !== undefined) return built;
  const folder = mkdtempSync(join(tmpdir(), 'keeper-program-'));
  const outfile = join(folder, 'keeper.js');
  buildSync({
    entryPoints: [join(__dirname, '../../src/keeper/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    // Native parts of ssh2, which it does without.
    external: ['cpu-features', '*.node'],
    target: 'node20',
    format: 'cjs',
    logLevel: 'error',
  });
  writeFileSync(join(folder, 'javascript-runner.js'), bundledRunner('javascript'));
  writeFileSync(join(folder, 'python-runner.py'), bundledRunner('python'));
  writeFileSync(join(folder, 'bash-runner.sh'), bashSources.runner);
  writeFileSync(join(folder, 'bash-interpreter.sh'), bashSources.interpreter);
  built = outfile;
  return outfile;
}

/** A keeper process and a connection to it. */
export interface RunningKeeper {
  readonly stored: StoredKeeper;
  readonly client: KeeperClient;
  readonly pid: number;
}

/** A state folder in which real keeper processes are started; disposing kills those that still run. */
export class KeeperProcesses implements AsyncDisposable {
  readonly layout: StateLayout;
  readonly #folder = temporaryFolder();
  readonly #running: RunningKeeper[] = [];

  constructor() {
    this.layout = new StateLayout(this.#folder.path);
    makeFolder(this.layout.keepersFolder);
  }

  /** Starts a keeper. */
  async spawn(): Promise<RunningKeeper> {
    const id = asKeeperId(randomUUID());
    const stored: StoredKeeper = {
      id,
      owner: asPrincipal('local:0'),
      user: '',
      nonce: randomUUID(),
      socketPath: join(this.#folder.path, `${id.slice(0, 8)}.sock`),
      version: '0.0.0',
    };
    const environment = { PATH: process.env['PATH'] ?? '' };
    await spawnKeeper({ layout: this.layout, keeper: stored, entry: keeperProgram(), environment });
    const client = await this.connect(stored);
    const running = { stored, client, pid: Number(client.hello.pid) };
    this.#running.push(running);
    return running;
  }

  /** Another connection to a keeper. */
  connect({ socketPath, nonce, id }: StoredKeeper): Promise<KeeperClient> {
    return connectKeeper({ socketPath, nonce, keeperId: id }, AbortSignal.timeout(10_000));
  }

  /** Opens a JavaScript session and waits until it is open. */
  async open({ client }: RunningKeeper): Promise<SessionId> {
    const session = asSessionId(randomUUID());
    makeFolder(this.layout.sessionFolder(session));
    await client.openSession({
      sessionId: session,
      sessionName: 'work',
      target: 'localhost',
      engine: 'javascript',
      program: '',
      environment: { PATH: process.env['PATH'] ?? '' },
      workingDirectory: this.layout.root,
      options: undefined,
      ...plainOpening,
    });
    for await (const { event } of client.watch(AbortSignal.timeout(20_000))) {
      if (event?.$case !== 'session' || event.value.sessionId !== session) continue;
      if (event.value.runspaceState === RunspaceState.RUNSPACE_STATE_OPENED) break;
    }
    return session;
  }

  /** Kills it as nothing else can, and waits until that is noticed. */
  async kill({ pid, client }: RunningKeeper): Promise<void> {
    process.kill(pid, 'SIGKILL');
    await client.lost;
  }

  /** The end of a keeper's log. */
  log(id: KeeperId): string {
    return readFileSync(this.layout.keeperLog(id), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, pid } of this.#running) {
      await client.shutdown({ endSessions: true }).catch(() => undefined);
      client.close();
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It is gone already.
      }
    }
    this.#folder[Symbol.dispose]();
  }
}

/** Asks a keeper to take a session over from a dead one. */
export function adoption(session: SessionId, former: KeeperId): AdoptSessionRequest {
  return {
    sessionId: session,
    sessionName: 'work',
    target: 'localhost',
    formerKeeperId: former,
    options: undefined,
    problem: { reason: 'KEEPER_LOST', message: 'the keeper died', metadata: {} },
  };
}
