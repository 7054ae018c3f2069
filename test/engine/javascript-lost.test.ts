import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { spawnStdio } from '../../src/transport/stdio';
import type { SpawnTransport } from '../../src/transport/transport';
import { openEngine } from '../support/javascript-engine';
import { invocation, recordsOf, run, shortForm } from '../support/script-engine';

function isAlive(processId: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(processId)], { encoding: 'utf8' });
  return /^[^Z\s]/.test(stdout);
}

describe('an engine that dies', () => {
  test('one whose runner is killed goes with it', async () => {
    await using engine = await openEngine();
    const shown = run(engine, 'process.kill(process.ppid, "SIGKILL"); for (;;);');
    expect(await shown).toEqual(['failed ENGINE_LOST']);
    expect(await engine.ended).toMatchObject({ is: 'lost', error: { code: 'ENGINE_LOST' } });
  });

  test.each([
    ['aborts', 'process.abort()', 'SIGABRT'],
    ['is killed', 'process.kill(process.pid, "SIGKILL"); for (;;);', 'SIGKILL'],
    ['leaves past us', 'process.reallyExit(3)', 'exit code 3'],
  ])('one that %s ends its command as failed, and says why', async (_, script, why) => {
    await using engine = await openEngine();
    const records = await recordsOf(engine, `console.log('last words'); ${script}`);
    expect(records.map(shortForm)).toContain('line "last words"');
    expect(records.at(-1)).toMatchObject({
      stream: 'final',
      state: 'failed',
      reason: { code: 'ENGINE_LOST' },
    });
    const end = await engine.ended;
    expect(end).toMatchObject({ is: 'lost', error: { code: 'ENGINE_LOST' } });
    expect(end.is === 'lost' && end.error.message).toContain(why);
  });

  test('one that dies between commands is told, and every later command fails', async () => {
    await using engine = await openEngine();
    const [record] = await recordsOf(engine, 'process.pid');
    const processId = record?.stream === 'output' && record.value.type === 'int32' ? record.value.value : 0;
    process.kill(processId, 'SIGKILL');
    expect(await engine.ended).toMatchObject({ is: 'lost' });
    expect(await run(engine, '1')).toEqual(['failed ENGINE_LOST']);
  });

  test('one that writes nonsense into the private pipe is lost, and nothing else is', async () => {
    await using engine = await openEngine();
    const shown = await run(
      engine,
      'fs.writeSync(3, "\\x01\\xff\\xff\\xff\\xffnonsense"); await new Promise(() => {})',
    );
    expect(shown).toEqual(['failed ENGINE_PROTOCOL_ERROR']);
    expect(await engine.ended).toMatchObject({ is: 'lost', error: { code: 'ENGINE_PROTOCOL_ERROR' } });
  });
});

describe('an engine that is closed', () => {
  test('P38 leaves by itself, after its exit handlers, with all its processes', async () => {
    const engine = await openEngine();
    const [record] = await recordsOf(
      engine,
      `require('child_process').spawn('sleep', ['60'], { stdio: 'ignore' }).pid`,
    );
    const child = record?.stream === 'output' && record.value.type === 'int32' ? record.value.value : 0;
    expect(isAlive(child)).toBe(true);
    await engine.close();
    expect(await engine.ended).toEqual({ is: 'closed' });
    expect([isAlive(child), isAlive(engine.info.processId ?? 0)]).toEqual([false, false]);
  });

  test.each(['for (;;);', 'await new Promise(() => {})', 'for (;;) console.log("x")'])(
    'P38 stops what runs: %s',
    async (script) => {
      const engine = await openEngine();
      const records = engine.invoke(invocation(script))[Symbol.asyncIterator]();
      await delay(50);
      const closing = engine.close();
      let last: string | undefined;
      for (let next = await records.next(); next.done !== true; next = await records.next()) {
        const record = next.value.at(-1);
        last = record && shortForm(record);
      }
      await closing;
      expect([last, await engine.ended]).toEqual(['stopped STOPPED', { is: 'closed' }]);
    },
  );

  test('disposing one whose records nobody reads returns', async () => {
    const engine = await openEngine();
    engine.invoke(invocation('for (;;) console.log("x".repeat(1000))'));
    await delay(100);
    await engine[Symbol.asyncDispose]();
    expect(await engine.ended).toEqual({ is: 'closed' });
  });

  test('closing and disposing again changes nothing', async () => {
    const engine = await openEngine();
    await Promise.all([engine.close(), engine.close(), engine[Symbol.asyncDispose]()]);
    await engine.close();
    expect(await run(engine, '1')).toEqual(['failed ENGINE_LOST']);
  });
});

describe('an engine that does not start', () => {
  test('a program that is not there is named', async () => {
    await expect(openEngine({ program: '/no/such/node' })).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
      facts: { program: '/no/such/node' },
    });
  });

  test.each([
    ['leaves at once', '/bin/true'],
    ['speaks something else', '/usr/bin/yes'],
    ['complains and leaves', '/bin/ls'],
  ])('a program that %s is no engine', async (_, program) => {
    await expect(openEngine({ program })).rejects.toMatchObject({ code: 'ENGINE_START_FAILED' });
  });

  test('one that does not answer is given up in time', async () => {
    const spawn: SpawnTransport = (spec) => spawnStdio({ ...spec, program: '/bin/sleep', arguments: ['60'] });
    await expect(openEngine({ spawn, openTimeoutMs: 300 })).rejects.toMatchObject({
      code: 'ENGINE_TIMEOUT',
      facts: { option: 'OpenTimeout' },
    });
  });
});

describe('the environment', () => {
  test('is the one that was given, whole, and what would slow the start comes late', async () => {
    const environment = {
      PATH: process.env['PATH'] ?? '',
      NODE_OPTIONS: '--no-such-option',
      NODE_EXTRA_CA_CERTS: '/x',
    };
    await using engine = await openEngine({ environment });
    expect(await run(engine, 'JSON.stringify(process.env)')).toEqual([
      `out ${JSON.stringify(JSON.stringify(environment))}`,
      'completed',
    ]);
  });

  test('has no trace of how the engine was started', async () => {
    await using engine = await openEngine();
    expect(await run(engine, '[process.argv.length, process.execArgv.length]')).toEqual([
      'out {"type":"list","items":[{"type":"int32","value":1},{"type":"int32","value":0}]}',
      'completed',
    ]);
  });
});
