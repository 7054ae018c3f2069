import { setTimeout as delay } from 'node:timers/promises';
import type { StreamRecord } from '../../src/core/record';
import type { Value } from '../../src/core/value';
import type { Engine } from '../../src/engine/engine';
import { openEngine } from '../support/javascript-engine';
import { invocation, memoryOf, recordsOf, run, shortForm } from '../support/script-engine';

let engine: Engine;
const notices: string[] = [];

beforeAll(async () => {
  engine = await openEngine({ onNotice: (record) => notices.push(shortForm(record)) });
  await run(engine, 'let kept = 1');
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

interface Stopped {
  readonly final: string;
  readonly tookMs: number;
  readonly count: number;
}

/** Starts a command, waits until it says `go`, stops it, and reads on to its end. */
async function stopOnGo(script: string): Promise<Stopped> {
  let count = 0;
  let stoppedAt = 0;
  for await (const records of engine.invoke(invocation(`console.log('go');\n${script}`))) {
    if (count === 0) {
      // The command is to be where it is stopped.
      await delay(50);
      stoppedAt = Date.now();
      engine.stop();
    }
    count += records.length;
    const last = records.at(-1);
    if (last?.stream === 'final') return { final: shortForm(last), tookMs: Date.now() - stoppedAt, count };
  }
  throw new Error('a command without an end');
}

describe('P67 stop', () => {
  test.each([
    ['an endless loop', 'for (;;);'],
    ['a loop that catches all', 'for (;;) { try { for (;;); } catch {} finally { for (;;); } }'],
    ['a slow regular expression', '/(a+)+b/.test("a".repeat(60))'],
    ['a loop of awaits', 'for (;;) await null'],
    ['a loop after an await', 'await new Promise((resolve) => setTimeout(resolve, 1)); for (;;);'],
    ['a loop in a timer', 'setTimeout(() => { for (;;); }, 1); await new Promise(() => {})'],
    ['a loop in an interval', 'setInterval(() => { for (;;); }, 1); await new Promise(() => {})'],
    [
      'a loop in an event',
      'process.once("x", () => { for (;;); }); setImmediate(() => process.emit("x")); await new Promise(() => {})',
    ],
    ['a wait in shared memory', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'],
    ['a promise that never settles', 'await new Promise(() => {})'],
    ['a sleep', 'await new Promise((resolve) => setTimeout(resolve, 60_000))'],
    ['a native sleep', 'require("child_process").execSync("sleep 60")'],
    [
      'a native sleep whose end the command ignores',
      'for (;;) require("child_process").spawnSync("sleep", ["60"])',
    ],
    [
      'a native program that ignores interrupts',
      `require("child_process").execSync("trap '' INT; sleep 60")`,
    ],
    ['a native program that floods', 'require("child_process").execSync("yes", { stdio: "inherit" })'],
    ['a loop that writes', 'for (;;) console.log("x")'],
    ['a loop that writes past the console', 'for (;;) fs.writeSync(1, "x\\n")'],
    ['a getter that loops while the result is read', '({ get a() { for (;;); } })'],
  ])('P67 ends %s soon, and keeps the variables', async (_, script) => {
    const { final, tookMs } = await stopOnGo(script);
    expect(final).toBe('stopped STOPPED');
    // On a quiet machine within a second; loaded ones are slower.
    expect(tookMs).toBeLessThan(6_000);
    expect(await run(engine, 'kept')).toEqual(['out 1', 'completed']);
  });

  test('P67 ends a wait for input that never comes', async () => {
    async function* never(): AsyncGenerator<Value> {
      await new Promise(() => undefined);
      yield { type: 'null' };
    }
    const records = recordsOf(engine, 'for await (const item of input);', { input: never() });
    engine.stop();
    expect((await records).map(shortForm)).toEqual(['stopped STOPPED']);
    expect(await run(engine, 'kept')).toEqual(['out 1', 'completed']);
  });

  test('P67 what a stopped loop would do next is not done', async () => {
    await run(engine, 'let turns = 0');
    await stopOnGo(
      'const { setTimeout: pause } = await import("timers/promises"); for (;;) { await pause(5); turns += 1; console.log(turns) }',
    );
    const [before] = await recordsOf(engine, 'turns');
    await run(engine, 'await new Promise((resolve) => setTimeout(resolve, 50))');
    expect(await recordsOf(engine, 'turns')).toEqual([before, expect.objectContaining({ stream: 'final' })]);
  });

  test('P67 twenty stops in a row leave an engine that answers', async () => {
    const scripts = [
      'for (;;);',
      'for (;;) await null',
      'for (;;) console.log(1)',
      'setTimeout(() => { for (;;); })',
    ];
    for (let turn = 0; turn < 20; turn += 1) {
      const records: StreamRecord[] = [];
      const stopping = delay(turn % 7).then(() => engine.stop());
      const script = scripts[turn % scripts.length] ?? '';
      for await (const batch of engine.invoke(invocation(`${script}; await new Promise(() => {})`)))
        records.push(...batch);
      await stopping;
      expect(records.at(-1)).toMatchObject({ stream: 'final', state: 'stopped' });
    }
    expect(await run(engine, 'kept')).toEqual(['out 1', 'completed']);
  });

  test('P67 a command that is stopped while the one before it is still being ended is ended too, and so is the next', async () => {
    for (let turn = 0; turn < 400; turn += 1) {
      const records = engine.invoke(invocation('await new Promise(() => {})'));
      // Those that have begun are followed by those that have hardly been sent.
      await (turn % 2 === 0 ? delay(2) : new Promise((resolve) => setImmediate(resolve)));
      engine.stop();
      engine.stop();
      let last: StreamRecord | undefined;
      for await (const batch of records) last = batch.at(-1);
      expect(last).toMatchObject({ stream: 'final', state: 'stopped' });
    }
    expect(await run(engine, 'kept')).toEqual(['out 1', 'completed']);
  });

  test('P67 a stop that comes too late stops nothing', async () => {
    await run(engine, '1');
    engine.stop();
    expect(await run(engine, 'await new Promise((resolve) => setTimeout(() => resolve(2), 30))')).toEqual([
      'out 2',
      'completed',
    ]);
  });

  test('P67 a stop right after the start is heard', async () => {
    const records = engine.invoke(invocation('for (;;);'));
    engine.stop();
    for await (const batch of records) expect(batch).toMatchObject([{ stream: 'final', state: 'stopped' }]);
    expect(await run(engine, 'kept')).toEqual(['out 1', 'completed']);
  });

  test('a child process of an earlier command is left alone', async () => {
    await run(
      engine,
      'const child = require("child_process").spawn("sleep", ["60"]); let gone = false; child.on("exit", () => { gone = true })',
    );
    await delay(100);
    await stopOnGo('require("child_process").execSync("sleep 60")');
    await delay(50);
    expect(await run(engine, 'gone')).toEqual(['out false', 'completed']);
    await run(engine, 'child.kill()');
  });

  test('garbage collection after stops does not end the engine', async () => {
    await run(
      engine,
      'require("v8").setFlagsFromString("--expose-gc"); const collect = require("vm").runInNewContext("gc")',
    );
    await stopOnGo('await new Promise(() => {})');
    const { final } = await stopOnGo('collect(); await new Promise(() => {})');
    await run(engine, 'collect(); await new Promise((resolve) => setTimeout(resolve, 10)); collect()');
    expect(final).toBe('stopped STOPPED');
    expect(await run(engine, 'kept')).toEqual(['out 1', 'completed']);
  });

  test('leaving the records unread stops the command', async () => {
    for await (const records of engine.invoke(invocation('for (;;) console.log("x")'))) {
      expect(records.length).toBeGreaterThan(0);
      break;
    }
    await expect(untilFree()).resolves.toEqual(['out 1', 'completed']);
  });
});

/** The abandoned command ends in its own time. */
async function untilFree(): Promise<string[]> {
  for (;;) {
    try {
      return await run(engine, 'kept');
    } catch {
      await delay(10);
    }
  }
}

describe('back-pressure', () => {
  test.each([
    ['the console', 'for (;;) console.log("x".repeat(1000))'],
    [
      'a native program',
      `require("child_process").execSync("yes ${'x'.repeat(1000)}", { stdio: "inherit" })`,
    ],
  ])(
    'a flood from %s that nobody reads stands still, in bounded memory, and can be stopped',
    async (_, script) => {
      await using flooding = await openEngine();
      const records = flooding.invoke(invocation(script))[Symbol.asyncIterator]();
      await records.next();
      await delay(300);
      const before = memoryOf(flooding);
      await delay(500);
      expect(memoryOf(flooding) - before).toBeLessThan(20_000);
      flooding.stop();
      let last: StreamRecord | undefined;
      for (let next = await records.next(); next.done !== true; next = await records.next())
        last = next.value.at(-1);
      expect(last).toMatchObject({ stream: 'final', state: 'stopped' });
      expect(await run(flooding, '1')).toEqual(['out 1', 'completed']);
    },
  );

  test('background work that floods between commands is cut off, with a warning', async () => {
    const told: StreamRecord[] = [];
    await using flooding = await openEngine({ onNotice: (record) => told.push(record) });
    await run(
      flooding,
      'const flood = setInterval(() => { for (let n = 0; n < 100; n += 1) console.log("x".repeat(1000)) }, 1)',
    );
    while (told.at(-1)?.stream !== 'warning') await delay(10);
    await delay(100);
    expect(told.at(-1)?.stream).toBe('warning');
    expect(told.length).toBeLessThan(1200);
    expect(await run(flooding, 'clearInterval(flood); 1')).toEqual(['out 1', 'completed']);
  });
});
