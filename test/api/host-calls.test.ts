import { randomUUID } from 'node:crypto';
import type { HostCall, Record as ProtoRecord } from '../../src/gen/runspace/v1/record';
import {
  Waiting,
  type RespondToHostCallRequest,
  type RespondToHostCallResponse,
} from '../../src/gen/runspace/v1/pipeline';
import { HostCallPolicy, SessionOptions } from '../../src/gen/runspace/v1/session';
import type { Value } from '../../src/gen/runspace/v1/value';
import { describeWith, powershellForTests } from '../support/requirements';
import { Calls } from './support/calls';
import { ask, failureOf, short } from './support/raw';
import { serve } from './support/served';

const text = (value: string): Value => ({ kind: { $case: 'string', value } });
const int32 = (value: number): Value => ({ kind: { $case: 'int32', value } });
const secure = (clear: string): Value => ({
  kind: { $case: 'secureString', value: { secretId: '', textUtf16: Buffer.from(clear, 'utf16le') } },
});

/** As Session has them. */
const forAnswer: number = Waiting.WAITING_FOR_ANSWER;
const forReader: number = Waiting.WAITING_FOR_READER;

const yesNo = "[System.Management.Automation.Host.ChoiceDescription[]]('&Yes', '&No')";
const {
  HOST_CALL_POLICY_WAIT: wait,
  HOST_CALL_POLICY_FAIL: fail,
  HOST_CALL_POLICY_DEFAULT: byDefault,
} = HostCallPolicy;

describeWith('powershell', 'P65 host calls over the API', () => {
  const served = serve({ powershell: powershellForTests() ?? 'minimal' });

  beforeAll(async () => {
    await served.client.sessions.create({ name: 'asks', engine: 'powershell' });
  }, 60_000);

  type Answer = Partial<RespondToHostCallRequest>;

  function respond(
    answer: Answer,
    calls: Calls = served.calls,
    clientId = 'raw',
  ): Promise<RespondToHostCallResponse> {
    const request: RespondToHostCallRequest = {
      requestId: randomUUID(),
      clientId,
      session: 'asks',
      pipeline: '',
      callId: 1n,
      value: undefined,
      error: '',
      useDefault: false,
      ...answer,
    };
    return ask((done) => calls.raw.pipelines.respondToHostCall(request, done));
  }

  /** Starts a command and waits until it asks; gives its id and the call. */
  async function asked(
    script: string,
    policy = HostCallPolicy.HOST_CALL_POLICY_UNSPECIFIED,
  ): Promise<{ id: string; call: HostCall }> {
    const watch = served.calls.watch(['asks']);
    try {
      const { id } = await served.calls.start('asks', { script, hostCalls: policy });
      await watch.next(
        'session',
        ({ value }) => value.runningPipelineId === id && value.waiting === forAnswer,
      );
      const { pendingHostCalls } = await served.calls.pipeline('asks', id);
      const [call] = pendingHostCalls;
      if (call === undefined) throw new Error('no call waits');
      return { id, call };
    } finally {
      watch.cancel();
    }
  }

  async function recordsOf(pipeline: string): Promise<readonly ProtoRecord[]> {
    return (await served.calls.receive('asks', { pipeline, afterSequence: 0n })).records;
  }

  async function outputsOf(pipeline: string): Promise<string[]> {
    return (await recordsOf(pipeline)).map(short).filter((line) => line.includes(' output '));
  }

  test('a command that nobody answers waits, in every listing, and its call is a record that can be read again', async () => {
    const { id, call } = await asked('$n = $Host.UI.ReadLine(); "hello $n"');
    expect(call).toEqual({ callId: 1n, method: 'ReadLine', parameters: [], needsResponse: true });
    const { pipelines } = await served.calls.pipelines('asks');
    expect(pipelines.at(-1)).toMatchObject({
      id,
      waiting: Waiting.WAITING_FOR_ANSWER,
      pendingHostCalls: [call],
    });
    const { sessions } = await served.calls.list({ sessions: ['asks'] });
    expect(sessions).toMatchObject([{ waiting: Waiting.WAITING_FOR_ANSWER, pendingHostCalls: [] }]);
    await respond({ pipeline: id, value: text('Ada') });
    const records = await recordsOf(id);
    expect(records.map(({ body }) => body?.$case)).toEqual(['hostCall', 'output', 'final']);
    expect([records[0]?.body, (await outputsOf(id))[0]]).toEqual([
      { $case: 'hostCall', value: call },
      '2 output "hello Ada"',
    ]);
    expect(await served.calls.pipeline('asks', id)).toMatchObject({ waiting: 0, pendingHostCalls: [] });
  });

  test('an answer is taken once: the same request again is fine, another one too late, another payload refused', async () => {
    const { id } = await asked('$Host.UI.ReadLine(); $Host.UI.ReadLine()');
    const requestId = randomUUID();
    const first = { requestId, pipeline: id, value: text('a') };
    await Promise.all([respond(first), respond(first)]);
    await respond(first);
    expect(await failureOf(respond({ ...first, value: text('b') }))).toMatchObject({
      reason: 'REQUEST_ID_REUSED',
    });
    expect(await failureOf(respond({ pipeline: id, value: text('b') }))).toMatchObject({
      status: 'NOT_FOUND',
      reason: 'HOST_CALL_UNKNOWN',
    });
    await until(id, 2n);
    await respond({ pipeline: id, callId: 2n, value: text('c') });
    expect(await outputsOf(id)).toEqual(['2 output "a"', '4 output "c"']);
    expect(await failureOf(respond({ pipeline: id, callId: 2n, value: text('d') }))).toMatchObject({
      reason: 'HOST_CALL_UNKNOWN',
    });
  });

  /** Waits until the pipeline asks this. */
  async function until(id: string, callId: bigint): Promise<void> {
    const watch = served.calls.watch(['asks']);
    for (;;) {
      const { pendingHostCalls } = await served.calls.pipeline('asks', id);
      if (pendingHostCalls.some((call) => call.callId === callId)) break;
      await watch.next('session');
    }
    watch.cancel();
  }

  test('an answer that does not fit says what is expected, and the call goes on waiting', async () => {
    const { id } = await asked(`$Host.UI.PromptForChoice('c', 'm', ${yesNo}, 1)`);
    const wrong: Answer[] = [
      { value: int32(2) },
      { value: text('&Yes') },
      { value: { kind: undefined } },
      {},
      { value: int32(0), error: 'both' },
    ];
    for (const answer of wrong) {
      expect(await failureOf(respond({ pipeline: id, ...answer }))).toMatchObject({
        reason: 'INVALID_ARGUMENT',
      });
    }
    expect(await failureOf(respond({ pipeline: id, value: int32(-1) }))).toMatchObject({
      message: 'value: PromptForChoice expects an integer, 0 for Yes, 1 for No',
    });
    expect(await served.calls.pipeline('asks', id)).toMatchObject({ waiting: Waiting.WAITING_FOR_ANSWER });
    await respond({ pipeline: id, useDefault: true });
    expect(await outputsOf(id)).toEqual(['2 output 1']);
  });

  test('P66 a masked answer comes as a secure string, and its text is nowhere', async () => {
    const { id } = await asked(
      "$s = $Host.UI.ReadLineAsSecureString(); [System.Net.NetworkCredential]::new('', $s).Password.Length; $s",
    );
    expect(await failureOf(respond({ pipeline: id, value: text('tell-nobody-1') }))).toMatchObject({
      message: 'value: ReadLineAsSecureString expects a SecureString',
    });
    await respond({ pipeline: id, value: secure('tell-nobody-2') });
    const records = await recordsOf(id);
    expect(short(records[1] as ProtoRecord)).toBe('2 output 13');
    expect(records[2]?.body).toMatchObject({ value: { value: { kind: { $case: 'secureString' } } } });
    expect(
      JSON.stringify(records, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    ).not.toContain('tell-nobody');
  });

  test('a refusal is an error that the script can catch', async () => {
    const { id } = await asked("try { $Host.UI.ReadLine() } catch { $_.Exception.Message }; 'on'");
    await respond({ pipeline: id, error: 'nobody knows' });
    expect(await outputsOf(id)).toEqual([expect.stringContaining('nobody knows'), '3 output "on"']);
  });

  test('whoever is connected answers, and nobody else; when it has left, the owner may', async () => {
    const { id } = await asked('$Host.UI.ReadLine(); $Host.UI.ReadLine()');
    using other = new Calls(served.daemon.socketPath, 'other');
    await other.connect('asks');
    expect(await failureOf(respond({ pipeline: id, value: text('x') }))).toMatchObject({
      reason: 'CONNECTED_ELSEWHERE',
    });
    await respond({ pipeline: id, value: text('from other') }, other, 'other');
    await other.disconnect('asks');
    await until(id, 2n);
    await respond({ pipeline: id, callId: 2n, value: text('mine') });
    expect(await outputsOf(id)).toEqual(['2 output "from other"', '4 output "mine"']);
  });

  test('P67 a stop ends a command that waits for an answer within a second, and the session goes on', async () => {
    const { id } = await asked('$Host.UI.ReadLine()');
    const before = Date.now();
    const { pipeline, problem } = await served.calls.stop('asks', { pipeline: id });
    expect([pipeline?.state, pipeline?.pendingHostCalls, problem]).toEqual([4, [], undefined]);
    expect(Date.now() - before).toBeLessThan(5_000);
    expect(await failureOf(respond({ pipeline: id, value: text('late') }))).toMatchObject({
      reason: 'HOST_CALL_UNKNOWN',
    });
    const { id: next } = await served.calls.start('asks', '1');
    expect(await outputsOf(next)).toEqual(['1 output 1']);
  });

  test('policy fail: with nobody connected the call is an error that the script can catch', async () => {
    const script = "try { $Host.UI.ReadLine() } catch { $_.Exception.Message }; 'on'";
    const { id } = await served.calls.start('asks', { script, hostCalls: fail });
    expect(await outputsOf(id)).toEqual([expect.stringContaining('HOST_CALL_UNANSWERED'), '3 output "on"']);
  });

  test('policy default: with nobody connected the default is the answer, and what has none fails', async () => {
    const script = `$Host.UI.PromptForChoice('c', 'm', ${yesNo}, 1); "<$($Host.UI.ReadLine())>"; try { $Host.UI.PromptForCredential('c', 'm', 'u', 't') } catch { $_.Exception.Message }`;
    const { id } = await served.calls.start('asks', { script, hostCalls: byDefault });
    expect((await outputsOf(id)).map((line) => line.replace(/^\d+ output /, ''))).toEqual([
      '1',
      '"<>"',
      expect.stringContaining('HOST_CALL_UNANSWERED'),
    ]);
  });

  test('the policy of the session holds where the command says none, and never while somebody is connected', async () => {
    await served.calls.create({
      name: 'fails',
      engine: 'powershell',
      wait: true,
      options: SessionOptions.fromPartial({ hostCalls: fail }),
    });
    expect((await served.calls.get('fails')).options?.hostCalls).toBe(fail);
    const script = "try { $Host.UI.ReadLine() } catch { 'failed' }";
    const first = await served.calls.start('fails', script);
    const { records } = await served.calls.receive('fails', { pipeline: first.id, afterSequence: 0n });
    expect(records.map(short)).toContain('2 output "failed"');
    const stream = served.calls.invoke('fails', script);
    const batch = await stream.next('batch');
    expect(batch).toMatchObject({ value: { records: [{ body: { $case: 'hostCall' } }] } });
    const { runningPipelineId } = await served.calls.get('fails');
    await respond({ session: 'fails', pipeline: runningPipelineId, value: text('there') });
    const after = await served.calls.receive('fails', { pipeline: runningPipelineId, afterSequence: 0n });
    expect(after.records.map(short)).toContain('2 output "there"');
    stream.cancel();
  });

  test('policy wait of a command wins over the session', async () => {
    const { id } = await asked('$Host.UI.ReadLine()', wait);
    expect(await served.calls.pipeline('asks', id)).toMatchObject({ hostCalls: wait });
    await respond({ pipeline: id, value: text('x') });
    expect(await outputsOf(id)).toEqual(['2 output "x"']);
  });

  test('a waiting command is not silent: the output timeout counts from its answer on', async () => {
    const watch = served.calls.watch(['asks']);
    const { id } = await served.calls.start('asks', {
      script: "$Host.UI.ReadLine(); 'on'",
      outputTimeout: { seconds: 1n, nanos: 0 },
    });
    await until(id, 1n);
    watch.cancel();
    const later = await served.calls.start('asks', "'queued'");
    await new Promise((resolve) => setTimeout(resolve, 1_500)); // The time itself is what is tested.
    expect(later.queuePlace).toBe(1);
    await respond({ pipeline: id, value: text('x') });
    expect(await outputsOf(id)).toEqual(['2 output "x"', '3 output "on"']);
  });

  test('an answer resumes a command whose output nobody reads', async () => {
    await served.calls.create({
      name: 'blocks',
      engine: 'powershell',
      wait: true,
      options: SessionOptions.fromPartial({ unreadLimitBytes: 65_536n }),
    });
    const script = "'x' * 80000; $Host.UI.ReadLine(); 'after'";
    const watch = served.calls.watch(['blocks']);
    const { id } = await served.calls.start('blocks', script);
    await watch.next('session', ({ value }) => value.waiting === forAnswer || value.waiting === forReader);
    const { waiting } = await served.calls.pipeline('blocks', id);
    if (waiting === Waiting.WAITING_FOR_READER) {
      // The output came alone: reading it is what lets the call come.
      await served.calls.acknowledge('blocks', id, 1n);
      await watch.next('session', ({ value }) => value.waiting === forAnswer);
    }
    await respond({ session: 'blocks', pipeline: id, value: text('go on') });
    await watch.next('session', ({ value }) => value.runningPipelineId === '');
    watch.cancel();
    expect(await served.calls.pipeline('blocks', id)).toMatchObject({ state: 5 });
  });

  test('P65 a program is the host: its handlers are asked in order, and what they throw the script can catch', async () => {
    const session = await served.client.sessions.get('asks');
    const script = `
      "1 $($Host.UI.ReadLine())"
      "2 $([System.Net.NetworkCredential]::new('', $Host.UI.ReadLineAsSecureString()).Password)"
      $f = [System.Management.Automation.Host.FieldDescription]::new('Age'); $f.SetParameterType([int])
      "3 $($Host.UI.Prompt('c', 'm', $f)['Age'] + 1)"
      "4 $($Host.UI.PromptForCredential('c', 'm', 'u', 't').GetNetworkCredential().Password)"
      "5 $($Host.UI.PromptForChoice('c', 'm', ${yesNo}, 1))"
      "6 $($Host.UI.PromptForChoice('c', 'm', ${yesNo}, [int[]]@(0)) -join ',')"
      "7 $($Host.UI.RawUI.ReadKey('NoEcho,IncludeKeyDown').Character)"
      try { $Host.UI.ReadLine() } catch { "8 $_" }`;
    const order: string[] = [];
    let lines = 0;
    const pipeline = session.invoke(script, {
      host: {
        readLine: () => {
          if (lines++ > 0) throw new Error('not again');
          return 'text';
        },
        readSecret: () => 'pass',
        prompt: ({ fields }) => {
          order.push(fields.map(({ name, type }) => `${name} ${type}`).join());
          return { Age: 41 };
        },
        credential: ({ userName }) => ({ userName, password: 'word' }),
        choose: ({ choices, defaultChoice }) => {
          order.push(choices.map(({ key, label }) => `${key}:${label}`).join(), String(defaultChoice));
          return 0;
        },
        chooseSeveral: ({ defaultChoices }) => [...defaultChoices, 1],
        readKey: () => 'k',
      },
    });
    const values: unknown[] = [];
    for await (const value of pipeline.values()) values.push(value);
    expect(values).toEqual([
      '1 text',
      '2 pass',
      '3 42',
      '4 word',
      '5 0',
      '6 0,1',
      '7 k',
      expect.stringContaining('not again'),
    ]);
    expect(order).toEqual(['Age System.Int32', 'Y:Yes,N:No', '1']);
  });

  test('P65 a program that comes later is asked only what still waits', async () => {
    const session = await served.client.sessions.get('asks');
    const { id } = await asked('$Host.UI.ReadLine(); $Host.UI.ReadLine()');
    await respond({ pipeline: id, value: text('first') });
    await until(id, 2n);
    const values: unknown[] = [];
    const pipeline = session.receive({ pipeline: id, afterSequence: 0n, host: { readLine: () => 'second' } });
    for await (const value of pipeline.values()) values.push(value);
    expect(values).toEqual(['first', 'second']);
  });

  test('a session that asks nothing has no call to answer, whatever its engine', async () => {
    expect(await failureOf(respond({ session: 'witness', value: text('x') }))).toMatchObject({
      reason: 'HOST_CALL_UNKNOWN',
    });
    expect(await failureOf(respond({ pipeline: 'nothing', value: text('x') }))).toMatchObject({
      reason: 'PIPELINE_NOT_FOUND',
    });
    expect(await failureOf(respond({ requestId: '', value: text('x') }))).toMatchObject({
      reason: 'INVALID_ARGUMENT',
    });
  });
});
