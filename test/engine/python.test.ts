import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Value } from '../../src/core/value';
import type { Engine } from '../../src/engine/engine';
import { openEngine } from '../support/python-engine';
import { describeWith } from '../support/requirements';
import { items, NoticeList, recordsOf, run } from '../support/script-engine';

let engine: Engine;
const notices = new NoticeList();

beforeAll(async () => {
  engine = await openEngine({ onNotice: notices.add });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const text = (value: string): Value => ({ type: 'string', value });
const int = (value: number): Value => ({ type: 'int32', value });

describeWith('python3', 'P113 an open engine', () => {
  test('P113 tells what it is', () => {
    expect(engine.info.engine).toBe('python');
    expect(engine.info.version).toMatch(/^3\.\d+\.\d+/);
    expect(engine.info.runspaceId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(engine.info.processId).toBeGreaterThan(1);
  });

  test('P113 needs no more than Python 3.8', () => {
    const script =
      'import ast, sys\nfor name in sys.argv[1:]: ast.parse(open(name).read(), name, feature_version=(3, 8))';
    const folder = path.join(__dirname, '../../src/engine/python');
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.py'),
    );
    const { status, stderr } = spawnSync('python3', ['-c', script, ...sources], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect([sources.length > 10, status, stderr]).toEqual([true, 0, '']);
  });

  test('runs one command at a time', async () => {
    const first = recordsOf(engine, 'import time; time.sleep(0.05)');
    await expect(recordsOf(engine, '1')).rejects.toMatchObject({ code: 'SESSION_BUSY' });
    await first;
  });
});

describeWith('python3', 'P30 what a command leaves behind', () => {
  test('P30 variables, functions, classes and imports are kept', async () => {
    await run(engine, 'import math as m\na = 1\ndef f(): return a + m.floor(2.5)\nclass K: x = 4');
    await run(engine, 'a = 10');
    expect(await run(engine, 'f() + K().x')).toEqual(['out 16', 'completed']);
  });

  test('P30 what await gave at the top is kept', async () => {
    await run(engine, 'import asyncio\nwaited = await asyncio.sleep(0.001, 5)');
    expect(await run(engine, 'waited')).toEqual(['out 5', 'completed']);
  });

  test('P30 tasks go on in the next command that awaits', async () => {
    await run(
      engine,
      'async def later():\n  await asyncio.sleep(0.01)\n  return 6\nawait asyncio.sleep(0)\ntask = asyncio.ensure_future(later())\nawait asyncio.sleep(0)',
    );
    expect(await run(engine, 'await task')).toEqual(['out 6', 'completed']);
  });

  test('P30 what was imported from __future__ holds', async () => {
    await run(engine, 'from __future__ import annotations');
    expect(await run(engine, 'def g(a: nowhere): pass\ng.__annotations__["a"]')).toEqual([
      'out "nowhere"',
      'completed',
    ]);
  });

  test('P30 the current directory and the environment are kept', async () => {
    await run(engine, 'import os; os.chdir("/"); os.environ["KEPT"] = "yes"');
    expect(await run(engine, 'os.getcwd(), os.popen("echo $KEPT; pwd").read()')).toEqual([
      String.raw`out {"type":"list","items":[{"type":"string","value":"/"},{"type":"string","value":"yes\n/\n"}]}`,
      'completed',
    ]);
  });

  test.each([
    [
      'a code',
      'import sys\ntry:\n  sys.exit(3)\nfinally:\n  print("cleaned")',
      ['line "cleaned"', 'completed 3'],
    ],
    ['no code', 'sys.exit()', ['completed 0']],
    ['a text', 'sys.exit("no luck")', ['err no luck', 'completed 1']],
    ['exit', 'exit(4)', ['completed 4']],
    ['quit', 'quit()', ['completed 0']],
    ['SystemExit', 'raise SystemExit(5)', ['completed 5']],
    ['an exit after an await', 'await asyncio.sleep(0); sys.exit(6)', ['completed 6']],
    ['a truth', 'sys.exit(True)', ['completed 1']],
  ])('P30 %s ends the command with its exit code and keeps the session', async (_, script, expected) => {
    await run(engine, 'stays = 7');
    expect(await run(engine, script)).toEqual(expected);
    expect(await run(engine, 'stays')).toEqual(['out 7', 'completed']);
  });

  test('modules are found from the current directory, whatever they are called', async () => {
    const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'modules-')));
    writeFileSync(path.join(folder, 'beside.py'), 'value = __file__');
    writeFileSync(path.join(folder, 'json.py'), 'value = "mine"');
    await run(engine, `os.chdir(${JSON.stringify(folder)})`);
    expect(await run(engine, 'import beside, json; json.value + beside.value')).toEqual([
      `out "mine${folder}/beside.py"`,
      'completed',
    ]);
    await run(engine, 'os.chdir("/"); del sys.modules["json"]');
  });

  test('the namespace holds nothing of ours', async () => {
    await using fresh = await openEngine();
    expect(await run(fresh, 'sorted(globals())')).toEqual([
      expect.not.stringMatching(/"(?!__)\w+"\}/),
      'completed',
    ]);
    expect(await run(fresh, '__name__')).toEqual(['out "__main__"', 'completed']);
    expect(await run(fresh, 'import sys; sys.argv')).toEqual([
      'out {"type":"list","items":[{"type":"string","value":""}]}',
      'completed',
    ]);
  });
});

describeWith('python3', 'P01 a scope of its own', () => {
  test.each([
    ['a variable', 'own = 1; own + 1', 'out 2'],
    ['functions that call each other', 'def owned(): return own()\ndef own(): return 3\nowned()', 'out 3'],
    ['an import', 'import os as own; own.sep', 'out "/"'],
    ['an awaited value', 'import asyncio as owned; own = await owned.sleep(0, 4); own', 'out 4'],
  ])('P01 keeps %s to itself and gives the last value', async (_, script, expected) => {
    expect(await run(engine, script, { newScope: true })).toEqual([expected, 'completed']);
    expect(await run(engine, '"own" in globals() or "owned" in globals()')).toEqual([
      'out false',
      'completed',
    ]);
  });

  test('P01 sees what the session has', async () => {
    await run(engine, 'shared = [1]');
    await run(engine, 'shared.append(2); shared = None', { newScope: true });
    expect(await run(engine, 'shared == [1, 2]')).toEqual(['out true', 'completed']);
  });
});

describeWith('python3', 'P60 streams', () => {
  test('P60 what a command writes arrives typed and in the order of writing', async () => {
    const script = `
import sys, warnings, logging
print('one'); print('two', file=sys.stderr); warnings.warn('three'); print('four', end=''); print('five', file=sys.stderr)
sys.stdout.write('six'); sys.stdout.write('seven\\n'); sys.stdout.buffer.write('é\\n'.encode()); logging.warning('eight')
warnings.warn('nine', DeprecationWarning); print('ten', end='')
'eleven'`;
    expect(await run(engine, script)).toEqual([
      'line "one"',
      'err two',
      'warning three',
      'line "four"',
      'err five',
      'line "sixseven"',
      'line "é"',
      'err WARNING:root:eight',
      'warning DeprecationWarning: nine',
      'line "ten"',
      'out "eleven"',
      'completed',
    ]);
  });

  test('P60 the same warning comes again in the next command', async () => {
    const warn = 'import warnings; warnings.warn("again")';
    const expected = ['warning again', 'completed'];
    expect([await run(engine, warn), await run(engine, warn)]).toEqual([expected, expected]);
  });

  test('P60 warnings of 100 000 letters are warnings', async () => {
    expect(await run(engine, 'import warnings; warnings.warn("é" * 100_000)')).toEqual([
      `warning ${'é'.repeat(100_000)}`,
      'completed',
    ]);
  });

  test('P60 100 000 lines arrive, none twice, in their order', async () => {
    const lines = await run(engine, 'for n in range(100_000): print(n)');
    expect(lines).toHaveLength(100_001);
    expect(lines.every((line, n) => n === 100_000 || line === `line "${n}"`)).toBe(true);
  });

  test('P60 a line of 5 MB arrives whole', async () => {
    const [line] = await recordsOf(engine, 'print("é\\n".strip() * 2_500_000)');
    expect(
      line?.stream === 'output' && line.value.type === 'string' && line.value.value === 'é'.repeat(2_500_000),
    ).toBe(true);
  });

  test('P60 what native programs write comes before the final record', async () => {
    const shown = await run(
      engine,
      'import subprocess; subprocess.run("echo out; echo err >&2; printf half", shell=True); None',
    );
    expect(shown.at(-1)).toBe('completed');
    expect(shown.slice(0, -1).sort()).toEqual(['err err', 'line "half"', 'line "out"']);
  });

  test('P60 what goes past the streams arrives too', async () => {
    const shown = await run(
      engine,
      'import ctypes, os; os.write(1, b"by number\\n"); ctypes.CDLL(None).puts(b"by C"); open(1, "w", closefd=False).write("by file\\n"); None',
    );
    expect(shown).toEqual(['line "by number"', 'line "by file"', 'line "by C"', 'completed']);
  });

  test('P60 a thread writes for the command that started it, also after its end', async () => {
    await run(
      engine,
      'import threading\ngo = threading.Event()\ndef late():\n  go.wait()\n  print("late")\nthreading.Thread(target=late).start()',
    );
    expect(
      await run(
        engine,
        'thread = threading.Thread(target=print, args=("mine",)); thread.start(); thread.join()',
      ),
    ).toEqual(['line "mine"', 'completed']);
    notices.clear();
    expect(await run(engine, 'go.set()')).toEqual(['completed']);
    expect(await notices.take(1)).toEqual(['line "late"']);
  });

  test('P60 a pool of an earlier command writes for the one that uses it', async () => {
    await run(
      engine,
      'from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\npool.submit(print, "first").result()',
    );
    expect(await run(engine, 'pool.submit(print, "second").result()')).toEqual([
      'line "second"',
      'completed',
    ]);
  });

  test('P68 None is no record, and neither is a statement', async () => {
    expect(await run(engine, 'None')).toEqual(['completed']);
    expect(await run(engine, 'x = 5')).toEqual(['completed']);
    expect(await run(engine, 'for n in range(2): n')).toEqual(['completed']);
    expect(await run(engine, '1\n2\n3')).toEqual(['out 3', 'completed']);
    expect(await run(engine, '""')).toEqual(['out ""', 'completed']);
    expect(await run(engine, '[None]')).toEqual([
      'out {"type":"list","items":[{"type":"null"}]}',
      'completed',
    ]);
    expect(await run(engine, '# nothing')).toEqual(['completed']);
  });
});

describeWith('python3', 'P60 errors', () => {
  test('P60 what nobody catches is an error record with its type and the frames of user code, then Failed', async () => {
    const records = await recordsOf(engine, 'def outer(): inner()\ndef inner(): {}["key"]\n\nouter()');
    expect(records).toMatchObject([
      {
        stream: 'error',
        message: "'key'",
        exceptionType: 'KeyError',
        fullyQualifiedErrorId: 'KeyError',
        category: 'OperationStopped',
        value: {
          type: 'object',
          typeNames: ['KeyError', 'LookupError', 'Exception', 'BaseException', 'object'],
        },
      },
      { stream: 'final', state: 'failed', reason: { code: 'SCRIPT_FAILED', message: "'key'" } },
    ]);
    const [error] = records;
    expect(error?.stream === 'error' && error.scriptStackTrace).toMatch(
      /^File "<command-\d+>", line 4, in <module>\n {2}outer\(\)\n[\s\S]*File .*, line 1, in outer\n.*inner\(\)[\s\S]*File .*, line 2, in inner/,
    );
    expect(JSON.stringify(records)).not.toContain('engine.py');
  });

  test('P60 an error that was caused by another tells of both', async () => {
    const [error] = await recordsOf(
      engine,
      'try:\n  1/0\nexcept ZeroDivisionError as e:\n  raise ValueError("second") from e',
    );
    expect(error).toMatchObject({ message: 'second', exceptionType: 'ValueError' });
    expect(error?.stream === 'error' && error.scriptStackTrace).toMatch(
      /ZeroDivisionError: division by zero[\s\S]*direct cause[\s\S]*ValueError: second$/,
    );
  });

  test('P60 a script that can not be compiled says where', async () => {
    const [error] = await recordsOf(engine, 'a = 1\nb = = 2');
    expect(error).toMatchObject({
      exceptionType: 'SyntaxError',
      category: 'ParserError',
      message: 'invalid syntax',
    });
    expect(error?.stream === 'error' && error.scriptStackTrace).toMatch(/line 2\n.*b = = 2/);
  });

  test.each([
    ['an error without a text', 'raise ValueError', /^error ValueError$/],
    ['an interrupt of its own', 'raise KeyboardInterrupt', /^error KeyboardInterrupt$/],
    [
      'an error that can not be shown',
      'class Bad(Exception):\n  def __str__(self): raise OSError\nraise Bad',
      /^error Bad$/,
    ],
    ['a type of a module', 'import decimal; decimal.Decimal("x")', /^error \[<class 'decimal/],
    ['a zero in the script', 'a\0b', /^error /],
    ['endless recursion', 'def f(): f()\nf()', /^error maximum recursion depth/],
    ['no memory', 'x = [0] * (10 ** 18)', /^error /],
    ['an error of 1 MB', 'raise ValueError("x" * 1_000_000)', /^error x{1000000}$/],
  ])('%s fails its command, and the next one prints 1', async (_, script, expected) => {
    const shown = await run(engine, script);
    expect(shown).toHaveLength(2);
    expect(shown[0]).toMatch(expected);
    expect(shown[1]).toBe('failed SCRIPT_FAILED');
    expect(await run(engine, '1')).toEqual(['out 1', 'completed']);
  });

  test('P60 inspect and tracebacks find the source of earlier commands', async () => {
    await run(engine, 'def shown():\n  return "my source"');
    expect(await run(engine, 'import inspect; inspect.getsource(shown)')).toEqual([
      String.raw`out "def shown():\n  return \"my source\"\n"`,
      'completed',
    ]);
  });
});

describeWith('python3', 'arguments and input', () => {
  test('arguments come typed in args and named, and a variable of the session hides them', async () => {
    const given = [
      { value: int(1) },
      { value: text('b') },
      { name: 'c', value: { type: 'bool', value: true } as const },
    ];
    expect(await run(engine, 'args == [1, "b"] and named == {"c": True}', { arguments: given })).toEqual([
      'out true',
      'completed',
    ]);
    await run(engine, 'args = "mine"');
    expect(await run(engine, 'args', { arguments: given })).toEqual(['out "mine"', 'completed']);
    await run(engine, 'del args');
    expect(await run(engine, 'args')).toEqual(['out {"type":"list","items":[]}', 'completed']);
  });

  test('input is an iterator', async () => {
    expect(await run(engine, 'sum(pipeline_input)', { input: items(int(1), int(2), int(3)) })).toEqual([
      'out 6',
      'completed',
    ]);
  });

  test('input comes as it is wanted', async () => {
    let given = 0;
    async function* counted(): AsyncGenerator<Value> {
      for (;;) yield int((given += 1));
    }
    expect(await run(engine, 'next(pipeline_input)', { input: counted() })).toEqual(['out 1', 'completed']);
    expect(given).toBeLessThan(40);
  });

  test.each([
    ['input()', '[input(), input("prompt ")]'],
    ['sys.stdin', 'import sys; [line.strip() for line in sys.stdin]'],
    ['sys.stdin.read', 'sys.stdin.read().split()'],
    ['sys.stdin.buffer', '[line.strip().decode() for line in sys.stdin.buffer]'],
  ])('input is read as lines by %s', async (_, script) => {
    const shown = await run(engine, script, { input: items(text('a'), int(2)) });
    expect(shown.filter((one) => one.startsWith('out'))).toEqual([
      'out {"type":"list","items":[{"type":"string","value":"a"},{"type":"string","value":"2"}]}',
    ]);
  });

  test('without input there is none', async () => {
    expect(await run(engine, 'list(pipeline_input), sys.stdin.read()')).toEqual([
      'out {"type":"list","items":[{"type":"list","items":[]},{"type":"string","value":""}]}',
      'completed',
    ]);
    expect(await run(engine, 'input()')).toEqual(['error EOF when reading a line', 'failed SCRIPT_FAILED']);
  });

  test('input that breaks is told', async () => {
    async function* broken(): AsyncGenerator<Value> {
      yield int(1);
      throw new Error('no more');
    }
    expect(await run(engine, 'for item in pipeline_input: print(item)', { input: broken() })).toEqual([
      'line "1"',
      'error the input broke: no more',
      'failed SCRIPT_FAILED',
    ]);
  });

  test('what a command leaves of its input is nothing to the next', async () => {
    await run(engine, 'next(pipeline_input)', { input: items(int(1), int(2), int(3)) });
    expect(await run(engine, 'list(pipeline_input)', { input: items(int(7)) })).toEqual([
      'out {"type":"list","items":[{"type":"int32","value":7}]}',
      'completed',
    ]);
  });

  test('a thread reads input, and gives it up when its command is over', async () => {
    const script =
      'import threading\ngot = []\nthread = threading.Thread(target=lambda: got.extend(pipeline_input))\nthread.start()';
    expect(
      await run(engine, `${script}\nthread.join()\ngot == [1, 2]`, { input: items(int(1), int(2)) }),
    ).toEqual(['out true', 'completed']);
    async function* never(): AsyncGenerator<Value> {
      yield int(1);
      await new Promise(() => undefined);
    }
    await run(engine, script, { input: never() });
    expect(await run(engine, 'thread.join(); 1')).toEqual(['out 1', 'completed']);
  });

  test('an item of 10 MB arrives whole, and 10 000 small ones in their order', async () => {
    expect(await run(engine, 'len(next(pipeline_input))', { input: items(text('é'.repeat(5e6))) })).toEqual([
      'out 5000000',
      'completed',
    ]);
    const many = items(...Array.from({ length: 10_000 }, (_, n) => int(n)));
    expect(await run(engine, 'list(pipeline_input) == list(range(10_000))', { input: many })).toEqual([
      'out true',
      'completed',
    ]);
  });
});
