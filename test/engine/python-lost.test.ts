import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findPython } from '../../src/engine/python/find';
import { spawnStdio } from '../../src/transport/stdio';
import type { SpawnTransport } from '../../src/transport/transport';
import { openEngine } from '../support/python-engine';
import { describeWith } from '../support/requirements';
import { invocation, recordsOf, run, shortForm } from '../support/script-engine';

function isAlive(processId: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(processId)], { encoding: 'utf8' });
  return /^[^Z\s]/.test(stdout);
}

describeWith('python3', 'an engine that dies', () => {
  test('one whose runner is killed goes with it', async () => {
    await using engine = await openEngine();
    const shown = run(engine, 'import os, signal; os.kill(os.getppid(), signal.SIGKILL)\nwhile True: pass');
    expect(await shown).toEqual(['failed ENGINE_LOST']);
    expect(await engine.ended).toMatchObject({ is: 'lost', error: { code: 'ENGINE_LOST' } });
  });

  test.each([
    ['aborts', 'os.abort()', 'SIGABRT'],
    ['is killed', 'os.kill(os.getpid(), 9)', 'SIGKILL'],
    ['leaves past us', 'os._exit(3)', 'exit code 3'],
    ['crashes', 'import ctypes; ctypes.string_at(0)', 'SIGSEGV'],
    ['becomes another program', 'os.execvp("sleep", ["sleep", "60"])', 'became another program'],
    ['closes all descriptors', 'os.closerange(3, 5000)', 'has closed its pipes'],
  ])('one that %s ends its command as failed, keeps its last words, and says why', async (_, script, why) => {
    await using engine = await openEngine();
    const records = await recordsOf(
      engine,
      `import os; print('last words'); os.write(1, b'native\\n'); ${script}`,
    );
    expect(records.map(shortForm)).toEqual(['line "last words"', 'line "native"', 'failed ENGINE_LOST']);
    const end = await engine.ended;
    expect(end).toMatchObject({ is: 'lost', error: { code: 'ENGINE_LOST' } });
    expect(end.is === 'lost' && end.error.message).toContain(why);
  });

  test('one that dies between commands is told, and every later command fails', async () => {
    await using engine = await openEngine();
    const [record] = await recordsOf(engine, 'import os; os.getpid()');
    const processId = record?.stream === 'output' && record.value.type === 'int32' ? record.value.value : 0;
    process.kill(processId, 'SIGKILL');
    expect(await engine.ended).toMatchObject({ is: 'lost' });
    expect(await run(engine, '1')).toEqual(['failed ENGINE_LOST']);
  });

  test('one that writes nonsense into its own pipes is lost, and nothing else is', async () => {
    await using engine = await openEngine();
    const shown = await run(
      engine,
      'import os, time\nfor n in range(3, 200):\n  try: os.write(n, b"\\x01\\xff\\xff\\xff\\xffnonsense")\n  except OSError: pass\ntime.sleep(60)',
    );
    expect(shown).toEqual(['failed ENGINE_PROTOCOL_ERROR']);
    expect(await engine.ended).toMatchObject({ is: 'lost', error: { code: 'ENGINE_PROTOCOL_ERROR' } });
  });
});

describeWith('python3', 'P113 code that meddles with what is around it', () => {
  test.each([
    ['closes the descriptors 0 to 2', 'import os\nfor n in range(3): os.close(n)'],
    [
      'puts files in the place of the descriptors',
      'import os\nfor n in (1, 2): os.dup2(os.open("/dev/null", os.O_RDWR), n)',
    ],
    ['replaces the streams', 'import sys, io; sys.stdout = sys.stderr = io.StringIO()'],
    ['has no streams', 'import sys; sys.stdout = sys.stderr = sys.stdin = None'],
    ['closes the streams', 'import sys; sys.stdout.close(); sys.stderr.close(); sys.stdin.close()'],
    [
      'wraps the streams anew',
      'import sys, io; sys.stdout = io.TextIOWrapper(sys.stdout.buffer, "utf-8"); sys.stdout = None',
    ],
    [
      'breaks json',
      'import json\nfor name in list(vars(json.encoder)) + list(vars(json.decoder)): setattr(json.encoder, name, None)\njson.dumps = json.loads = None',
    ],
    [
      'breaks builtins',
      'import builtins\nfor name in ("len", "isinstance", "str", "dict", "list", "type", "getattr", "open", "map", "BaseException"): setattr(builtins, name, None)',
    ],
    [
      'breaks os',
      'import os\nfor name in ("write", "read", "close", "getpid", "fstat", "_exit"): setattr(os, name, None)',
    ],
    [
      'breaks modules that we use',
      'import sys, threading, linecache, traceback, warnings, ast\nfor m in (linecache, traceback, warnings): [setattr(m, n, None) for n in list(vars(m)) if callable(getattr(m, n))]',
    ],
    [
      'forgets all modules',
      'import sys\nfor name in list(sys.modules): sys.modules.pop(name) if name not in ("sys", "builtins", "__main__") else None',
    ],
    ['clears its namespace', 'globals().clear()'],
    ['has names like ours', 'Interpreter = channel = run = start = main = None'],
    ['allows no recursion', 'import sys; sys.setrecursionlimit(60)'],
    ['traces everything', 'import sys; sys.settrace(lambda *_: None); sys.setprofile(lambda *_: None)'],
    ['writes marks of its own', 'import os; os.write(1, b"\\0done 0000 0000000001\\n")'],
    ['makes its output not wait', 'import os; os.set_blocking(1, False); os.set_blocking(2, False)'],
    ['changes its group and session', 'import os; os.setpgid(0, 0)'],
    [
      'collects garbage with a bad finaliser',
      'class Bad:\n  def __del__(self): raise SystemExit\nBad()\nNone',
    ],
  ])('P113 one that %s does no harm to the engine', async (_, script) => {
    await using engine = await openEngine();
    await run(engine, script);
    const records = await recordsOf(engine, '40 + 2');
    expect(records.map(shortForm)).toEqual(['out 42', 'completed']);
    await engine.close();
    expect(await engine.ended).toEqual({ is: 'closed' });
  });

  test('P113 an alarm that throws every other millisecond, wherever it falls, loses no command and no end', async () => {
    await using engine = await openEngine();
    await run(
      engine,
      'import signal\ndef throw(*_): raise TimeoutError\nsignal.signal(signal.SIGALRM, throw)\nsignal.setitimer(signal.ITIMER_REAL, 0.001, 0.002)',
    );
    for (let turn = 0; turn < 100; turn += 1)
      expect((await run(engine, 'print("x" * 10000)')).at(-1)).toMatch(/^(completed|failed SCRIPT_FAILED)$/);
    for (let last; last !== 'completed';)
      last = (await run(engine, 'signal.setitimer(signal.ITIMER_REAL, 0); None')).at(-1);
    expect(await run(engine, '40 + 2')).toEqual(['out 42', 'completed']);
  });

  test('P113 a process that is forked off writes and ends for itself', async () => {
    await using engine = await openEngine();
    const script = `
import os, sys
child = os.fork()
if child == 0:
    print('from the child')
    print('to stderr', file=sys.stderr)
    sys.exit(5)
print(os.WEXITSTATUS(os.waitpid(child, 0)[1]))`;
    const shown = await run(engine, script);
    expect(shown.slice().sort()).toEqual(['completed', 'err to stderr', 'line "5"', 'line "from the child"']);
    expect(
      await run(engine, 'import os\nif os.fork() == 0: raise ValueError("in the child")\nos.wait()[1] >> 8'),
    ).toEqual(expect.arrayContaining(['err ValueError: in the child', 'out 1', 'completed']));
    expect(await run(engine, 'os.fork() and os.wait()[1]')).toEqual(['out 0', 'completed']);
  });

  test('P113 processes of multiprocessing work', async () => {
    await using engine = await openEngine();
    const script = `
import multiprocessing
def work(n):
    print('working', flush=True)
    return n * n
with multiprocessing.get_context('fork').Pool(2) as pool: squares = pool.map(work, [1, 2, 3])
squares == [1, 4, 9]`;
    expect(await run(engine, script)).toEqual([
      ...Array<string>(3).fill('line "working"'),
      'out true',
      'completed',
    ]);
  });

  test('P113 a daemon of its own outlives the command, and its late words are notices', async () => {
    const notices: string[] = [];
    let told: () => void = () => undefined;
    const heard = new Promise<void>((resolve) => {
      told = resolve;
    });
    await using engine = await openEngine({
      onNotice: (record) => {
        notices.push(shortForm(record));
        told();
      },
    });
    await run(
      engine,
      'import subprocess\nchild = subprocess.Popen("read line; sleep 0.5; echo late", shell=True, stdin=subprocess.PIPE, start_new_session=True)',
    );
    await run(engine, 'child.stdin.close(); None');
    await heard;
    expect(notices).toEqual(['line "late"']);
  });
});

describeWith('python3', 'an engine that is closed', () => {
  test('P38 leaves by itself, after its exit handlers, with all its processes', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'exit-'));
    const engine = await openEngine();
    const [record] = await recordsOf(
      engine,
      `import atexit, subprocess; atexit.register(open, ${JSON.stringify(path.join(folder, 'left'))}, 'w'); subprocess.Popen(['sleep', '60']).pid`,
    );
    const child = record?.stream === 'output' && record.value.type === 'int32' ? record.value.value : 0;
    expect(isAlive(child)).toBe(true);
    await engine.close();
    expect(await engine.ended).toEqual({ is: 'closed' });
    expect([isAlive(child), isAlive(engine.info.processId ?? 0)]).toEqual([false, false]);
    expect(spawnSync('ls', [folder], { encoding: 'utf8' }).stdout).toBe('left\n');
  });

  test.each([
    'while True: pass',
    'import time; time.sleep(60)',
    "while True: print('x')",
    'while True:\n  try:\n    while True: pass\n  except BaseException: pass',
    'sum(range(10**12))',
  ])('P38 stops what runs: %s', async (script) => {
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
  });

  test('disposing one whose records nobody reads returns', async () => {
    const engine = await openEngine();
    engine.invoke(invocation("while True: print('x' * 1000)"));
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

describeWith('python3', 'an engine that does not start', () => {
  test('a program that is not there is named', async () => {
    await expect(openEngine({ program: '/no/such/python' })).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
      facts: { program: '/no/such/python' },
    });
  });

  test.each([
    ['leaves at once', '/bin/true'],
    ['speaks something else', '/usr/bin/yes'],
    ['complains and leaves', '/bin/ls'],
  ])('a program that %s is no engine', async (_, program) => {
    await expect(openEngine({ program })).rejects.toMatchObject({ code: 'ENGINE_START_FAILED' });
  });

  test('one whose own start fails says why', async () => {
    const environment = { PATH: process.env['PATH'] ?? '', PYTHONHOME: '/nowhere' };
    await expect(openEngine({ environment })).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
      message: expect.stringMatching(/last words.*(encodings|Python)/s) as string,
    });
  });

  test('one that does not answer is given up in time', async () => {
    const spawn: SpawnTransport = (spec) => spawnStdio({ ...spec, program: '/bin/sleep', arguments: ['60'] });
    await expect(openEngine({ spawn, openTimeoutMs: 300 })).rejects.toMatchObject({
      code: 'ENGINE_TIMEOUT',
      facts: { option: 'OpenTimeout' },
    });
  });
});

describe('P113 which Python', () => {
  test('P113 the first on the PATH, and where there is none the message says how to get one', () => {
    const isExecutable = (file: string): boolean =>
      file === '/venv/bin/python3' || file === '/usr/bin/python3';
    expect(findPython('/none:/venv/bin:/usr/bin', isExecutable)).toBe('/venv/bin/python3');
    expect(() => findPython('/none', isExecutable)).toThrow(
      expect.objectContaining({
        code: 'ENGINE_NOT_FOUND',
        facts: { engine: 'python' },
        message: expect.stringContaining('install Python') as string,
      }) as Error,
    );
  });
});

describeWith('python3', 'the environment', () => {
  test('is the one that was given, whole', async () => {
    const environment = {
      PATH: process.env['PATH'] ?? '',
      LANG: 'C.UTF-8',
      PYTHONSTARTUP: '/x',
      PYTHONINSPECT: '1',
      PYTHONWARNINGS: 'error',
    };
    // Not a script that stands for it, and sets variables of its own.
    const program = spawnSync('python3', ['-c', 'import sys; print(sys.executable, end="")'], {
      encoding: 'utf8',
    }).stdout;
    await using engine = await openEngine({ environment, program });
    const [record] = await recordsOf(engine, 'import json, os; json.dumps(dict(os.environ))');
    expect(
      record?.stream === 'output' && record.value.type === 'string' && JSON.parse(record.value.value),
    ).toEqual(environment);
  });

  test('P113 a virtual environment on the PATH is honoured', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'venv-'));
    spawnSync('python3', ['-m', 'venv', '--without-pip', '--symlinks', folder]);
    chmodSync(folder, 0o755);
    const packages = spawnSync(
      path.join(folder, 'bin/python3'),
      ['-c', 'import site; print(site.getsitepackages()[0])'],
      { encoding: 'utf8' },
    ).stdout.trim();
    writeFileSync(path.join(packages, 'only_here.py'), 'value = 8');
    const PATH = `${path.join(folder, 'bin')}:${process.env['PATH'] ?? ''}`;
    await using engine = await openEngine({ environment: { PATH, VIRTUAL_ENV: folder } });
    expect(await run(engine, 'import only_here, sys; [only_here.value, sys.prefix]')).toEqual([
      `out {"type":"list","items":[{"type":"int32","value":8},{"type":"string","value":"${folder}"}]}`,
      'completed',
    ]);
  });
});
