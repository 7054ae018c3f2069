import type { GapReason } from './item';

/** How much output one session may leave on disk. */
export interface QuotaLimits {
  /** Bytes of all the session's pipelines that are not acknowledged. Default: 1 GiB. */
  readonly unreadBytes: number;
  /** Acknowledged bytes that stay of one pipeline. Default: 64 MiB. */
  readonly keptPipelineBytes: number;
  /** Acknowledged bytes that stay of all pipelines. Default: 1 GiB. */
  readonly keptSessionBytes: number;
  /** How long a finished pipeline's output stays at all, in milliseconds. Default: 7 days. */
  readonly keptMs: number;
}

/** The limits where a configuration doesn't say otherwise. */
export const defaultQuotaLimits: QuotaLimits = {
  unreadBytes: 1024 ** 3,
  keptPipelineBytes: 64 * 1024 ** 2,
  keptSessionBytes: 1024 ** 3,
  keptMs: 7 * 24 * 3600 * 1000,
};

/** What the policy looks at: one pipeline's journal. */
export interface PipelineUsage {
  readonly id: string;
  /** `Journal.bytes`. */
  readonly bytes: number;
  /** `Journal.unreadBytes`. */
  readonly unreadBytes: number;
  /** Wall-clock time in milliseconds; undefined while it runs. */
  readonly finishedAtMs: number | undefined;
}

/** Space to free: `journal.free({ upTo: journal[free.upTo], bytes: free.bytes, reason: free.reason })`. */
export interface FreeSpace {
  readonly id: string;
  /** Only what is acknowledged, or all of it. */
  readonly upTo: 'acknowledged' | 'last';
  /** Stop when so many bytes are free; may be Infinity. */
  readonly bytes: number;
  readonly reason: GapReason;
}

/** What to do now, in this order; then whether the running pipeline may write. */
export interface QuotaPlan {
  readonly free: readonly FreeSpace[];
  readonly writer: 'mayWrite' | 'mustWait';
}

/**
 * Decides what a session's journals give up. `pipelines` are ordered oldest first.
 *
 * 1. Seven days after it finished, everything of a pipeline goes, read or not.
 * 2. What is acknowledged goes beyond 64 MiB per pipeline, and beyond 1 GiB per session from the oldest pipeline on.
 * 3. What is not acknowledged counts as unread, also of finished pipelines. When the unread limit is reached and a
 *    pipeline runs, finished ones go first, each whole, the oldest first (`expired`): they can't grow, and the running
 *    one can. While nothing runs, nothing unread has to make room.
 * 4. Only if that isn't enough is the running pipeline touched: in mode `drop` its own oldest output goes
 *    (`dropped`, as PowerShell's OutputBufferingMode has it), in mode `block` it must wait for a reader.
 */
export function planQuota(session: {
  readonly pipelines: readonly PipelineUsage[];
  readonly limits: QuotaLimits;
  readonly whenFull: 'block' | 'drop';
  readonly nowMs: number;
}): QuotaPlan {
  const { limits, nowMs, whenFull } = session;
  const isOverdue = ({ finishedAtMs }: PipelineUsage): boolean =>
    finishedAtMs !== undefined && nowMs - finishedAtMs >= limits.keptMs;
  const overdue = session.pipelines
    .filter((pipeline) => pipeline.bytes > 0 && isOverdue(pipeline))
    .map(everythingOf);
  const rest = session.pipelines.filter((pipeline) => !isOverdue(pipeline));
  const kept = freeKept(rest, limits);
  const unread = freeUnread(rest, limits.unreadBytes);
  const free = [...overdue, ...kept, ...unread.free];
  if (unread.excess < 0) return { free, writer: 'mayWrite' };
  if (whenFull === 'block') return { free, writer: 'mustWait' };
  return { free: [...free, ...dropOldest(rest, unread.excess)], writer: 'mayWrite' };
}

function freeKept(pipelines: readonly PipelineUsage[], limits: QuotaLimits): readonly FreeSpace[] {
  const kept = pipelines.map(({ bytes, unreadBytes }) => bytes - unreadBytes);
  const sum = kept.reduce((total, bytes) => total + Math.min(bytes, limits.keptPipelineBytes), 0);
  let sessionExcess = sum - limits.keptSessionBytes;
  return pipelines.flatMap(({ id }, index) => {
    const bytes = kept[index] ?? 0;
    const ownExcess = Math.max(0, bytes - limits.keptPipelineBytes);
    const share = Math.min(bytes - ownExcess, Math.max(0, sessionExcess));
    sessionExcess -= share;
    const excess = ownExcess + share;
    return excess > 0
      ? [{ id, upTo: 'acknowledged' as const, bytes: excess, reason: 'expired' as const }]
      : [];
  });
}

/** `excess` is how far over the limit the session still is afterwards; below 0 there is room. */
function freeUnread(
  pipelines: readonly PipelineUsage[],
  limitBytes: number,
): { readonly free: readonly FreeSpace[]; readonly excess: number } {
  let excess = pipelines.reduce((sum, { unreadBytes }) => sum + unreadBytes, 0) - limitBytes;
  const free: FreeSpace[] = [];
  if (pipelines.every(({ finishedAtMs }) => finishedAtMs !== undefined)) return { free, excess };
  for (const pipeline of pipelines) {
    if (excess < 0) break;
    if (pipeline.finishedAtMs === undefined || pipeline.unreadBytes === 0) continue;
    free.push(everythingOf(pipeline));
    excess -= pipeline.unreadBytes;
  }
  return { free, excess };
}

function dropOldest(pipelines: readonly PipelineUsage[], excess: number): readonly FreeSpace[] {
  const running = pipelines.filter(
    ({ finishedAtMs, unreadBytes }) => finishedAtMs === undefined && unreadBytes > 0,
  );
  let wanted = excess + 1;
  return running.flatMap(({ id, bytes, unreadBytes }) => {
    const share = Math.min(unreadBytes, wanted);
    wanted -= share;
    // What is acknowledged lies in front of what is not, so it goes too.
    return share > 0
      ? [{ id, upTo: 'last' as const, bytes: bytes - unreadBytes + share, reason: 'dropped' as const }]
      : [];
  });
}

function everythingOf({ id }: PipelineUsage): FreeSpace {
  return { id, upTo: 'last', bytes: Number.POSITIVE_INFINITY, reason: 'expired' };
}
