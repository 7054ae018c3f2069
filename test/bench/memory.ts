import { setTimeout as delay } from 'node:timers/promises';
import type { Session } from '../../clients/typescript';
import { memoryOf, openSessions, startKept, type Kept } from './kept';
import type { Part, Row } from './result';

/** What one keeper takes at most. */
const sessionCounts = [0, 10, 50] as const;
const settleMs = 3_000;

/** Daemon and keeper, not the engines. */
export const memory: Part = {
  name: 'memory',
  how:
    `PSS of daemon and keeper, ${settleMs / 1000} s after ${sessionCounts.join(', ')} idle JavaScript sessions are open (the least of ` +
    '5 looks); per added session: the slope between the last two',
  run: async ({ powershell }) => {
    await using kept = await startKept(powershell);
    const looks: { count: number; daemon: number; keepers: number }[] = [];
    const sessions: Session[] = [];
    for (const count of sessionCounts) {
      await openSessions(kept, sessions, count);
      looks.push({ count, ...(await look(kept)) });
    }
    const [before, after] = [looks.at(-2), looks.at(-1)];
    if (before === undefined || after === undefined) return [];
    const added = after.count - before.count;
    const slope = (after.daemon + after.keepers - before.daemon - before.keepers) / added;
    return [
      ...looks.flatMap(({ count, daemon, keepers }): Row[] => [
        { what: `daemon, ${count} sessions`, unit: 'MB', ours: daemon },
        { what: `keeper, ${count} sessions`, unit: 'MB', ours: keepers },
      ]),
      {
        what: 'daemon and keeper, per added session',
        unit: 'MB',
        ours: slope,
        goal: { text: 'under 1 MB', isMet: slope < 1 },
      },
    ];
  },
};

/** The least of several looks: garbage that waits for its collector is no need. */
async function look(kept: Kept): Promise<{ daemon: number; keepers: number }> {
  await delay(settleMs);
  const looks: { daemon: number; keepers: number }[] = [];
  for (let taken = 0; taken < 5; taken += 1) {
    await delay(200);
    looks.push(await memoryOf(kept));
  }
  return {
    daemon: Math.min(...looks.map(({ daemon }) => daemon)),
    keepers: Math.min(...looks.map(({ keepers }) => keepers)),
  };
}
