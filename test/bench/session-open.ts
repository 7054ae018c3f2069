import { BarePowerShell } from './bare-powershell';
import { openBareJavaScript, startNode } from './bare-javascript';
import { startKept, type Kept } from './kept';
import { interleave, Series, timed } from './measure';
import { startPeer } from './peer';
import type { Part, Row, Setting } from './result';

/** Cold: no engine is prepared. The keeper runs already, as it does for all but a user's first session. */
export const sessionOpen: Part = {
  name: 'session-open',
  how:
    'cold, in a keeper that runs; 7 rounds (JavaScript 15), 1 to warm up. Limit: the engine started without us, to its ' +
    'open runspace. Peer: CreateOutOfProcessRunspace and Open. Last row: our JavaScript engine beside a plain node',
  run: async (setting) => {
    await using kept = await startKept(setting.powershell);
    const { powershell } = setting;
    const rows = powershell === undefined ? [] : await openPowerShell(kept, powershell, setting);
    return [...rows, ...(await openJavaScript(kept, setting))];
  },
};

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
