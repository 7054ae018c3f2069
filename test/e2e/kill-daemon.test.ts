import type { RunspaceClient, Session } from '../../clients/typescript';
import { describeWith } from '../support/requirements';
import { Machine, type DaemonProcess } from './support/machine';
import { Random } from './support/random';
import { orderOf, readAll, wholeness, type Read } from './support/reading';
import { javascript, powershell, python, type Scripts } from './support/scripts';

/** How often the daemon is killed; RUNSPACED_KILL_ROUNDS changes it. */
const rounds = Number(process.env['RUNSPACED_KILL_ROUNDS'] ?? 50);
const powershellRounds = Math.ceil(rounds / 10);
/** JavaScript has shown most of it. */
const scriptEngineRounds = Math.ceil(rounds / 20);

const recordsPerRound = 300;
const itemsPerRound = 120;
/** About how long a round's commands write. */
const writingMs = 200;

/** What came wrong, by kind of reader. */
interface Faults {
  readonly invoking: string[];
  readonly feeding: string[];
  readonly acknowledging: string[];
}

/** Sessions for the three kinds of readers. */
interface Sessions {
  readonly invoking: Session;
  readonly second: Session;
  readonly feeding: Session;
  readonly acknowledging: Session;
}

async function openSessions(client: RunspaceClient, { engine }: Scripts): Promise<Sessions> {
  const open = (name: string): Promise<Session> => client.sessions.create({ engine, name });
  const [invoking, second, feeding, acknowledging] = await Promise.all([
    open('invoking'),
    open('second'),
    open('feeding'),
    open('acknowledging'),
  ]);
  return { invoking, second, feeding, acknowledging };
}

/** One round's readers, from the start of their commands to the last records. */
async function readRound(
  sessions: Sessions,
  scripts: Scripts,
): Promise<Readonly<Record<keyof Sessions, Read>>> {
  const script = scripts.numbers(recordsPerRound, 6, writingMs / 50);
  const reads = await Promise.all([
    readAll(sessions.invoking.invoke(script)),
    readAll(sessions.second.invoke(script)),
    readAll(sessions.feeding.invoke(scripts.echo, { input: pacedItems(itemsPerRound) })),
    sessions.acknowledging
      .start(script)
      .then(({ id }) => readAll(sessions.acknowledging.receive({ pipeline: id, acknowledge: true }))),
  ]);
  const [invoking, second, feeding, acknowledging] = reads;
  return { invoking, second, feeding, acknowledging };
}

async function* pacedItems(count: number): AsyncGenerator<number> {
  for (let item = 1; item <= count; item += 1) {
    if (item % 4 === 0) await new Promise((resolve) => setTimeout(resolve, writingMs / (count / 4)));
    yield item;
  }
}

/** Kills the daemon at a random moment, and now and then the next one while it starts. */
async function killAndRestart(
  machine: Machine,
  daemon: DaemonProcess,
  random: Random,
): Promise<DaemonProcess> {
  await passing(random.below(writingMs * 1.2));
  await daemon.end('SIGKILL');
  if (random.below(5) < 1) {
    const shortLived = machine.startDaemon();
    await passing(random.below(500));
    await shortLived.end('SIGKILL');
  }
  return machine.startDaemon();
}

/** The moment of a kill is meant to be any. */
function passing(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function killManyTimes(scripts: Scripts, howOften: number): Promise<Faults> {
  const faults: Faults = { invoking: [], feeding: [], acknowledging: [] };
  const random = new Random();
  await using machine = new Machine();
  let daemon = await machine.startReadyDaemon();
  const client = machine.client();
  const sessions = await openSessions(client, scripts);
  for (let round = 1; round <= howOften; round += 1) {
    const reading = readRound(sessions, scripts);
    const [reads, next] = await Promise.all([reading, killAndRestart(machine, daemon, random)]);
    daemon = next;
    const where = `round ${String(round)}, seed ${String(random.seed)}: `;
    const note = (list: string[], fault: string): void => {
      if (fault !== 'whole') list.push(where + fault);
    };
    note(faults.invoking, wholeness(reads.invoking, recordsPerRound));
    note(faults.invoking, wholeness(reads.second, recordsPerRound));
    note(faults.feeding, wholeness(reads.feeding, itemsPerRound));
    note(faults.acknowledging, wholeness(reads.acknowledging, recordsPerRound));
  }
  return faults;
}

function survives(scripts: Scripts, howOften: number): void {
  let faults: Faults | undefined;

  beforeAll(
    async () => {
      faults = await killManyTimes(scripts, howOften);
    },
    60_000 + howOften * 10_000,
  );

  test(`P41 P111: ${String(howOften)} kills of the daemon cost no reader a record, and repeat none, in several sessions at once`, () => {
    expect(faults?.invoking).toEqual([]);
  });

  test('P41 P111: each input item that was on its way while the daemon was killed reaches the command once, in order', () => {
    expect(faults?.feeding).toEqual([]);
  });

  test('P41 P49: a reader that acknowledges what it reads misses and repeats nothing when the daemon is killed', () => {
    expect(faults?.acknowledging).toEqual([]);
  });
}

describe('JavaScript, the daemon killed at random moments', () => {
  survives(javascript, rounds);
});

describeWith('powershell', 'PowerShell, the daemon killed at random moments', () => {
  survives(powershell, powershellRounds);
});

describeWith('python3', 'Python, the daemon killed at random moments', () => {
  survives(python, scriptEngineRounds);
});

/** Numbers and values of the whole lines that `runspace receive -o ndjson` wrote. */
interface Shown {
  readonly numbers: readonly bigint[];
  readonly lines: readonly string[];
}

/** Runs `runspace receive` and kills it this long after its first line; or lets it come to its end before. */
async function receiveAndDie(
  machine: Machine,
  afterMs: number,
): Promise<Shown & { readonly isAtEnd: boolean }> {
  const child = machine.start('runspace', ['receive', 'work', '-o', 'ndjson']);
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    if (text === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
    text += piece;
  });
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => (complaint += piece));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0 && code !== null)
    throw new Error(`runspace receive ended with ${String(code)}: ${complaint}`);
  // The last piece may be torn.
  const lines = text.split('\n').slice(0, -1);
  const numbers = lines.map((line) => BigInt((JSON.parse(line) as { sequence: string }).sequence));
  return { numbers, lines, isAtEnd: lines.some((line) => line.includes('"stream":"final"')) };
}

test('P49 P111: `runspace receive` killed again and again, and the daemon with it, shows every record; what comes twice has the same number', async () => {
  await using machine = new Machine();
  let daemon = await machine.startReadyDaemon();
  const session = await machine.client().sessions.create({ engine: 'javascript', name: 'work' });
  const count = 3_000;
  await session.start(javascript.numbers(count, 10, 5));
  const random = new Random();
  const shown = new Map<bigint, string>();
  const faults: string[] = [];
  for (let isAtEnd = false, run = 1; !isAtEnd; run += 1) {
    const received = await receiveAndDie(machine, random.below(300));
    isAtEnd = received.isAtEnd;
    const first = received.numbers[0] ?? 0n;
    if (first > BigInt(shown.size) + 1n) faults.push(`run ${String(run)} begins with ${String(first)}`);
    if (orderOf(received, first) !== 'whole') faults.push(orderOf(received, first));
    received.numbers.forEach((number, index) => {
      const line = received.lines[index] ?? '';
      if ((shown.get(number) ?? line) !== line) faults.push(`record ${String(number)} is another one now`);
      shown.set(number, line);
    });
    if (run % 3 === 0) {
      await daemon.end('SIGKILL');
      daemon = await machine.startReadyDaemon();
    }
  }
  expect({ faults, records: shown.size }).toEqual({ faults: [], records: count + 1 });
}, 120_000);
