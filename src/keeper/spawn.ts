import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { RunspaceError } from '../core/error';
import { makeOneFolder } from '../store/folder';
import { replaceJson } from '../store/json-file';
import type { StateLayout } from '../store/state-layout';
import type { StoredKeeper } from './stored-keeper';

/** What a keeper is started with. */
export interface KeeperSpec {
  readonly layout: StateLayout;
  readonly keeper: StoredKeeper;
  /** The built keeper program, dist/lib/keeper.js. */
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** The line by which a keeper says that it listens. */
export const readyLine = 'ready\n';

const readyWithinMs = 20_000;
const shownLogChars = 2_000;

/**
 * Starts a keeper that outlives this process: in a session of its own, with nothing of ours but its log. Its intent,
 * keeper.json, is on disk before. Resolves when it listens. Error: KEEPER_START_FAILED with its last words.
 *
 * Where a daemon can die meanwhile: before the spawn, keeper.json names a keeper that nobody can reach, and the next
 * daemon clears it away; after the spawn, the keeper finds no session, and leaves by itself.
 */
export async function spawnKeeper(spec: KeeperSpec): Promise<void> {
  const { layout, keeper, entry, environment } = spec;
  makeOneFolder(layout.keeperFolder(keeper.id));
  await replaceJson(layout.keeperFile(keeper.id), keeper, 'crash');
  const log = openSync(layout.keeperLog(keeper.id), 'a', 0o600);
  try {
    const child = spawn(process.execPath, [entry, layout.root, keeper.id], {
      cwd: layout.root,
      detached: true,
      // Syncing waits for the disk: the files of many sessions should wait together, not for each other.
      env: { UV_THREADPOOL_SIZE: '16', ...environment },
      stdio: ['ignore', 'pipe', log],
    });
    await listening(child, spec);
    child.stdout?.destroy();
    child.unref();
  } finally {
    closeSync(log);
  }
}

function listening(child: ChildProcess, { layout, keeper }: KeeperSpec): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => {
      settle();
      child.kill('SIGKILL');
      reject(startFailed(what, lastWords(layout.keeperLog(keeper.id))));
    };
    const timer = setTimeout(() => {
      fail(`did not listen within ${String(readyWithinMs / 1_000)} s`);
    }, readyWithinMs);
    const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
      fail(`ended at once (${signal ?? `exit code ${String(code)}`})`);
    };
    const onError = (error: Error): void => {
      fail(`could not be started: ${error.message}`);
    };
    const settle = (): void => {
      clearTimeout(timer);
      child.off('exit', onExit).off('error', onError);
    };
    child.once('exit', onExit).once('error', onError);
    // Nothing but the one line comes on this pipe.
    child.stdout?.once('data', () => {
      settle();
      resolve();
    });
  });
}

function startFailed(what: string, words: string): RunspaceError {
  return new RunspaceError(
    'KEEPER_START_FAILED',
    `a keeper ${what}; its log ends with: ${words === '' ? '(nothing)' : words}`,
  );
}

function lastWords(logPath: string): string {
  return readFileSync(logPath, 'utf8').slice(-shownLogChars).trim();
}
