import { readFileSync } from 'node:fs';
import { fromValue, SessionState, type Session } from '../../clients/typescript';
import { eventually, Unfulfilled } from '../e2e/support/eventually';
import { serve, valuesOf } from './support/served';

describe('quotas of a session', () => {
  const served = serve();

  async function opened(name: string, quotas: string): Promise<Session> {
    await served.client.configurations.register(`name: ${name}\nengine: javascript\nquotas: { ${quotas} }`);
    return served.client.sessions.create({ name, configuration: name });
  }

  /** The final state of a command, and why. */
  async function final(session: Session, script: string) {
    for await (const record of session.invoke(script).records())
      if (record.stream === 'final') return { state: record.state, ...record.problem };
    throw new Error('there was no final record');
  }

  /** The session as soon as it is broken. */
  async function brokenSession({ id }: Session) {
    for await (const event of served.client.sessions.watch({ sessions: [id] }))
      if (event.is === 'session' && event.session.state === SessionState.SESSION_STATE_BROKEN)
        return event.session;
    throw new Error('the watch ended');
  }

  test('P43 commands over the quota are refused; those that run are not touched', async () => {
    const session = await opened('commands', 'commands_per_session: 2');
    const running = await session.start('await new Promise((done) => { globalThis.go = done; }); 7');
    await session.start('8');
    await expect(session.start('9')).rejects.toMatchObject({
      reason: 'QUOTA_EXCEEDED',
      grpcCode: 'RESOURCE_EXHAUSTED',
      metadata: { quota: 'commands_per_session', limit: '2', use: '2' },
    });
    await session.stop({ pipeline: running.id });
    expect(await valuesOf(session, '10')).toEqual([10]);
  });

  test('P43 a command that writes too much is ended; the session goes on', async () => {
    const session = await opened('output', 'output_bytes_per_command: 20000');
    const ended = await final(session, "for (;;) console.log('x'.repeat(1000))");
    expect(ended).toMatchObject({ reason: 'QUOTA_EXCEEDED' });
    expect(ended.metadata).toMatchObject({ quota: 'output_bytes_per_command', limit: '20000' });
    const { records } = { records: [] as number[] };
    for await (const record of session.receive({ pipeline: '1', afterSequence: 0n }).records())
      if (record.stream === 'output') records.push(1);
    expect(records.length).toBeGreaterThan(10);
    expect(records.length).toBeLessThanOrEqual(20);
    expect(await valuesOf(session, "'y'.repeat(100)")).toEqual(['y'.repeat(100)]);
    expect(await final(session, "'z'.repeat(30000)")).toMatchObject({ reason: 'QUOTA_EXCEEDED' });
  });

  test('P43 an engine over its memory is ended, and its session broken; its neighbour is not touched', async () => {
    const neighbour = await opened('beside', '');
    await valuesOf(neighbour, 'let stays = 5');
    const session = await opened('memory', 'memory_bytes_per_session: 300MB');
    const ended = await final(
      session,
      'const kept = []; for (let i = 0; i < 50; i++) { kept.push(Buffer.alloc(20 << 20, 1)); await new Promise((d) => setTimeout(d, 50)); }',
    );
    expect(ended).toMatchObject({ reason: 'QUOTA_EXCEEDED' });
    expect(ended.metadata).toMatchObject({ quota: 'memory_bytes_per_session', limit: String(300 << 20) });
    expect((await brokenSession(session)).problem).toMatchObject({ reason: 'QUOTA_EXCEEDED' });
    expect(await valuesOf(neighbour, 'stays')).toEqual([5]);
  });

  test('P43 memory of what the engine started counts too', async () => {
    const session = await opened('children', 'memory_bytes_per_session: 350MB');
    // It stops growing, and ends, by itself too, long before the machine's memory is used up.
    const hungry =
      'const all = []; setInterval(() => { if (all.length < 30) all.push(Buffer.alloc(20 << 20, 1)); }, 50); setTimeout(process.exit, 60000)';
    const run = session.invoke(
      `const hungry = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(hungry)}], { detached: true, stdio: 'ignore' });
       console.log(hungry.pid);
       await new Promise(() => {});`,
    );
    let pid = 0;
    let reason: string | undefined;
    for await (const record of run.records()) {
      if (record.stream === 'output') pid = Number(fromValue(record.value));
      if (record.stream === 'final') reason = record.problem?.reason;
    }
    expect(reason).toBe('QUOTA_EXCEEDED');
    expect(pid).toBeGreaterThan(0);
    await eventually('its child is ended too', () => (isAlive(pid) ? new Unfulfilled('alive') : 'gone'));
  });

  test('P43 a command with too many processes is ended with them; the session keeps its variables', async () => {
    const session = await opened('processes', 'processes_per_session: 8');
    await valuesOf(session, 'let before = 6');
    const ended = await final(
      session,
      `globalThis.pids = [];
       for (let i = 0; i < 20; i++)
         pids.push(require('child_process').spawn('sleep', ['600'], { detached: i % 2 === 1, stdio: 'ignore' }).pid);
       await new Promise(() => {});`,
    );
    expect(ended).toMatchObject({ reason: 'QUOTA_EXCEEDED' });
    expect(ended.metadata).toMatchObject({ quota: 'processes_per_session', limit: '8' });
    const [before, pids] = await valuesOf(session, '[before, pids]').then(
      ([both]) => both as [number, number[]],
    );
    expect(before).toBe(6);
    expect(pids).toHaveLength(20);
    await eventually('all are ended', () =>
      pids.some(isAlive) ? new Unfulfilled(pids.filter(isAlive)) : 'gone',
    );
  });
});

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${String(pid)}/stat`, 'latin1').includes(') Z ');
  } catch {
    return false;
  }
}
