import { readFileSync } from 'node:fs';
import { RunspaceError } from '../core/error';
import type { ProcessUser } from '../transport/transport';
import type { OpenEngine } from './runspace';

/**
 * Opens engines that must run as this user, and makes sure that they do: one that runs with more rights than it was
 * meant to have is ended at once. Error: ENGINE_START_FAILED.
 */
export function runningAs(user: ProcessUser | undefined, open: OpenEngine): OpenEngine {
  if (user === undefined) return open;
  return async (options) => {
    const engine = await open(options);
    const owner = ownerOf(engine.info.processId);
    if (owner === user.uid) return engine;
    await engine[Symbol.asyncDispose]();
    throw new RunspaceError(
      'ENGINE_START_FAILED',
      `the engine should run as user ${String(user.uid)}, and ran as ${owner === undefined ? 'nobody knows whom' : String(owner)}: it was ended`,
    );
  };
}

/** Whose the process is; undefined where that can't be known. */
function ownerOf(processId: number | undefined): number | undefined {
  if (processId === undefined) return undefined;
  try {
    const status = readFileSync(`/proc/${String(processId)}/status`, 'latin1');
    const [, real, effective] = /^Uid:\s+(\d+)\s+(\d+)/m.exec(status) ?? [];
    return real !== undefined && real === effective ? Number(real) : undefined;
  } catch {
    return undefined; // It has just ended, or this system has no /proc.
  }
}
