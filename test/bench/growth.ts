import { connect, type Session } from '../../clients/typescript';
import { readToEnd } from './commands';
import { memoryOf, openSessions, startKept, type Kept } from './kept';
import { interleave, perSecond, Series, timed, timedEach } from './measure';
import type { Part, Row, Setting } from './result';

const sessionCounts = [1, 10, 100, 500] as const;
const callerCounts = [1, 10, 100, 1000] as const;
const callsInARound = 100;
const watchers = 10;

/** What grows with the number of sessions and of callers, and how soon a new daemon serves after a kill. */
export const growth: Part = {
  name: 'growth',
  isLong: true,
  how:
    `${sessionCounts.join(', ')} idle JavaScript sessions: 5 rounds of ${callsInARound} commands in one of them, 5 to warm up; one command ` +
    `each from ${callerCounts.join(', ')} clients at once, spread over all sessions, 3 rounds, 1 to warm up. Limit: the same with one session, or with nobody beside`,
  run: async (setting) => {
    await using kept = await startKept(undefined);
    const sessions: Session[] = [];
    const rows: Row[] = [];
    let alone: number | undefined;
    for (const count of sessionCounts) {
      const before = sessions.length;
      await openSessions(kept, sessions, count);
      for (const session of sessions.slice(before)) await complete(session);
      const trip = await roundTrips(kept, setting);
      alone ??= trip;
      rows.push(...(await idleRows({ count, trip, alone }, kept)));
    }
    rows.push(await besideWatchers(kept, setting));
    for (const count of callerCounts) rows.push(await callersRow(count, { kept, sessions, setting }));
    return [...rows, await recovery(kept, sessions)];
  },
};

interface Opened {
  readonly kept: Kept;
  readonly sessions: readonly Session[];
  readonly setting: Setting;
}

/** The median of commands in a session of their own, so that each number of sessions starts with a fresh one. */
async function roundTrips({ client }: Kept, { effort }: Setting): Promise<number> {
  const session = await client.sessions.create({ engine: 'javascript' });
  const series = new Series(() => timedEach(callsInARound, () => complete(session)));
  await interleave([series], { rounds: Math.ceil(5 * effort), warmUp: 5 });
  await session.remove();
  return series.median;
}

async function idleRows(
  { count, trip, alone }: { count: number; trip: number; alone: number },
  kept: Kept,
): Promise<readonly Row[]> {
  const list = new Series(() => timedEach(5, () => kept.client.sessions.list()));
  await interleave([list], { rounds: 3, warmUp: 1 });
  const { daemon, keepers } = await memoryOf(kept);
  const goal = { text: 'at most 1.2 x one session', isMet: trip <= 1.2 * alone };
  return [
    { what: `round trip, ${count} sessions, p50`, unit: 'ms', ours: trip, limit: alone, goal },
    { what: `list, ${count} sessions`, unit: 'ms', ours: list.median },
    { what: `daemon, ${count} sessions`, unit: 'MB', ours: daemon },
    { what: `keepers, ${count} sessions`, unit: 'MB', ours: keepers },
  ];
}

/** Round trips while others watch all sessions and one lists them again and again. */
async function besideWatchers(kept: Kept, setting: Setting): Promise<Row> {
  const alone = await roundTrips(kept, setting);
  const leaving = new AbortController();
  const { signal } = leaving;
  const heard = new Set<string>();
  const watch = async (): Promise<void> => {
    try {
      for await (const { is } of kept.client.sessions.watch({ signal })) heard.add(is);
    } catch (error) {
      if (!signal.aborted) throw error; // Else it is how a watcher leaves.
    }
  };
  const list = async (): Promise<void> => {
    while (!signal.aborted) await kept.client.sessions.list();
  };
  const others = Promise.all([...Array.from({ length: watchers }, watch), list()]);
  const ours = await roundTrips(kept, setting);
  leaving.abort();
  await others;
  if (!heard.has('ready')) throw new Error('nobody could watch');
  const what = `round trip while ${watchers} watch and one lists, p50`;
  return { what, unit: 'ms', ours, limit: alone };
}

/** So many connections, one command each at the same time. They say they are one client: some share a session. */
async function callersRow(count: number, { kept, sessions, setting }: Opened): Promise<Row> {
  const { clientId } = kept.client;
  const clients = Array.from({ length: count }, () => connect({ environment: kept.environment, clientId }));
  const ids = clients.map((_, index) => sessions[index % sessions.length]?.id ?? '');
  const all = (): Promise<unknown> =>
    Promise.all(
      clients.map(({ pipelines }, index) => readToEnd(pipelines.invoke(ids[index] ?? '', '1').records())),
    );
  const series = new Series(async () => [perSecond(count, await timed(all))]);
  await interleave([series], { rounds: Math.ceil(3 * setting.effort), warmUp: 1 });
  for (const client of clients) client.close();
  return { what: `one command each from ${count} callers at once`, unit: 'commands/s', ours: series.median };
}

/** From the kill of the daemon until a command in the last session has its answer. */
async function recovery(kept: Kept, sessions: readonly Session[]): Promise<Row> {
  const last = sessions.at(-1);
  if (last === undefined) throw new Error('there is no session');
  const elapsed = await timed(async () => {
    await kept.replaceDaemon();
    using client = connect({ environment: kept.environment, clientId: kept.client.clientId });
    await readToEnd(client.pipelines.invoke(last.id, '1').records());
  });
  const listed = await kept.client.sessions.list();
  const opened = listed.filter(({ id }) => sessions.some((session) => session.id === id)).length;
  if (opened !== sessions.length) throw new Error(`${opened} of ${sessions.length} sessions came back`);
  const goal = { text: 'within 2 s', isMet: elapsed <= 2_000 };
  return {
    what: `daemon killed with ${sessions.length} sessions, to a command's answer`,
    unit: 'ms',
    ours: elapsed,
    goal,
  };
}

function complete(session: Session): Promise<void> {
  return readToEnd(session.invoke('1').records());
}
