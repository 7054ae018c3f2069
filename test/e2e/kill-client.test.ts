import { writeFileSync } from 'node:fs';
import { SessionState } from '../../clients/typescript';
import { describeWith } from '../support/requirements';
import { within } from './support/eventually';
import { Machine } from './support/machine';
import { readAll, wholeness } from './support/reading';
import { bash, javascript, powershell, python, type Scripts } from './support/scripts';
import { stateOf, untilSession } from './support/sessions';

const count = 10_000;

/** Resolves when the client has shown so many lines. */
function linesShown(output: NodeJS.ReadableStream | null, lines: number): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    output?.on('data', (bytes: Buffer) => {
      seen += bytes.toString('latin1').split('\n').length - 1;
      if (seen >= lines) resolve();
    });
  });
}

function outlivesItsClient(scripts: Scripts): void {
  test('P35 P32 P49: a client killed amid 10 000 records leaves its session disconnected within 5 s; the command goes on, and another reader has each record once', async () => {
    await using machine = new Machine();
    await machine.startReadyDaemon();
    const client = machine.client();
    const session = await client.sessions.create({ engine: scripts.engine, name: 'work' });
    const script = `${scripts.numbers(count, 100, 5)}\n${scripts.waitFor(machine.path('go'))}`;
    const doomed = machine.start('runspace', ['invoke', 'work', '-o', 'ndjson', '--', script]);
    await within('the client shows records', 20_000, linesShown(doomed.stdout, 500));
    const before = await session.refresh();
    doomed.kill('SIGKILL');

    const left = await untilSession(machine.client(), session, {
      what: 'disconnected',
      is: ({ state }) => state === SessionState.SESSION_STATE_DISCONNECTED,
      limitMs: 5_000,
    });
    writeFileSync(machine.path('go'), '');
    const second = await readAll(
      machine.client().pipelines.receive('work', { pipeline: '1', afterSequence: 0n }),
    );

    expect({
      connected: before.info.connectedClientId !== '',
      afterwards: stateOf(left),
      goesOn: left.runningPipelineId !== '',
      second: wholeness(second, count),
    }).toEqual({ connected: true, afterwards: 'disconnected', goesOn: true, second: 'whole' });
  }, 120_000);

  test('P35: a client that is stopped by the system and never answers holds nobody up: another reader has every record', async () => {
    await using machine = new Machine();
    await machine.startReadyDaemon();
    const session = await machine.client().sessions.create({ engine: scripts.engine, name: 'work' });
    const stalled = machine.start('runspace', [
      'invoke',
      'work',
      '-o',
      'ndjson',
      '--',
      scripts.numbers(count, 1_000, 10),
    ]);
    await within('the client shows records', 20_000, linesShown(stalled.stdout, 1));
    stalled.kill('SIGSTOP');
    const other = await readAll(session.receive({ pipeline: '1', afterSequence: 0n }));
    stalled.kill('SIGKILL');
    expect(wholeness(other, count)).toBe('whole');
  }, 120_000);
}

describe('JavaScript, a client killed', () => {
  outlivesItsClient(javascript);
});

describe('bash, a client killed', () => {
  outlivesItsClient(bash);
});

describeWith('powershell', 'PowerShell, a client killed', () => {
  outlivesItsClient(powershell);
});

describeWith('python3', 'Python, a client killed', () => {
  outlivesItsClient(python);
});
