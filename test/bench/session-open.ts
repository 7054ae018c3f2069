import { setTimeout as delay } from 'node:timers/promises';
import type { Session } from '../../clients/typescript';
import { BarePowerShell } from './bare-powershell';
import { openBareJavaScript, startNode } from './bare-javascript';
import { startKept, type Kept } from './kept';
import { interleave, Series, timed } from './measure';
import { startPeer } from './peer';
import type { Part, Row, Setting } from './result';

/** Cold, but for the rows that say prepared. The keeper runs already, as it does for all but a user's first session. */
export const sessionOpen: Part = {
  name: 'session-open',
  how:
    'cold, in a keeper that runs; 7 rounds (JavaScript 15), 1 to warm up; prepared: 15 rounds, 3 to warm up. Limit: the engine started without us, to its ' +
    'open runspace. Peer: CreateOutOfProcessRunspace and Open. Last row: our JavaScript engine beside a plain node',
  run: async (setting) => {
    await using kept = await startKept(setting.powershell);
    const { powershell } = setting;
    const rows = powershell === undefined ? [] : await openPowerShell(kept, powershell, setting);
    return [...rows, ...(await openJavaScript(kept, setting)), ...(await openPrepared(setting))];
  },
};

/** Each time an engine is ready. */
async function openPrepared({ powershell, effort }: Setting): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const engine of powershell === undefined ? ['javascript'] : ['javascript', 'powershell']) {
    await using kept = await startKept(powershell, 1);
    const create = (): Promise<Session> => kept.client.sessions.create({ engine });
    await (await create()).remove();
    const series = new Series(async () => {
      await untilReady(kept);
      const start = performance.now();
      const session = await create();
      const elapsed = performance.now() - start;
      await session.remove();
      return [elapsed];
    });
    await interleave([series], { rounds: Math.ceil(15 * effort), warmUp: 3 });
    const goal = { text: 'under 10 ms', isMet: series.median < 10 };
    rows.push({ what: `open a session, ${engine}, prepared`, unit: 'ms', ours: series.median, goal });
  }
  return rows;
}

async function untilReady({ client }: Kept): Promise<void> {
  const lookAgainMs = 50;
  const isReady = async (): Promise<boolean> => {
    const { keepers } = await client.daemon.status();
    return keepers.some(({ preparedEngines }) => preparedEngines > 0);
  };
  while (!(await isReady())) await delay(lookAgainMs);
}

async function openPowerShell(kept: Kept, program: string, { effort }: Setting): Promise<readonly Row[]> {
  await using peer = await startPeer(program);
  const ours = sessions(kept, 'powershell');
  const limit = engines(() => BarePowerShell.open(program));
  const theirs = peer && new Series(() => peer.open());
  await interleave([ours, limit, theirs], { rounds: Math.ceil(7 * effort), warmUp: 1 });
  return [row('open a session, PowerShell', { ours, limit, peer: theirs })];
}

async function openJavaScript(kept: Kept, { effort }: Setting): Promise<readonly Row[]> {
  const ours = sessions(kept, 'javascript');
  const limit = engines(openBareJavaScript);
  const node = new Series(async () => [await timed(startNode)]);
  await interleave([ours, limit, node], { rounds: Math.ceil(15 * effort), warmUp: 1 });
  return [
    row('open a session, JavaScript', { ours, limit }),
    {
      what: 'start the JavaScript engine itself (limit: one node)',
      unit: 'ms',
      ours: limit.median,
      limit: node.median,
    },
  ];
}

function sessions({ client }: Kept, engine: string): Series {
  return new Series(async () => {
    const start = performance.now();
    const session = await client.sessions.create({ engine });
    const elapsed = performance.now() - start;
    await session.remove();
    return [elapsed];
  });
}

function engines(open: () => Promise<AsyncDisposable>): Series {
  return new Series(async () => {
    const start = performance.now();
    await using _engine = await open();
    return [performance.now() - start];
  });
}

function row(what: string, series: { ours: Series; limit: Series; peer?: Series | undefined }): Row {
  const [ours, limit] = [series.ours.median, series.limit.median];
  return {
    what,
    unit: 'ms',
    ours,
    limit,
    peer: series.peer?.median,
    goal: { text: 'at most 1.15 x limit', isMet: ours <= 1.15 * limit },
  };
}
