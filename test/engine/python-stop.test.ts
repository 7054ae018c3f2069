import { setTimeout as delay } from 'node:timers/promises';
import type { StreamRecord } from '../../src/core/record';
import type { Value } from '../../src/core/value';
import type { Engine } from '../../src/engine/engine';
import { openEngine } from '../support/python-engine';
import { describeWith } from '../support/requirements';
import { invocation, memoryOf, recordsOf, run, shortForm } from '../support/script-engine';

let engine: Engine;

beforeAll(async () => {
  engine = await openEngine();
  await run(engine, 'kept = 1');
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

interface Stopped {
  readonly final: string;
  readonly tookMs: number;
}

/** Starts a command, waits until it says `go`, stops it, and reads on to its end. */
async function stopOnGo(script: string, running = engine): Promise<Stopped> {
  let stoppedAt = 0;
  for await (const records of running.invoke(invocation(`print('go')\n${script}`))) {
    if (stoppedAt === 0) {
      // The command is to be where it is stopped.
      await delay(50);
      stoppedAt = Date.now();
      running.stop();
    }
    const last = records.at(-1);
    if (last?.stream === 'final') return { final: shortForm(last), tookMs: Date.now() - stoppedAt };
  }
  throw new Error('a command without an end');
}

describeWith('python3', 'P67 stop', () => {
  test.each([
    ['an endless loop', 'while True: pass'],
    ['a loop in a function', 'def f():\n  while True: pass\nf()'],
    ['a sleep', 'import time; time.sleep(60)'],
    ['a loop of short sleeps', 'import time\nwhile True: time.sleep(0.001)'],
    ['a slow regular expression', "import re; re.match('(a+)+b', 'a' * 60)"],
    [
      'a join',
      'import threading, time\nt = threading.Thread(target=time.sleep, args=(1,))\nt.start()\nt.join()',
    ],
    ['a lock', 'import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()'],
    ['an empty queue', 'import queue; queue.Queue().get()'],
    ['a read from a pipe', 'import os; os.read(os.pipe()[0], 1)'],
    ['an await', 'import asyncio; await asyncio.sleep(60)'],
    ['an await that never ends', 'import asyncio; await asyncio.Event().wait()'],
    ['an event loop of its own', 'import asyncio; asyncio.run(asyncio.sleep(60))'],
    [
      'a loop in a task',
      'import asyncio\nasync def busy():\n  while True: pass\nawait asyncio.gather(busy())',
    ],
    ['a native sleep', "import subprocess; subprocess.run(['sleep', '60'])"],
    ['a native sleep by os.system', "import os; os.system('sleep 60')"],
    ['native sleeps whose end the command ignores', "import os\nwhile True: os.system('sleep 60')"],
    [
      'a native program that ignores interrupts',
      `import subprocess; subprocess.run("trap '' INT; sleep 60; sleep 60", shell=True)`,
    ],
    ['a native program that floods', "import subprocess; subprocess.run('yes')"],
    ['a loop that writes', "while True: print('x')"],
    ['a loop that writes past the streams', "import os\nwhile True: os.write(1, b'x\\n')"],
    ['a loop that catches all', 'while True:\n  try:\n    while True: pass\n  except:\n    pass'],
    [
      'sleeps, all of whose exceptions are caught',
      'import time\nwhile True:\n  try:\n    time.sleep(60)\n  except BaseException:\n    continue',
    ],
    ['a loop whose finally goes on', 'while True:\n  try:\n    while True: pass\n  finally:\n    continue'],
    [
      'a function that calls itself and catches all',
      'def f(n):\n  while True:\n    try:\n      f(n + 1) if n < 50 else [0 for _ in iter(int, 1)]\n    except BaseException:\n      pass\nf(0)',
    ],
    [
      'a context that suppresses all',
      'import contextlib\nwhile True:\n  with contextlib.suppress(BaseException):\n    while True: pass',
    ],
    [
      'a handler of SIGINT that does nothing',
      'import signal\nsignal.signal(signal.SIGINT, lambda *_: None)\nwhile True: pass',
    ],
    [
      'a loop with all signals ignored',
      'import signal\nfor one in signal.valid_signals() - {9, 17, 19}:\n  try: signal.signal(one, signal.SIG_IGN)\n  except OSError: pass\nwhile True: pass',
    ],
    ['a loop while the result is read', 'class Loops:\n  def __repr__(self):\n    while True: pass\nLoops()'],
    ['a huge comprehension', '[n for n in range(10**12)]'],
    ['a generator without end', 'import itertools; [0 for n in itertools.count() if n < 0]'],
  ])('P67 ends %s soon, and keeps the variables', async (_, script) => {
    const { final, tookMs } = await stopOnGo(script);
    expect(final).toBe('stopped STOPPED');
    // On a quiet machine within a second; loaded ones are slower.
    expect(tookMs).toBeLessThan(6_000);
    expect(
      await run(engine, 'import signal; signal.signal(signal.SIGINT, signal.default_int_handler); kept'),
    ).toEqual(['out 1', 'completed']);
  });

  test('P67 a stopped command may clean up, and its handlers see an interrupt', async () => {
    await stopOnGo(
      'import time\ntold = []\ntry:\n  time.sleep(60)\nexcept KeyboardInterrupt:\n  told.append("interrupted")\n  raise\nfinally:\n  time.sleep(0.05)\n  told.append("cleaned")',
    );
    expect(await run(engine, 'told == ["interrupted", "cleaned"]')).toEqual(['out true', 'completed']);
  });

  test('P67 a handler of SIGINT that ends its loop is given the time to', async () => {
    const { final } = await stopOnGo(
      'import signal, time\nended = []\nsignal.signal(signal.SIGINT, lambda *_: ended.append(1))\nwhile not ended: time.sleep(0.01)\ntime.sleep(0.05)\nended.append(2)',
    );
    expect(final).toBe('stopped STOPPED');
    expect(
      await run(engine, 'signal.signal(signal.SIGINT, signal.default_int_handler); ended == [1, 2]'),
    ).toEqual(['out true', 'completed']);
  });

  test('P67 ends a wait for input that never comes', async () => {
    async function* never(): AsyncGenerator<Value> {
      await new Promise(() => undefined);
      yield { type: 'null' };
    }
    const records = recordsOf(engine, 'for item in pipeline_input: pass', { input: never() });
    engine.stop();
    expect((await records).map(shortForm)).toEqual(['stopped STOPPED']);
    expect(await run(engine, 'kept')).toEqual(['out 1', 'completed']);
  });

  test('P67 twenty stops in a row leave an engine that answers', async () => {
    const scripts = [
      'while True: pass',
      'import time; time.sleep(60)',
      'while True: print(1)',
      'import asyncio; await asyncio.sleep(60)',
    ];
    for (let turn = 0; turn < 20; turn += 1) {
      const records: StreamRecord[] = [];
      const stopping = delay(turn % 7).then(() => engine.stop());
      for await (const batch of engine.invoke(invocation(scripts[turn % scripts.length] ?? '')))
        records.push(...batch);
      await stopping;
      expect(records.at(-1)).toMatchObject({ stream: 'final', state: 'stopped' });
    }
    expect(await run(engine, 'kept')).toEqual(['out 1', 'completed']);
  });

  test('P67 a stop that comes too late stops nothing', async () => {
    await run(engine, '1');
    engine.stop();
    expect(await run(engine, 'import time; time.sleep(0.2); 2')).toEqual(['out 2', 'completed']);
  });

  test('P67 a stop right after the start is heard', async () => {
    const records = engine.invoke(invocation('while True: pass'));
    engine.stop();
    for await (const batch of records) expect(batch).toMatchObject([{ stream: 'final', state: 'stopped' }]);
    expect(await run(engine, 'kept')).toEqual(['out 1', 'completed']);
  });

  test('P67 tasks that a stopped command began are ended with it', async () => {
    await stopOnGo(
      'import asyncio\nturns = []\nasync def tick():\n  while True:\n    turns.append(1)\n    await asyncio.sleep(0.001)\nticking = asyncio.ensure_future(tick())\nawait asyncio.sleep(60)',
    );
    await run(engine, 'before = len(turns)');
    expect(await run(engine, 'await asyncio.sleep(0.05); len(turns) == before')).toEqual([
      'out true',
      'completed',
    ]);
  });

  test('a child process of an earlier command is left alone', async () => {
    await run(engine, "import subprocess; child = subprocess.Popen(['sleep', '60'])");
    await delay(100);
    await stopOnGo("subprocess.run(['sleep', '60'])");
    await delay(50);
    expect(await run(engine, 'child.poll() is None')).toEqual(['out true', 'completed']);
    await run(engine, 'child.kill(); child.wait()');
  });

  test('leaving the records unread stops the command', async () => {
    for await (const records of engine.invoke(invocation("while True: print('x')"))) {
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

describeWith('python3', 'back-pressure', () => {
  test.each([
    ['the streams', "while True: print('x' * 1000)"],
    ['a native program', `import subprocess; subprocess.run(['yes', '${'x'.repeat(1000)}'])`],
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

  test('a thread that floods between commands is cut off, with a warning', async () => {
    const told: StreamRecord[] = [];
    await using flooding = await openEngine({ onNotice: (record) => told.push(record) });
    await run(
      flooding,
      "import threading\ngoes_on = True\ndef flood():\n  while goes_on: print('x' * 1000)\nthread = threading.Thread(target=flood)\nthread.start()",
    );
    while (told.at(-1)?.stream !== 'warning') await delay(10);
    await delay(100);
    expect(told.at(-1)?.stream).toBe('warning');
    expect(told.length).toBeLessThan(1200);
    expect(await run(flooding, 'goes_on = False; thread.join(); 1')).toEqual(['out 1', 'completed']);
  });
});
