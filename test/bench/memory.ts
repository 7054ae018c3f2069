import { setTimeout as delay } from 'node:timers/promises';
import { startKept, type Kept } from './kept';
import { proportionalSetSize } from './machine';
import type { Part, Row } from './result';

/** What one keeper takes at most. */
const sessionCounts = [0, 10, 50] as const;
const settleMs = 3_000;
const openedAtOnce = 4;

/** Daemon and keeper, not the engines. */
export const memory: Part = {
  name: 'memory',
  how:
    `PSS of daemon and keeper, ${settleMs / 1000} s after ${sessionCounts.join(', ')} idle JavaScript sessions are open (the least of ` +
    '5 looks); per added session: the slope between the last two',
  run: async ({ powershell }) => {
    await using kept = await startKept(powershell);
    const looks: { count: number; daemon: number; keepers: number }[] = [];
    let open = 0;
    for (const count of sessionCounts) {
      for (; open < count; open += openedAtOnce)
        await openSessions(kept, Math.min(openedAtOnce, count - open));
      open = count;
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

async function openSessions({ client }: Kept, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => client.sessions.create({ engine: 'javascript' })));
}

async function look({ client, processId }: Kept): Promise<{ daemon: number; keepers: number }> {
  await delay(settleMs);
  const { keepers } = await client.daemon.status();
  const looks: { daemon: number; keepers: number }[] = [];
  for (let taken = 0; taken < 5; taken += 1) {
    await delay(200);
    const sizes = keepers.map(({ pid }) => proportionalSetSize(Number(pid)));
    looks.push({
      daemon: proportionalSetSize(processId),
      keepers: sizes.reduce((sum, size) => sum + size, 0),
    });
  }
  return {
    daemon: Math.min(...looks.map(({ daemon }) => daemon)),
    keepers: Math.min(...looks.map((one) => one.keepers)),
  };
}
