import type { Session } from '../../clients/typescript';
import { BarePowerShell } from './bare-powershell';
import { invokeBare, openBareJavaScript } from './bare-javascript';
import { readToEnd } from './commands';
import { startKept, type Kept } from './kept';
import { interleave, Series, timedEach } from './measure';
import { startPeer } from './peer';
import type { Part, Row, Setting } from './result';

const callsInPowerShell = 100;
const callsInJavaScript = 300;
const percentiles = [50, 95, 99] as const;

/** A variable is read on a kept session: client, daemon, keeper, engine and back, to the final record. */
export const roundTrip: Part = {
  name: 'round-trip',
  how:
    `7 rounds of ${callsInPowerShell} calls (JavaScript ${callsInJavaScript}), 5 rounds to warm up. Limit: a loop over our ` +
    'protocol core on a bare PowerShell; our bare JavaScript engine. Peer: the bare API, [powershell]::Invoke() on an out-of-process runspace',
  run: async (setting) => {
    await using kept = await startKept(setting.powershell);
    const { powershell } = setting;
    const rows = powershell === undefined ? [] : await inPowerShell(kept, powershell, setting);
    return [...rows, ...(await inJavaScript(kept, setting))];
  },
};

async function inPowerShell(kept: Kept, program: string, { effort }: Setting): Promise<readonly Row[]> {
  await using peer = await startPeer(program);
  await using bare = await BarePowerShell.open(program);
  const session = await kept.client.sessions.create({ engine: 'powershell' });
  const count = callsInPowerShell;
  await bare.invoke('$x = 1');
  await complete(session, '$x = 1');
  const ours = new Series(() => timedEach(count, () => complete(session, '$x')));
  const limit = new Series(() => timedEach(count, () => bare.invoke('$x')));
  const api = peer && new Series(() => peer.roundTrips('api', count));
  const cmdlet = peer && new Series(() => peer.roundTrips('cmdlet', count));
  await interleave([ours, limit, api, cmdlet], { rounds: Math.ceil(7 * effort), warmUp: 5 });
  return [
    ...rowsOf('round trip, PowerShell', { ours, limit, peer: api }),
    {
      what: 'round trip, PowerShell, p50 (peer: Invoke-Command -Session)',
      unit: 'ms',
      ours: ours.median,
      peer: cmdlet?.median,
    },
  ];
}

async function inJavaScript(kept: Kept, { effort }: Setting): Promise<readonly Row[]> {
  await using bare = await openBareJavaScript();
  const session = await kept.client.sessions.create({ engine: 'javascript' });
  const count = callsInJavaScript;
  await invokeBare(bare, 'var x = 1');
  await complete(session, 'var x = 1');
  const ours = new Series(() => timedEach(count, () => complete(session, 'x')));
  const limit = new Series(() => timedEach(count, () => invokeBare(bare, 'x')));
  await interleave([ours, limit], { rounds: Math.ceil(7 * effort), warmUp: 5 });
  return rowsOf('round trip, JavaScript', { ours, limit });
}

function complete(session: Session, script: string): Promise<void> {
  return readToEnd(session.invoke(script).records());
}

function rowsOf(
  what: string,
  { ours, limit, peer }: { ours: Series; limit: Series; peer?: Series | undefined },
): readonly Row[] {
  return percentiles.map((percent) => {
    const [mine, least] = [ours.percentile(percent), limit.percentile(percent)];
    const goal = { text: 'within 0.6 ms of the limit', isMet: mine - least <= 0.6 };
    return {
      what: `${what}, p${percent}`,
      unit: 'ms',
      ours: mine,
      limit: least,
      peer: peer?.percentile(percent),
      goal: percent === 50 ? goal : undefined,
    };
  });
}
