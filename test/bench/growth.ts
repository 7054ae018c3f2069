import { connect, type Session } from '../../clients/typescript';
import { startKept, type Kept } from './kept';
import { proportionalSetSize } from './machine';
import { interleave, perSecond, Series, timed, timedEach } from './measure';
import type { Part, Row, Setting } from './result';

const sessionCounts = [1, 10, 100, 500] as const;
const callerCounts = [1, 10, 100, 1000] as const;
const openedAtOnce = 4;
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
      await openUpTo(count, { kept, sessions });
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
  readonly sessions: Session[];
}

async function openUpTo(count: number, { kept, sessions }: Opened): Promise<void> {
  while (sessions.length < count) {
    const missing = Math.min(openedAtOnce, count - sessions.length);
    const create = (): Promise<Session> => kept.client.sessions.create({ engine: 'javascript' });
    const opened = await Promise.all(Array.from({ length: missing }, create));
    await Promise.all(opened.map(complete));
    sessions.push(...opened);
  }
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
  { client, processId }: Kept,
): Promise<readonly Row[]> {
  const list = new Series(() => timedEach(5, () => client.sessions.list()));
  await interleave([list], { rounds: 3, warmUp: 1 });
  const { keepers } = await client.daemon.status();
  const sizes = keepers.map(({ pid }) => proportionalSetSize(Number(pid)));
  const goal = { text: 'at most 1.2 x one session', isMet: trip <= 1.2 * alone };
  return [
    { what: `round trip, ${count} sessions, p50`, unit: 'ms', ours: trip, limit: alone, goal },
    { what: `list, ${count} sessions`, unit: 'ms', ours: list.median },
    { what: `daemon, ${count} sessions`, unit: 'MB', ours: proportionalSetSize(processId) },
    { what: `keepers, ${count} sessions`, unit: 'MB', ours: sizes.reduce((sum, size) => sum + size, 0) },
  ];
}

/** Round trips while others watch all sessions and one lists them again and again. */
async function besideWatchers(kept: Kept, setting: Setting): Promise<Row> {
  const alone = await roundTrips(kept, setting);
  const leaving = new AbortController();
  const { signal } = leaving;
  const heard = new Set<string>();
  const watch = async (): Promise<void> => {
    for await (const { is } of kept.client.sessions.watch({ signal })) heard.add(is);
  };
  const list = async (): Promise<void> => {
    while (!signal.aborted) await kept.client.sessions.list();
  };
  const others = Promise.allSettled([...Array.from({ length: watchers }, watch), list()]);
  const ours = await roundTrips(kept, setting);
  leaving.abort();
  await others;
  if (!heard.has('ready')) throw new Error('nobody could watch');
  const what = `round trip while ${watchers} watch and one lists, p50`;
  return { what, unit: 'ms', ours, limit: alone };
}

/** So many connections, one command each at the same time. They say they are one client: some share a session. */
async function callersRow(
  count: number,
  { kept, sessions, setting }: Opened & { setting: Setting },
): Promise<Row> {
  const { clientId } = kept.client;
  const clients = Array.from({ length: count }, () => connect({ environment: kept.environment, clientId }));
  const ids = clients.map((_, index) => sessions[index % sessions.length]?.id ?? '');
  const all = (): Promise<unknown> =>
    Promise.all(
      clients.map(({ pipelines }, index) => finish(pipelines.invoke(ids[index] ?? '', '1').records())),
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
    await finish(client.pipelines.invoke(last.id, '1').records());
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
  return finish(session.invoke('1').records());
}

async function finish(records: AsyncIterable<{ readonly stream: string }>): Promise<void> {
  let last: string | undefined;
  for await (const { stream } of records) last = stream;
  if (last !== 'final') throw new Error(`a command ended with ${last ?? 'nothing'}`);
}
