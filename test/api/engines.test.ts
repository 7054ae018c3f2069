import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Record as ProtoRecord } from '../../src/gen/runspace/v1/record';
import { SessionOptions, SessionState } from '../../src/gen/runspace/v1/session';
import { eventually, Unfulfilled } from '../e2e/support/eventually';
import { processesWith } from '../e2e/support/processes';
import { temporaryFolder } from '../support/temporary-folder';
import { failureOf } from './support/raw';
import { serve } from './support/served';

const folder = temporaryFolder();
const program = join(folder.path, 'pwsh');
const mark = `RUNSPACED_TEST_FOLDER=${folder.path}`;
const served = serve({ powershell: program });

afterAll(() => {
  folder[Symbol.dispose]();
});

/** Makes this the PowerShell that the daemon finds: a shell script, or what it is given. */
function powershellIs(script: string, mode = 0o755): void {
  writeFileSync(program, script, { mode: 0o755 });
  chmodSync(program, mode);
}

const openTimeout = (ms: number) => ({
  ...SessionOptions.fromPartial({}),
  openTimeout: { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1e6 },
});

function openPowerShell(name: string, openTimeoutMs = 20_000) {
  return served.calls.create({
    name,
    engine: 'powershell',
    wait: true,
    options: openTimeout(openTimeoutMs),
    environment: { RUNSPACED_TEST_FOLDER: folder.path },
  });
}

/** Nothing of a session's engine runs any more. */
function nothingLeft(): Promise<boolean> {
  return eventually('all processes of the engine end', () => {
    const left = processesWith(mark);
    return left.length === 0 ? true : new Unfulfilled(left);
  });
}

describe('an engine that does not start', () => {
  test.each([
    [
      'ends at once',
      '#!/bin/sh\necho "libsecret.so.9 is missing" >&2\nexit 3\n',
      [/libsecret\.so\.9 is missing/, /3/],
    ],
    ['ends at once, well', '#!/bin/sh\nexit 0\n', [/0/]],
    ['is ended by a signal', '#!/bin/sh\nkill -9 $$\n', [/SIGKILL/]],
    ['talks, then ends', '#!/bin/sh\necho welcome to my shell\necho tata >&2\nexit 1\n', [/tata/]],
  ])(
    'because it %s: ENGINE_START_FAILED with its last words, and the session is broken',
    async (what, script, says) => {
      powershellIs(script);
      const name = what.replaceAll(/[ ,]+/g, '-');
      const failure = await failureOf(openPowerShell(name));
      const session = await served.calls.get(name);
      expect(failure).toMatchObject({
        status: 'FAILED_PRECONDITION',
        reason: 'ENGINE_START_FAILED',
        domain: 'runspaced',
      });
      expect(
        says
          .filter((words) => !words.test(failure.message))
          .map((words) => `${String(words)} ${failure.message}`),
      ).toEqual([]);
      expect([session.state, session.problem?.reason]).toEqual([
        SessionState.SESSION_STATE_BROKEN,
        'ENGINE_START_FAILED',
      ]);
      expect(await nothingLeft()).toBe(true);
    },
  );

  test('because it is no program: ENGINE_START_FAILED', async () => {
    powershellIs('\u0000\u0001\u0002 not a program');
    expect(await failureOf(openPowerShell('no-program'))).toMatchObject({
      reason: 'ENGINE_START_FAILED',
      domain: 'runspaced',
    });
  });

  test('because its interpreter is missing: ENGINE_START_FAILED, which names it', async () => {
    powershellIs('#!/nowhere/sh\n');
    const failure = await failureOf(openPowerShell('no-interpreter'));
    expect(failure).toMatchObject({ reason: 'ENGINE_START_FAILED', domain: 'runspaced' });
    expect(failure.message).toContain(program);
  });

  test('because it is not there: ENGINE_NOT_FOUND before there is a session, with the remedy', async () => {
    powershellIs('', 0o644);
    const failure = await failureOf(openPowerShell('not-there'));
    const { sessions } = await served.calls.list({ sessions: ['not-there*'] });
    expect(failure).toMatchObject({
      status: 'NOT_FOUND',
      reason: 'ENGINE_NOT_FOUND',
      domain: 'runspaced',
      facts: { engine: 'powershell' },
    });
    expect(failure.message).toMatch(/RUNSPACED_PWSH names .*correct it/);
    expect(sessions).toEqual([]);
  });

  test.each([
    ['hangs', '#!/bin/sh\necho "waiting for a licence" >&2\nexec sleep 1000\n'],
    [
      'hangs and ignores SIGTERM',
      '#!/bin/sh\ntrap "" TERM\necho "waiting for a licence" >&2\nwhile :; do sleep 1; done\n',
    ],
    [
      'says more lines that are no protocol than anybody needs',
      '#!/bin/sh\necho "waiting for a licence" >&2\nexec yes "welcome to my shell"\n',
    ],
  ])('in time because it %s: ENGINE_TIMEOUT, and nothing of it is left', async (what, script) => {
    powershellIs(script);
    const name = what.replaceAll(/[ ,]+/g, '-');
    const failure = await failureOf(openPowerShell(name, 1_500));
    const session = await served.calls.get(name);
    expect(failure).toMatchObject({
      status: 'DEADLINE_EXCEEDED',
      reason: 'ENGINE_TIMEOUT',
      domain: 'runspaced',
    });
    expect(failure.message).toMatch(/1\.5 s|1500/);
    expect(failure.message).toMatch(/waiting for a licence/);
    expect([session.state, session.problem?.reason]).toEqual([
      SessionState.SESSION_STATE_BROKEN,
      'ENGINE_TIMEOUT',
    ]);
    expect(await nothingLeft()).toBe(true);
  });

  test('because it says a line without an end: a typed error within bounded memory', async () => {
    powershellIs('#!/bin/sh\nexec cat /dev/zero\n');
    const failure = await failureOf(openPowerShell('endless-line', 15_000));
    const { keepers } = await served.client.daemon.status();
    expect(['ENGINE_PROTOCOL_ERROR', 'ENGINE_START_FAILED', 'ENGINE_TIMEOUT', 'OBJECT_TOO_LARGE']).toContain(
      failure.reason,
    );
    expect(failure.domain).toBe('runspaced');
    expect(Math.max(...keepers.map(({ memoryBytes }) => Number(memoryBytes)))).toBeLessThan(
      900 * 1024 * 1024,
    );
    expect(await nothingLeft()).toBe(true);
  }, 60_000);

  test('because it floods its standard error: a typed error within bounded memory', async () => {
    powershellIs('#!/bin/sh\nexec yes error error error >&2\n');
    const failure = await failureOf(openPowerShell('floods-stderr', 3_000));
    const { keepers } = await served.client.daemon.status();
    expect(failure).toMatchObject({ reason: 'ENGINE_TIMEOUT', domain: 'runspaced' });
    expect(failure.message.length).toBeLessThan(4_096);
    expect(Math.max(...keepers.map(({ memoryBytes }) => Number(memoryBytes)))).toBeLessThan(
      400 * 1024 * 1024,
    );
    expect(await nothingLeft()).toBe(true);
  });

  test('in a folder that is not there: ENGINE_START_FAILED, which names the folder', async () => {
    const failure = await failureOf(
      served.calls.create({ name: 'no-folder', wait: true, workingDirectory: '/nowhere/at/all' }),
    );
    expect(failure).toMatchObject({ reason: 'ENGINE_START_FAILED', domain: 'runspaced' });
    expect(failure.message).toContain('/nowhere/at/all');
  });

  test('in a folder that is a file: ENGINE_START_FAILED', async () => {
    powershellIs('#!/bin/sh\nexit 0\n');
    const failure = await failureOf(
      served.calls.create({ name: 'file-folder', wait: true, workingDirectory: program }),
    );
    expect(failure).toMatchObject({ reason: 'ENGINE_START_FAILED', domain: 'runspaced' });
  });

  test.each([
    ['a name with =', { 'A=B': 'c' }],
    ['an empty name', { '': 'c' }],
    ['a zero in a value', { A: 'b\0c' }],
  ])('for an environment with %s: a typed error', async (_what, environment) => {
    const failure = await failureOf(served.calls.create({ wait: true, environment }));
    expect(['INVALID_ARGUMENT', 'ENGINE_START_FAILED']).toContain(failure.reason);
  });

  test('can be removed, and its name used again', async () => {
    powershellIs('#!/bin/sh\nexit 1\n');
    await failureOf(openPowerShell('again'));
    await served.calls.remove('again');
    expect((await served.session('again')).info.state).toBe('SESSION_STATE_DISCONNECTED');
  });

  test('refuses commands with SESSION_BROKEN, which says why', async () => {
    powershellIs('#!/bin/sh\necho "out of luck" >&2\nexit 1\n');
    await failureOf(openPowerShell('unlucky'));
    const failure = await failureOf(served.calls.start('unlucky', '1'));
    expect(failure).toMatchObject({
      status: 'FAILED_PRECONDITION',
      reason: 'SESSION_BROKEN',
      facts: { session: 'unlucky', reason: 'ENGINE_START_FAILED' },
    });
    expect(failure.message).toMatch(/out of luck.*runspace rm unlucky/s);
  });

  test('is told by the stream of a caller that attached while it opened', async () => {
    powershellIs('#!/bin/sh\nsleep 1\nexit 1\n');
    await served.calls.create({ name: 'opening', engine: 'powershell' });
    const failure = await failureOf(served.calls.attach('opening').end());
    expect(failure).toMatchObject({ reason: 'SESSION_BROKEN', facts: { reason: 'ENGINE_START_FAILED' } });
  });
});

describe('an engine that is lost', () => {
  const dies = 'process.kill(process.ppid, "SIGKILL"); await new Promise(() => undefined)';

  test('in the middle of a command: its output is there, its last record says ENGINE_LOST, the session is broken', async () => {
    await served.session('lost');
    const { id } = await served.calls.start('lost', {
      script: 'console.log(1); for await (const _ of input);',
      hasInput: true,
    });
    const { enginePid } = await served.calls.get('lost');
    const records: ProtoRecord[] = [];
    for await (const { event } of served.calls.open('lost', { pipeline: id, afterSequence: 0n })) {
      if (event?.$case !== 'batch') continue;
      records.push(...event.value.records);
      if (records.length === 1) process.kill(Number(enginePid), 'SIGKILL');
    }
    const watch = served.calls.watch(['lost']);
    const { value } = await watch.next(
      'session',
      (event) => event.value.state === SessionState.SESSION_STATE_BROKEN,
    );
    watch.cancel();
    expect(records.map(({ body }) => body?.$case)).toEqual(['output', 'final']);
    expect(records[1]?.body).toMatchObject({ value: { state: 2, problem: { reason: 'ENGINE_LOST' } } });
    expect(value.problem?.reason).toBe('ENGINE_LOST');
  });

  test('with commands waiting: they end too, and never run', async () => {
    await served.session('lost-queue');
    const first = await served.calls.start('lost-queue', {
      script: `for await (const _ of input); ${dies}`,
      hasInput: true,
    });
    const waiting = await served.calls.start('lost-queue', '1');
    await served.calls.input('lost-queue', { pipeline: first.id, endOfInput: true });
    await served.calls.receive('lost-queue', { pipeline: first.id, afterSequence: 0n });
    const { records } = await served.calls.receive('lost-queue', { pipeline: waiting.id, afterSequence: 0n });
    expect(records.map(({ body }) => body)).toMatchObject([{ $case: 'final', value: { state: 2 } }]);
  });

  test('between commands: the session is broken, and what it wrote can be received', async () => {
    const session = await served.session('lost-idle');
    const { id } = await served.calls.start('lost-idle', '"still here"');
    await served.calls.receive('lost-idle', { pipeline: id, afterSequence: 0n });
    const { enginePid } = await served.calls.get(session.id);
    const watch = served.calls.watch(['lost-idle']);
    process.kill(Number(enginePid), 'SIGKILL');
    await watch.next('session', (event) => event.value.state === SessionState.SESSION_STATE_BROKEN);
    watch.cancel();
    const { records } = await served.calls.receive('lost-idle', { pipeline: id, afterSequence: 0n });
    expect(records).toHaveLength(2);
  });
});
