import type { Session } from '../../clients/typescript';
import { BarePowerShell } from './bare-powershell';
import { invokeBare, openBareJavaScript } from './bare-javascript';
import { startKept, type Kept } from './kept';
import { interleave, perSecond, Series, timed } from './measure';
import { startPeer } from './peer';
import { goalBeside, type Part, type Row, type Setting } from './result';

/** Output of one kind. */
interface Load {
  readonly what: string;
  readonly script: string;
  readonly unit: 'records/s' | 'MB/s';
  /** How many records or MB the script writes. */
  readonly amount: number;
  /** How many times faster than PowerShell's client it should be. */
  readonly timesPeer: number;
}

const inPowerShell: readonly Load[] = [
  { what: 'ints', script: '1..20000', unit: 'records/s', amount: 20_000, timesPeer: 3 },
  {
    what: 'small objects',
    script: 'foreach ($i in 1..4000) { [pscustomobject]@{ Id = $i; Name = "name $i"; IsOn = $true } }',
    unit: 'records/s',
    amount: 4000,
    timesPeer: 3,
  },
  {
    what: 'strings of 1 KB',
    script: "$s = 'x' * 1kb; foreach ($i in 1..4096) { $s }",
    unit: 'MB/s',
    amount: 4,
    timesPeer: 3,
  },
  { what: 'one string of 20 MB', script: "'x' * 20mb", unit: 'MB/s', amount: 20, timesPeer: 2 },
];

const inJavaScript = [
  {
    what: 'lines',
    script: 'for (let i = 0; i < 20000; i++) console.log(`line ${i}`)',
    unit: 'records/s',
    amount: 20_000,
  },
  { what: 'one string of 20 MB', script: "'x'.repeat(20 * 2 ** 20)", unit: 'MB/s', amount: 20 },
] as const;

/** Output of one command, from its start to its final record. */
export const throughput: Part = {
  name: 'throughput',
  how:
    '5 rounds, 2 to warm up; records decoded by the client library. Limit: the engine writes and its bytes are only ' +
    'counted (JavaScript: our bare engine). Peer: the bare API. Rows "bare": our protocol core reads, without daemon and keeper; ' +
    'rows "reader": the same bytes from memory',
  run: async (setting) => {
    await using kept = await startKept(setting.powershell);
    const { powershell } = setting;
    const rows = powershell === undefined ? [] : await throughPowerShell(kept, powershell, setting);
    return [...rows, ...(await throughJavaScript(kept, setting))];
  },
};

async function throughPowerShell(kept: Kept, program: string, { effort }: Setting): Promise<readonly Row[]> {
  await using peer = await startPeer(program);
  await using bare = await BarePowerShell.open(program);
  const session = await kept.client.sessions.create({ engine: 'powershell' });
  const rows: Row[] = [];
  for (const load of inPowerShell) {
    const { script } = load;
    const rate = (milliseconds: number): number => perSecond(load.amount, milliseconds);
    const bytes = await bare.sizeOf(script);
    const reader = new Series(async () => []);
    const limit = new Series(async () => {
      const { engineMs, readerMs } = await bare.drain(script, bytes);
      reader.add([rate(readerMs)]);
      return [rate(engineMs)];
    });
    const ours = new Series(async () => [rate(await timed(() => receive(session, script)))]);
    const alone = new Series(async () => [rate(await timed(() => bare.invoke(script)))]);
    const theirs = peer && new Series(async () => [rate(await peer.receive(script))]);
    await interleave([ours, limit, alone, theirs], { rounds: Math.ceil(5 * effort), warmUp: 2 });
    rows.push(...rowsOf(load, { ours, limit, alone, reader, peer: theirs }));
  }
  return rows;
}

interface Contenders {
  readonly ours: Series;
  readonly limit: Series;
  readonly alone: Series;
  readonly reader: Series;
  readonly peer: Series | undefined;
}

function rowsOf({ what, unit, timesPeer }: Load, contenders: Contenders): readonly Row[] {
  const [ours, limit, peer] = [contenders.ours.median, contenders.limit.median, contenders.peer?.median];
  const goal = goalBeside(peer, `${timesPeer} x peer`, (theirs) => ours >= timesPeer * theirs);
  return [
    { what: `${what} from PowerShell`, unit, ours, limit, peer, goal },
    { what: `${what}: bare`, unit, ours: contenders.alone.median, limit, peer },
    { what: `${what}: reader`, unit, ours: contenders.reader.median },
  ];
}

async function throughJavaScript(kept: Kept, { effort }: Setting): Promise<readonly Row[]> {
  await using bare = await openBareJavaScript();
  const session = await kept.client.sessions.create({ engine: 'javascript' });
  const rows: Row[] = [];
  for (const { what, script, unit, amount } of inJavaScript) {
    const rate = (milliseconds: number): number => perSecond(amount, milliseconds);
    const ours = new Series(async () => [rate(await timed(() => receive(session, script)))]);
    const limit = new Series(async () => [rate(await timed(() => invokeBare(bare, script)))]);
    await interleave([ours, limit], { rounds: Math.ceil(5 * effort), warmUp: 2 });
    rows.push({ what: `${what} from JavaScript`, unit, ours: ours.median, limit: limit.median });
  }
  return rows;
}

/** Acknowledges as it reads, so that what is unread never fills the session. */
async function receive(session: Session, script: string): Promise<void> {
  let last: string | undefined;
  for await (const records of session.invoke(script, { acknowledge: true }).batches())
    last = records.at(-1)?.stream;
  if (last !== 'final') throw new Error(`${script} ended with ${last ?? 'nothing'}`);
}
