import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FinalRecord, StreamRecord } from '../../src/core/record';
import { nullValue, stringValue, type Value } from '../../src/core/value';
import type { Engine } from '../../src/engine/engine';
import { propertyOf } from '../../src/psrp/clixml/properties';
import { displayText } from '../../src/psrp/records';
import { openPowerShell } from '../../src/engine/powershell/open';
import { spawnStdio } from '../../src/transport/stdio';
import { engineOptions, invocationOf, openForTest, run } from '../support/powershell';
import { allStreams } from '../support/powershell-scripts';
import { describeWith } from '../support/requirements';
import { temporaryFolder } from '../support/temporary-folder';

function outputs(records: readonly StreamRecord[]): Value[] {
  return records.flatMap((record) => (record.stream === 'output' ? [record.value] : []));
}

function texts(records: readonly StreamRecord[]): string[] {
  return outputs(records).map(displayText);
}

function finalOf(records: readonly StreamRecord[]): FinalRecord | undefined {
  const last = records.at(-1);
  return last?.stream === 'final' ? last : undefined;
}

const int32 = (value: number): Value => ({ type: 'int32', value });

// A machine that is busy takes seconds to start a PowerShell.
jest.setTimeout(60_000);

async function* paced(items: readonly Value[], eachMs = 0): AsyncGenerator<Value> {
  for (const item of items) {
    if (eachMs > 0) await delay(eachMs);
    yield item;
  }
}

describeWith('powershell', 'the PowerShell engine', () => {
  let engine: Engine;
  const notices: StreamRecord[] = [];

  beforeAll(async () => {
    engine = await openForTest({ onNotice: (record) => notices.push(record) });
  });
  afterAll(async () => {
    await engine.close();
  });

  test('says what it is', () => {
    expect(engine.info).toMatchObject({
      engine: 'powershell',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      runspaceId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      processId: expect.any(Number) as number,
    });
  });

  describe('a script', () => {
    test('P10 runs where its variables are', async () => {
      await run(engine, '$remote = 40');
      expect(outputs(await run(engine, '$remote + 2'))).toEqual([int32(42)]);
    });

    test('P10 arrives as it was written, escapes and emoji included', async () => {
      expect(outputs(await run(engine, "'_x0041_ 😀 <&>\t\r\n end'"))).toEqual([
        stringValue('_x0041_ 😀 <&>\t\r\n end'),
      ]);
    });

    test('takes arguments by name and by position, typed', async () => {
      const script =
        'param($First, $Second) $First.GetType().Name; $Second.GetType().Name; $args.Count; $args[0]';
      const moment = '2024-02-29T12:30:00Z';
      const records = await run(engine, script, {
        arguments: [
          { name: 'Second', value: { type: 'dateTime', text: moment } },
          { value: { type: 'double', value: 1.5 } },
          { value: nullValue },
        ],
      });
      expect(outputs(records)).toEqual([stringValue('Double'), stringValue('DateTime'), int32(1), nullValue]);
    });

    test('P68 gives $null as one null record, and nothing for nothing', async () => {
      expect(outputs(await run(engine, '$null'))).toEqual([nullValue]);
      expect(await run(engine, '[void]1')).toEqual([{ stream: 'final', state: 'completed' }]);
    });

    test('that throws fails with the error as its last record but one', async () => {
      const records = await run(engine, "'before'; throw 'boo'; 'after'");
      expect(texts(records)).toEqual(['before']);
      expect(records.at(-2)).toMatchObject({ stream: 'error', message: 'boo', category: 'OperationStopped' });
      expect(finalOf(records)).toMatchObject({
        state: 'failed',
        reason: { code: 'SCRIPT_FAILED', message: 'boo' },
      });
    });

    test("that can not be parsed fails with the parser's error", async () => {
      const records = await run(engine, '1 +');
      expect(records.at(-2)).toMatchObject({ stream: 'error', category: 'ParserError' });
      expect(finalOf(records)).toMatchObject({ state: 'failed', reason: { code: 'SCRIPT_FAILED' } });
    });

    test('that throws an object keeps it as the target', async () => {
      const records = await run(engine, "throw [pscustomobject]@{ Why = 'because' }");
      const error = records.at(-2);
      expect(propertyOf(error?.stream === 'error' ? error.targetObject : undefined, 'Why')).toEqual(
        stringValue('because'),
      );
    });

    test('may be empty of statements', async () => {
      expect(finalOf(await run(engine, '# nothing'))).toMatchObject({ state: 'completed' });
    });
  });

  describe('the runspace', () => {
    test('P28 keeps variables, unless a new scope is asked for', async () => {
      await run(engine, '$scoped = 1');
      await run(engine, '$scoped = 2', { newScope: true });
      expect(outputs(await run(engine, '$scoped'))).toEqual([int32(1)]);
    });

    test('P30 keeps functions, directory and environment from call to call', async () => {
      await run(
        engine,
        "function Get-Kept { 'kept' }; $ExecutionContext.SessionState.Path.SetLocation('/').Path; $env:RUNSPACED_TEST = 'set'",
      );
      expect(texts(await run(engine, 'Get-Kept; $PWD.Path; $env:RUNSPACED_TEST'))).toEqual([
        'kept',
        '/',
        'set',
      ]);
    });

    test('P30 keeps $LASTEXITCODE of native programs, whose output is strings and errors', async () => {
      const records = await run(engine, "/bin/sh -c 'echo out; echo err >&2; exit 4'");
      expect(texts(records)).toEqual(['out']);
      expect(records.find((record) => record.stream === 'error')).toMatchObject({ message: 'err' });
      expect(outputs(await run(engine, '$LASTEXITCODE'))).toEqual([int32(4)]);
    });

    test('P30 exit N gives the exit code and leaves the session alive', async () => {
      expect(finalOf(await run(engine, 'exit 3'))).toEqual({
        stream: 'final',
        state: 'completed',
        exitCode: 3,
      });
      expect(outputs(await run(engine, '1'))).toEqual([int32(1)]);
    });
  });

  describe('records', () => {
    test('P60 all streams come typed and in the order of writing', async () => {
      const records = await run(engine, allStreams);
      expect(records).toMatchObject([
        { stream: 'output', value: int32(1) },
        { stream: 'verbose', message: 'v' },
        { stream: 'warning', message: 'w' },
        { stream: 'debug', message: 'd' },
        { stream: 'information', message: 'i', tags: ['tag'] },
        { stream: 'progress', activity: 'activity', activityId: 3, statusDescription: 'status' },
        {
          stream: 'error',
          message: 'e',
          fullyQualifiedErrorId: 'Id',
          category: 'InvalidData',
          targetObject: int32(5),
        },
        { stream: 'output', value: int32(2) },
        { stream: 'final', state: 'completed' },
      ]);
    });

    test('P60 what Write-Host writes comes once, with its colour', async () => {
      const records = await run(
        engine,
        `[CmdletBinding()] param()
        $message = [System.Management.Automation.HostInformationMessage]::new()
        $message.Message = 'green'; $message.ForegroundColor = 'Green'
        $PSCmdlet.WriteInformation($message, @('PSHOST'))
        $PSCmdlet.WriteInformation($message, @('PSHOST'))`,
      );
      expect(records.slice(0, -1)).toMatchObject([
        {
          stream: 'information',
          message: 'green',
          tags: ['PSHOST'],
          host: { foreground: 10, noNewLine: false },
        },
        { stream: 'information', message: 'green' },
      ]);
    });

    test('P60 what is written to the host is a record', async () => {
      const records = await run(
        engine,
        "$host.UI.Write('a'); $host.UI.WriteLine('b'); $host.UI.WriteErrorLine('c'); $host.UI.WriteWarningLine('d')",
      );
      expect(records.slice(0, -1)).toMatchObject([
        { stream: 'information', message: 'a', tags: ['PSHOST'], host: { noNewLine: true } },
        { stream: 'information', message: 'b', host: { noNewLine: false } },
        { stream: 'error', message: 'c' },
        { stream: 'warning', message: 'd' },
      ]);
    });

    test('P61 an object comes with type names, properties and nested objects', async () => {
      const [value] = outputs(
        await run(
          engine,
          "[pscustomobject]@{ Name = 'a'; Inner = [pscustomobject]@{ List = 1, 'two'; At = [guid]::Empty } }",
        ),
      );
      const inner = propertyOf(value, 'Inner');
      expect(value).toMatchObject({
        type: 'object',
        typeNames: ['System.Management.Automation.PSCustomObject', 'System.Object'],
      });
      expect(propertyOf(value, 'name')).toEqual(stringValue('a'));
      expect(propertyOf(inner, 'List')).toMatchObject({ items: [int32(1), stringValue('two')] });
      expect(propertyOf(inner, 'At')).toEqual({ type: 'guid', text: '00000000-0000-0000-0000-000000000000' });
    });

    test('P61 a .NET object comes with its text and the properties of its type', async () => {
      const [value] = outputs(await run(engine, "[System.IO.FileInfo]'/etc/hostname'"));
      expect(value).toMatchObject({ type: 'object', text: '/etc/hostname' });
      expect(value?.type === 'object' ? value.typeNames[0] : undefined).toBe('System.IO.FileInfo');
      expect(propertyOf(value, 'Name')).toEqual(stringValue('hostname'));
    });

    test('twenty thousand come in order', async () => {
      const records = await run(engine, '1..20000');
      expect(outputs(records)).toEqual(Array.from({ length: 20_000 }, (_, index) => int32(index + 1)));
    });

    test('a string of 20 MB comes whole', async () => {
      const [value] = outputs(await run(engine, "'0123456789abcdef' * (1MB * 20 / 16)"));
      expect(value?.type === 'string' ? value.value.length : 0).toBe(20 * 1024 * 1024);
    });

    test('are not read while the consumer is busy', async () => {
      const batches: number[] = [];
      for await (const batch of engine.invoke(invocationOf("foreach ($n in 1..300) { 'x' * 100KB }"))) {
        batches.push(batch.length);
        if (batches.length < 3) await delay(100);
        expect(process.memoryUsage().rss).toBeLessThan(2_000_000_000);
      }
      expect(batches.reduce((total, count) => total + count)).toBe(301);
    });

    test('noise on the standard output is a warning in the running command', async () => {
      const noise = "[Console]::OpenStandardOutput().Write([byte[]](65, 66, 10)); 'after'";
      expect(await run(engine, noise)).toMatchObject([
        { stream: 'warning', message: expect.stringContaining('AB') as string },
        { stream: 'output', value: stringValue('after') },
        { stream: 'final', state: 'completed' },
      ]);
    });

    test('noise without a line end harms nothing', async () => {
      const script =
        "$p = [Diagnostics.Process]::Start('/usr/bin/printf', 'no-end'); $p.WaitForExit(); 'after'";
      const records = await run(engine, script);
      expect(texts(records)).toEqual(['after']);
      expect(records.find((record) => record.stream === 'warning')).toMatchObject({
        message: expect.stringContaining('no-end') as string,
      });
    });

    test('noise between two commands is a notice', async () => {
      notices.length = 0;
      await run(
        engine,
        "[void][Diagnostics.Process]::Start('/bin/sh', [string[]]('-c', 'sleep 0.3; echo late'))",
      );
      while (notices.length === 0) await delay(20);
      expect(notices).toMatchObject([
        { stream: 'warning', message: expect.stringContaining('late') as string },
      ]);
    });
  });

  describe('input', () => {
    test('is seen by $input, null included', async () => {
      const input = paced([int32(1), nullValue, stringValue('three')]);
      expect(
        texts(await run(engine, '@($input).Count; ($input | ForEach-Object { "[$_]" })', { input })),
      ).toEqual(['3']);
    });

    test('is processed as it comes', async () => {
      const arrivals: string[] = [];
      async function* answering(): AsyncGenerator<Value> {
        for (const name of ['a', 'b', 'c']) {
          yield stringValue(name);
          while (arrivals.at(-1) !== name) await delay(5);
        }
      }
      for await (const batch of engine.invoke(invocationOf('process { $_ }', { input: answering() })))
        arrivals.push(...texts(batch));
      expect(arrivals).toEqual(['a', 'b', 'c']);
    });

    test('of ten thousand items arrives whole and in order', async () => {
      const items = Array.from({ length: 10_000 }, (_, index) => int32(index));
      expect(outputs(await run(engine, 'process { $_ }', { input: paced(items) }))).toEqual(items);
    });

    test('that breaks off fails the command', async () => {
      async function* broken(): AsyncGenerator<Value> {
        yield int32(1);
        throw new Error('no more');
      }
      const records = await run(engine, 'process { $_ }', { input: broken() });
      expect(finalOf(records)).toMatchObject({ state: 'failed', reason: { code: 'INVALID_ARGUMENT' } });
      expect(outputs(await run(engine, '1'))).toEqual([int32(1)]);
    });

    test('that is never read is let go when the command ends', async () => {
      let released: () => void = () => undefined;
      const release = new Promise<void>((resolve) => {
        released = resolve;
      });
      async function* endless(): AsyncGenerator<Value> {
        try {
          for (;;) {
            await delay(5);
            yield int32(0);
          }
        } finally {
          released();
        }
      }
      await run(engine, '1', { input: endless() });
      await expect(release).resolves.toBeUndefined();
    });
  });

  describe('stop', () => {
    /** Starts a script, stops it when it has written its first record, and gives the records and how long the stop took. */
    async function stopped(script: string): Promise<{ records: StreamRecord[]; tookMs: number }> {
      const records: StreamRecord[] = [];
      let stoppedAt = 0;
      for await (const batch of engine.invoke(invocationOf(script))) {
        records.push(...batch);
        if (stoppedAt !== 0) continue;
        stoppedAt = performance.now();
        engine.stop();
      }
      return { records, tookMs: performance.now() - stoppedAt };
    }

    test.each([
      ['a loop', "'started'; while ($true) { }"],
      [
        'a sleep',
        "'started'; [Threading.Thread]::Sleep(300); while ($true) { [Threading.Thread]::Sleep(50) }",
      ],
      ['a native sleep', "'started'; /bin/sleep 30"],
      ['a flood', "while ($true) { 'x' * 1000 }"],
    ])('P67 ends %s within a second, and then 1 prints 1', async (_, script) => {
      const { records, tookMs } = await stopped(script);
      expect(finalOf(records)).toMatchObject({ state: 'stopped', reason: { code: 'STOPPED' } });
      expect(tookMs).toBeLessThan(1000);
      expect(outputs(await run(engine, '1'))).toEqual([int32(1)]);
    });

    test('right after the start ends the command, each of thirty times', async () => {
      for (let round = 0; round < 30; round++) {
        const records: StreamRecord[] = [];
        const running = engine.invoke(invocationOf('while ($true) { }'));
        setTimeout(() => {
          engine.stop();
        }, round % 10);
        for await (const batch of running) records.push(...batch);
        expect(finalOf(records)).toMatchObject({ state: 'stopped' });
      }
    });

    test('of an idle engine does nothing', async () => {
      engine.stop();
      expect(outputs(await run(engine, '1'))).toEqual([int32(1)]);
    });

    test('comes by itself when the consumer goes away', async () => {
      for await (const batch of engine.invoke(invocationOf("'x'; while ($true) { }"))) {
        expect(batch.length).toBeGreaterThan(0);
        break;
      }
      expect(outputs(await run(engine, '1'))).toEqual([int32(1)]);
    });
  });

  test('a second command while one runs is refused', async () => {
    const first = engine.invoke(invocationOf("'x'; while ($true) { }"));
    expect(() => engine.invoke(invocationOf('1'))).toThrow(
      expect.objectContaining({ code: 'SESSION_BUSY' }) as Error,
    );
    engine.stop();
    for await (const batch of first) expect(batch.length).toBeGreaterThan(0);
  });

  test('an argument that can not be sent fails that command only', async () => {
    let deep: Value = nullValue;
    for (let depth = 0; depth < 200; depth++) deep = { type: 'list', items: [deep] };
    const records = await run(engine, '1', { arguments: [{ value: deep }] });
    expect(finalOf(records)).toMatchObject({ state: 'failed', reason: { code: 'INVALID_ARGUMENT' } });
    expect(outputs(await run(engine, '1'))).toEqual([int32(1)]);
  });
});

describeWith('powershell', 'a PowerShell of its own', () => {
  test('shows application arguments to scripts', async () => {
    await using engine = await openForTest({ applicationArguments: [['Caller', stringValue('me')]] });
    expect(texts(await run(engine, '$PSSenderInfo.ApplicationArguments.Caller'))).toEqual(['me']);
  });

  test('gets its environment and folder from the options', async () => {
    await using engine = await openForTest({
      environment: { PATH: '/usr/bin:/bin', ONLY: 'this' },
      workingDirectory: '/',
    });
    const script =
      "$env:ONLY; [Environment]::CurrentDirectory; [Environment]::GetEnvironmentVariable('RUNSPACED_HOME') -eq $null";
    expect(texts(await run(engine, script))).toEqual(['this', '/', 'True']);
  });

  test.each(['plain', "it's a `folder`", 'with [brackets] and * and $HOME', 'with ’ and “quotes”'])(
    'P30 begins in the folder of the options: %p',
    async (name) => {
      using parent = temporaryFolder();
      const folder = join(parent.path, name);
      mkdirSync(folder);
      await using engine = await openForTest({ workingDirectory: folder });
      const script = '$ExecutionContext.SessionState.Path.CurrentLocation.Path; "$PWD"; /bin/pwd';
      expect(texts(await run(engine, script))).toEqual([folder, folder, folder]);
    },
  );

  test('over the object limit fails the command with the limit, and goes on', async () => {
    await using engine = await openForTest({ maximumReceivedObjectSize: 1024 * 1024 });
    const records = await run(engine, "'small'; 'x' * 2MB; 'never'; while ($true) { }");
    expect(texts(records)).toEqual(['small']);
    expect(finalOf(records)).toMatchObject({
      state: 'failed',
      reason: { code: 'OBJECT_TOO_LARGE', facts: { option: 'MaximumReceivedObjectSize', limit: '1048576' } },
    });
    expect(outputs(await run(engine, '1'))).toEqual([int32(1)]);
  });

  test('that is killed in mid-command fails it with ENGINE_LOST', async () => {
    await using engine = await openForTest();
    const records: StreamRecord[] = [];
    for await (const batch of engine.invoke(invocationOf("'started'; while ($true) { }"))) {
      records.push(...batch);
      if (records.length === 1) process.kill(engine.info.processId ?? 0, 'SIGKILL');
    }
    expect(finalOf(records)).toMatchObject({ state: 'failed', reason: { code: 'ENGINE_LOST' } });
    expect(await engine.ended).toMatchObject({ is: 'lost', error: { code: 'ENGINE_LOST' } });
    expect(finalOf(await run(engine, '1'))).toMatchObject({
      state: 'failed',
      reason: { code: 'ENGINE_LOST' },
    });
  });

  test('that leaves by itself says with which exit code', async () => {
    await using engine = await openForTest();
    const records = await run(engine, '[Environment]::Exit(7)');
    expect(finalOf(records)?.reason?.message).toContain('exit code 7');
  });

  test('that writes garbage like protocol is lost with ENGINE_PROTOCOL_ERROR', async () => {
    await using engine = await openForTest();
    const garbage = '[Console]::OpenStandardOutput().Write([Text.Encoding]::ASCII.GetBytes("<Garbage/>`n"))';
    const records = await run(engine, `${garbage}; while ($true) { }`);
    expect(finalOf(records)).toMatchObject({ state: 'failed', reason: { code: 'ENGINE_PROTOCOL_ERROR' } });
    expect(await engine.ended).toMatchObject({ is: 'lost', error: { code: 'ENGINE_PROTOCOL_ERROR' } });
  });

  test('closes within seconds, also while a command runs, which is then stopped', async () => {
    const engine = await openForTest();
    const records: StreamRecord[] = [];
    for await (const batch of engine.invoke(invocationOf("'started'; while ($true) { }"))) {
      records.push(...batch);
      if (records.length === 1) void engine.close();
    }
    expect(finalOf(records)).toMatchObject({ state: 'stopped' });
    expect(await engine.ended).toEqual({ is: 'closed' });
  });

  test('is closed when the consumer reads no more', async () => {
    const engine = await openForTest();
    const running = engine.invoke(invocationOf("while ($true) { 'x' * 10000 }"))[Symbol.asyncIterator]();
    expect((await running.next()).done).toBe(false);
    await engine.close();
    expect(await engine.ended).toEqual({ is: 'closed' });
  });
});

describe('a program that is no PowerShell', () => {
  /** Opens what a shell script pretends to be. */
  function open(script: string, openTimeoutMs = 10_000): Promise<Engine> {
    const options = engineOptions({ program: '/bin/sh', openTimeoutMs });
    return openPowerShell(options, {
      spawn: (spec) => spawnStdio({ ...spec, arguments: ['-c', script] }),
    });
  }

  test('and dies at once is ENGINE_START_FAILED with code and last words', async () => {
    await expect(open('echo broken >&2; exit 3')).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
      message: expect.stringMatching(/exit code 3.*broken/) as string,
    });
  });

  test('and says nothing is ENGINE_TIMEOUT with option and phase', async () => {
    await expect(open('sleep 60', 300)).rejects.toMatchObject({
      code: 'ENGINE_TIMEOUT',
      facts: { option: 'OpenTimeout', phase: 'its first answer' },
    });
  });

  test('and talks nonsense is ENGINE_PROTOCOL_ERROR', async () => {
    await expect(open('echo "<html></html>"; sleep 60')).rejects.toMatchObject({
      code: 'ENGINE_PROTOCOL_ERROR',
    });
  });

  test('and floods its output is held to its time', async () => {
    await expect(open('yes', 500)).rejects.toMatchObject({ code: 'ENGINE_TIMEOUT' });
  });

  test('and is not there is ENGINE_START_FAILED', async () => {
    await expect(openForTest({ program: '/no/such/pwsh' })).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
    });
  });
});
