import { randomUUID } from 'node:crypto';
import type { ResetSessionResponse } from '../../src/gen/runspace/v1/session';
import { describeWith, powershellForTests } from '../support/requirements';
import { ask, failureOf, short } from './support/raw';
import { serve, valuesOf } from './support/served';

describeWith('powershell', 'resetting a PowerShell session', () => {
  const served = serve({ powershell: powershellForTests() ?? 'minimal' });

  beforeAll(async () => {
    await served.client.sessions.create({ name: 'ps', engine: 'powershell' });
  }, 60_000);

  function reset(requestId: string = randomUUID(), clientId = 'raw'): Promise<ResetSessionResponse> {
    return ask((done) =>
      served.calls.raw.sessions.resetSession({ requestId, clientId, session: 'ps' }, done),
    );
  }

  async function ran(script: string): Promise<string[]> {
    const { id } = await served.calls.start('ps', script);
    const { records } = await served.calls.receive('ps', { pipeline: id, afterSequence: 0n });
    return records.map(short);
  }

  test('P30 variables are gone afterwards; functions, the process and the session stay', async () => {
    await ran('$p = 40; $global:q = 1; function f { 5 }');
    const [, before] = await ran('$p; [Environment]::ProcessId');
    const { session } = await reset();
    expect(await ran('$null -eq $p; $null -eq $q; f')).toEqual([
      '1 output true',
      '2 output true',
      '3 output 5',
      '4 final completed',
    ]);
    expect((await ran('0; [Environment]::ProcessId'))[1]).toBe(before);
    expect(session?.name).toBe('ps');
  });

  test('P30 the current directory is the first one again', async () => {
    const location = '$ExecutionContext.SessionState.Path.CurrentLocation.Path';
    const [before] = await ran(location);
    await ran("$null = $ExecutionContext.SessionState.Path.SetLocation('/usr')");
    expect((await ran(location))[0]).toBe('1 output "/usr"');
    await reset();
    expect((await ran(location))[0]).toBe(before);
  });

  test('P111 the same request never resets twice', async () => {
    const requestId = randomUUID();
    await reset(requestId);
    await ran('$kept = 7');
    await reset(requestId);
    expect(await ran('$kept')).toEqual(['1 output 7', '2 final completed']);
  });

  test('P40 what the start-up script of its configuration has set is there again', async () => {
    const { configurations, sessions } = served.client;
    await configurations.register(
      [
        'name: started',
        'engine: powershell',
        "startup_script: '$shared = 5; function f { $shared + 1 }'",
      ].join('\n'),
    );
    const session = await sessions.create({ configuration: 'started' });
    expect(await valuesOf(session, '$shared = 8; $other = 1; f')).toEqual([9]);
    await sessions.reset(session.id);
    expect(await valuesOf(session, '$shared; f; $null -eq $other')).toEqual([5, 6, true]);
    await configurations.register(
      ['name: bounded', 'engine: powershell', 'language_mode: none', "startup_script: '$shared = 5'"].join(
        '\n',
      ),
    );
    const bounded = await sessions.create({ configuration: 'bounded' });
    // Under bounds it can't be run again: they count for more than its variables.
    await sessions.reset(bounded.id);
    expect(await sessions.describe(bounded.id)).toMatchObject({ completeInput: false, usingValues: false });
  });

  test('P44 a session that runs a command is not reset: SESSION_BUSY names the command, which goes on', async () => {
    await ran('$kept = 8');
    const { id } = await served.calls.start('ps', 'while ($true) { }; $kept');
    const failure = await failureOf(reset());
    await served.calls.stop('ps', { pipeline: id });
    expect(failure).toMatchObject({
      status: 'FAILED_PRECONDITION',
      reason: 'SESSION_BUSY',
      facts: { pipeline: id },
    });
    expect(await ran('$kept')).toEqual(['1 output 8', '2 final completed']);
  });

  test('a reset right after a command, again and again, never loses the runspace', async () => {
    for (let round = 1; round <= 20; round += 1) {
      await ran(`$r = ${String(round)}`);
      await Promise.all([reset(), reset()]);
      expect(await ran('$null -eq $r')).toEqual(['1 output true', '2 final completed']);
    }
  });

  test('a command that comes during a reset runs after it', async () => {
    await ran('$old = 1');
    const resetting = reset();
    const { id } = await served.calls.start('ps', '9');
    const outcome = await resetting.then(() => 'reset', String);
    // The command may have come first.
    expect(outcome).toMatch(/^reset$|running pipeline/);
    const { records } = await served.calls.receive('ps', { pipeline: id, afterSequence: 0n });
    expect(records.map(short)).toEqual(['1 output 9', '2 final completed']);
  });

  test('whoever is not connected is refused while another client is', async () => {
    await served.calls.connect('ps');
    const failure = await failureOf(reset(randomUUID(), 'somebody-else'));
    await served.calls.disconnect('ps');
    expect(failure.reason).toBe('CONNECTED_ELSEWHERE');
  });
});

describe('resetting other sessions', () => {
  const served = serve();

  test('a JavaScript session says UNSUPPORTED, and keeps its variables', async () => {
    const session = await served.session('js');
    const first = await served.calls.start('js', 'let p = 1');
    await served.calls.receive('js', { pipeline: first.id, afterSequence: 0n });
    await expect(served.client.sessions.reset('js')).rejects.toMatchObject({ reason: 'UNSUPPORTED' });
    const { id } = await served.calls.start('js', 'p');
    const { records } = await served.calls.receive('js', { pipeline: id, afterSequence: 0n });
    expect(records.map(short)).toEqual(['1 output 1', '2 final completed']);
    expect(session.info.engine).toBe('javascript');
  });

  test('a session that is not there says SESSION_NOT_FOUND', async () => {
    await expect(served.client.sessions.reset('nowhere')).rejects.toMatchObject({
      reason: 'SESSION_NOT_FOUND',
    });
  });
});
