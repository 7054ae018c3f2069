import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type RunspaceClient, type Session } from '../../clients/typescript';
import { eventually, Unfulfilled } from '../e2e/support/eventually';
import { processesWith, signal } from '../e2e/support/processes';
import { distFolder } from '../e2e/support/machine';
import { describeWith } from '../support/requirements';
import { temporaryFolder } from '../support/temporary-folder';
import { valuesOf } from './support/served';

const disk = 12 * 1024 * 1024;

/** A daemon whose state folder is a small disk of its own. */
class SmallDisk implements AsyncDisposable {
  readonly client: RunspaceClient;
  readonly #folder = temporaryFolder();
  readonly #runtime: string;
  readonly #daemon: ChildProcess;

  constructor() {
    const home = join(this.#folder.path, 'home');
    this.#runtime = join(this.#folder.path, 'run');
    mkdirSync(home, { mode: 0o700 });
    mkdirSync(this.#runtime, { mode: 0o700 });
    const environment = {
      PATH: process.env['PATH'] ?? '',
      HOME: this.#folder.path,
      XDG_RUNTIME_DIR: this.#runtime,
      RUNSPACED_HOME: home,
    };
    const script = `mount -t tmpfs -o size=${String(disk)},mode=700 tmpfs "$1" && exec "$2" "$3"`;
    const command = [
      '-Urm',
      'sh',
      '-c',
      script,
      'sh',
      home,
      process.execPath,
      join(distFolder, 'bin', 'runspaced'),
    ];
    this.#daemon = spawn('unshare', command, { env: environment, stdio: 'ignore' });
    this.client = connect({ environment, connectTimeoutMs: 30_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    this.#daemon.kill('SIGKILL');
    if (this.#daemon.exitCode === null && this.#daemon.signalCode === null) await once(this.#daemon, 'exit');
    await eventually('all processes on the small disk end', () => {
      const left = processesWith(`XDG_RUNTIME_DIR=${this.#runtime}`);
      for (const { pid } of left) signal(pid, 'SIGKILL');
      return left.length === 0 ? true : new Unfulfilled(left);
    });
    this.#folder[Symbol.dispose]();
  }
}

/** How a command ended: `completed`, or its reason. */
async function endOf(session: Session, script: string): Promise<string> {
  for await (const record of session.invoke(script).records())
    if (record.stream === 'final') return record.problem?.reason ?? 'completed';
  return 'no final record';
}

describeWith('mounts', 'a full disk', () => {
  test('ends the command that fills it with JOURNAL_FULL, harms no other session, and is no more when space is freed', async () => {
    await using small = new SmallDisk();
    const { client } = small;
    const greedy = await client.sessions.create({ name: 'greedy', engine: 'javascript' });
    const other = await client.sessions.create({ name: 'other', engine: 'javascript' });
    await valuesOf(other, 'let kept = 41');
    const end = await endOf(
      greedy,
      `const text = 'x'.repeat(64 * 1024); for (let i = 0; i < 1000; i++) { console.log(text); if (i % 8 === 0) await new Promise(setImmediate); }`,
    );
    const states = (await client.sessions.list()).map(({ name, state }) => `${name} ${state}`);
    await greedy.remove();
    const kept = await valuesOf(other, 'kept + 1');
    const fresh = await client.sessions.create({ name: 'fresh', engine: 'javascript' });
    expect(end).toBe('JOURNAL_FULL');
    expect(states).toEqual(['greedy SESSION_STATE_DISCONNECTED', 'other SESSION_STATE_DISCONNECTED']);
    expect([kept, await valuesOf(fresh, '1')]).toEqual([[42], [1]]);
  }, 120_000);

  test('refuses new sessions and commands with a typed error, and takes them when space is freed', async () => {
    await using small = new SmallDisk();
    const { client } = small;
    const session = await client.sessions.create({ name: 'work', engine: 'javascript' });
    const { stateFolder } = await client.daemon.status();
    const ballast = JSON.stringify(join(stateFolder, 'daemon.ballast'));
    await valuesOf(
      session,
      `let kept = 42; const fs = require('node:fs'); try { for (;;) fs.appendFileSync(${ballast}, Buffer.alloc(4096)); } catch {}
       setTimeout(() => fs.rmSync(${ballast}), 4000).unref(); undefined`,
    ).catch(() => undefined); // Its last record may have found no room.
    const refused = await Promise.all([
      client.sessions.create({ engine: 'javascript' }).catch(reasonOf),
      session.start('1').catch(reasonOf),
    ]);
    const kept = await eventually('there is room again', async () => {
      const values = await valuesOf(session, 'kept').catch(reasonOf);
      return Array.isArray(values) ? values : new Unfulfilled(values);
    });
    for (const reason of refused)
      expect(['JOURNAL_FULL', 'STATE_FOLDER_UNUSABLE', 'KEEPER_START_FAILED']).toContain(reason);
    expect(kept).toEqual([42]);
    expect((await client.sessions.create({ engine: 'javascript' })).info.name).toMatch(/^Runspace/);
  }, 120_000);
});

function reasonOf(error: unknown): string {
  return error instanceof Error && 'reason' in error ? String(error.reason) : String(error);
}
