import {
  FinalState,
  PipelineState,
  SessionState,
  type Session,
  type SessionRecord,
  type StartOptions,
} from '../../clients/typescript';
import { describeWith, powershellForTests } from '../support/requirements';
import { serve } from './support/served';

/** Scripts of one engine that do the same. */
interface Scripts {
  readonly engine: string;
  readonly keep: string;
  readonly kept: string;
  readonly loop: string;
  readonly native: string;
  readonly waitForInput: string;
  readonly one: string;
  /** Writes 1, then does not let itself be stopped. */
  readonly stubborn: string | undefined;
}

const powershell: Scripts = {
  engine: 'powershell',
  keep: '$kept = 41',
  kept: '$kept + 1',
  loop: '1; while ($true) { }',
  native: '1; /bin/sleep 1000',
  waitForInput: '1; foreach ($item in $input) { $item }',
  one: '1',
  // PowerShell lets a finally block come to its end, whatever that takes.
  stubborn: 'try { 1; while ($true) { } } finally { while ($true) { } }',
};

const javascript: Scripts = {
  engine: 'javascript',
  keep: 'var kept = 41',
  kept: 'kept + 1',
  loop: 'console.log(1); while (true) {}',
  native: 'console.log(1); require("node:child_process").execSync("/bin/sleep 1000")',
  waitForInput: 'console.log(1); for await (const item of input) console.log(item)',
  one: '1',
  stubborn: undefined,
};

jest.setTimeout(120_000);

function limitsOf(scripts: Scripts): void {
  const served = serve({ powershell: powershellForTests() ?? 'minimal' });
  let session: Session;

  beforeAll(async () => {
    session = await open('limits');
    await ended(scripts.keep);
  }, 60_000);

  function open(name: string): Promise<Session> {
    return served.client.sessions.create({ name, engine: scripts.engine });
  }

  async function* never(): AsyncGenerator {
    await new Promise(() => undefined);
    yield 1;
  }

  /** A command's records to its end; what it wrote first has been seen when `then` is called. */
  async function ended(
    script: string,
    {
      then,
      input,
      ...options
    }: StartOptions & { then?: () => Promise<unknown>; input?: AsyncIterable<unknown> } = {},
  ): Promise<readonly SessionRecord[]> {
    const records: SessionRecord[] = [];
    const calls: Promise<unknown>[] = [];
    const invoked = session.invoke(script, { ...options, ...(input === undefined ? {} : { input }) });
    for await (const record of invoked.records()) {
      records.push(record);
      if (records.length === 1 && then !== undefined) calls.push(then());
    }
    await Promise.all(calls);
    return records;
  }

  async function outputOf(script: string): Promise<unknown[]> {
    const records = await ended(script);
    return records.flatMap((record) => (record.stream === 'output' ? [record.value?.kind?.value] : []));
  }

  test.each([
    ['an endless loop', scripts.loop, undefined],
    ['a sleeping native program', scripts.native, undefined],
    ['a wait for input that does not come', scripts.waitForInput, never()],
  ])('P67 %s ends soon after a stop; then 1 prints 1 and variables are kept', async (_, script, input) => {
    const times: number[] = [];
    const records = await ended(script, {
      ...(input === undefined ? {} : { input }),
      then: async () => {
        const before = Date.now();
        const { pipeline, problem } = await session.stop();
        expect([pipeline?.state, problem]).toEqual([PipelineState.PIPELINE_STATE_STOPPED, undefined]);
        times.push(Date.now() - before);
      },
    });
    expect(records.at(-1)).toMatchObject({ stream: 'final', state: FinalState.FINAL_STATE_STOPPED });
    // About a second; the machine may be busy, and from 5 s on it would be STOP_UNANSWERED.
    expect(times[0]).toBeLessThan(5_000);
    expect(await outputOf(scripts.one)).toEqual([1]);
    expect(await outputOf(scripts.kept)).toEqual([42]);
  });

  test.each([
    ['RUN_TIMEOUT', { runTimeoutMs: 1_000 }],
    ['OUTPUT_TIMEOUT', { outputTimeoutMs: 1_000 }],
  ])('P67 %s ends the command and keeps the session', async (reason, options) => {
    const records = await ended(scripts.loop, options);
    expect(records.at(-1)).toMatchObject({ stream: 'final', problem: { reason } });
    expect(await outputOf(scripts.kept)).toEqual([42]);
  });

  const { stubborn } = scripts;
  if (stubborn === undefined) return;
  test('P67 a stop that is not answered is reported after 5 s; only force ends the engine, and the session is broken and says so', async () => {
    const target = await open('stubborn');
    const pipeline = target.invoke(stubborn);
    const records = pipeline.records()[Symbol.asyncIterator]();
    await records.next();
    const gentle = await target.stop();
    expect([gentle.pipeline?.state, gentle.problem?.reason]).toEqual([
      PipelineState.PIPELINE_STATE_STOPPING,
      'STOP_UNANSWERED',
    ]);
    expect((await target.refresh()).info.state).not.toBe(SessionState.SESSION_STATE_BROKEN);

    await target.stop({ force: true });
    let last: SessionRecord | undefined;
    for (let next = await records.next(); next.done !== true; next = await records.next()) last = next.value;
    expect(last).toMatchObject({ stream: 'final', problem: { reason: 'STOP_UNANSWERED' } });
    const { info } = await target.refresh();
    expect([info.state, info.problem?.reason]).toEqual([
      SessionState.SESSION_STATE_BROKEN,
      'STOP_UNANSWERED',
    ]);
    await expect(target.start(scripts.one)).rejects.toMatchObject({ reason: 'SESSION_BROKEN' });
  });
}

describeWith('powershell', 'stops and limits of PowerShell', () => {
  limitsOf(powershell);
});
describe('stops and limits of JavaScript', () => {
  limitsOf(javascript);
});
